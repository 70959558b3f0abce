//! What the edge costs over bare hyper without any bound (`bare`) and with its own timer for heads (`timer`):
//! `static edge|bare|timer PORT`, then `wrk -t1 -c64 -d5 http://127.0.0.1:PORT/`.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use http::{HeaderValue, header};
use hyper::server::conn::http1;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

const BODY: &[u8] = br#"{"id":"4242","name":"User Number 4242","email":"user4242@example.test"}"#;

struct Static;

fn json<B>(body: B) -> http::Response<B> {
    let mut response = http::Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl edge::Handler for Static {
    async fn handle(&self, _: edge::Request) -> edge::Response {
        json(edge::ResponseBody::from(BODY.to_vec()))
    }
}

/// The smallest body there is.
struct Once(Option<Bytes>);

impl http_body::Body for Once {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        std::task::Poll::Ready(self.0.take().map(|bytes| Ok(http_body::Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.0.as_ref().map_or(0, Bytes::len) as u64)
    }
}

async fn bare(listener: TcpListener, protocol: http1::Builder) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let service = hyper::service::service_fn(|_| async {
            Ok::<_, Infallible>(json(Once(Some(BODY.to_vec().into()))))
        });
        let io = hyper_util::rt::TokioIo::new(stream);
        tokio::spawn(protocol.serve_connection(io, service));
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mode, port) = (arguments.next().unwrap(), arguments.next().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await.unwrap();
        match mode.as_str() {
            "bare" => bare(listener, http1::Builder::new()).await,
            "timer" => {
                let mut protocol = http1::Builder::new();
                protocol
                    .timer(hyper_util::rt::TokioTimer::new())
                    .header_read_timeout(Duration::from_secs(10));
                bare(listener, protocol).await;
            }
            "edge" => {
                edge::serve(
                    vec![listener],
                    Arc::new(Static),
                    edge::Limits::default(),
                    edge::Compression::On,
                    Arc::new(quota::Pool::new(1 << 28)),
                    std::future::pending(),
                )
                .await;
            }
            other => panic!("edge, bare or timer, not {other}"),
        }
    });
}
