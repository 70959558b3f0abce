//! One call: what is sent, what is answered, and how it ends (the gRPC protocol over HTTP/2, PROTOCOL-HTTP2).

use crate::Failure;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use h2::client::ResponseFuture;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, StatusCode};
use prost::Message;

/// Bytes before each message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

/// A call that has begun.
pub struct Call {
    /// What the caller sends.
    pub requests: Requests,
    /// What the server answers.
    pub answers: Answers,
}

/// The sending half. Messages are left to the connection, which sends them when the server's windows have room:
/// callers bound what is under way by themselves.
pub struct Requests(SendStream<Bytes>);

/// The receiving half.
pub struct Answers {
    state: State,
    buffer: BytesMut,
}

enum State {
    Waiting(ResponseFuture),
    Reading { body: RecvStream, head: HeaderMap },
}

/// How a call ended: its status in numbers, and the message beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// 0 for success.
    pub code: u32,
    /// What is said about it.
    pub message: String,
}

/// A message with its prefix.
pub fn framed(message: &impl Message, out: &mut BytesMut) {
    let bytes = message.encoded_len();
    out.reserve(PREFIX_BYTES + bytes);
    out.put_u8(0);
    out.put_u32(u32::try_from(bytes).expect("messages of the benchmark are small"));
    message.encode(out).expect("there is room");
}

impl Call {
    pub(crate) fn new(sender: SendStream<Bytes>, response: ResponseFuture) -> Self {
        let answers = Answers { state: State::Waiting(response), buffer: BytesMut::new() };
        Self { requests: Requests(sender), answers }
    }

    /// Sends the one message of a call.
    pub fn send_only(&mut self, message: &impl Message) -> Result<(), Failure> {
        let mut out = BytesMut::new();
        framed(message, &mut out);
        self.requests.send_last(out.freeze())
    }

    /// The only message of an answer, after a success.
    pub async fn only<M: Message + Default>(mut self) -> Result<M, Failure> {
        let Some(message) = self.answers.next().await? else {
            return Err(format!("no answer: {:?}", self.answers.end().await?).into());
        };
        if self.answers.next::<M>().await?.is_some() {
            return Err("a second answer".into());
        }
        self.answers.succeeded().await?;
        Ok(message)
    }
}

impl Requests {
    /// Sends messages that are framed already.
    pub fn send(&mut self, messages: Bytes) -> Result<(), Failure> {
        Ok(self.0.send_data(messages, false)?)
    }

    /// Sends messages after which there are no more.
    pub fn send_last(&mut self, messages: Bytes) -> Result<(), Failure> {
        Ok(self.0.send_data(messages, true)?)
    }
}

impl Answers {
    /// The next message; `None` after the last one.
    pub async fn next<M: Message + Default>(&mut self) -> Result<Option<M>, Failure> {
        loop {
            if let Some(bytes) = self.whole()? {
                let message = M::decode(&self.buffer[PREFIX_BYTES..PREFIX_BYTES + bytes])?;
                self.buffer.advance(PREFIX_BYTES + bytes);
                return Ok(Some(message));
            }
            let Some(chunk) = self.chunk().await? else {
                return if self.buffer.is_empty() { Ok(None) } else { Err("an answer breaks off".into()) };
            };
            self.buffer.extend_from_slice(&chunk);
        }
    }

    /// How the call ended; to be asked after the last message.
    pub async fn end(&mut self) -> Result<Ending, Failure> {
        let (body, head) = self.body().await?;
        let trailers = body.trailers().await?;
        // A call that fails at once has its status in the only headers there are.
        let fields = trailers.as_ref().unwrap_or(head);
        let text = |name| fields.get(name).map_or(Ok(""), |value| value.to_str());
        let code = text("grpc-status")?.parse().map_err(|_| "an answer without its status")?;
        Ok(Ending { code, message: text("grpc-message")?.to_owned() })
    }

    /// That it ended well.
    pub async fn succeeded(&mut self) -> Result<(), Failure> {
        let ending = self.end().await?;
        if ending.code == 0 { Ok(()) } else { Err(format!("{ending:?}").into()) }
    }

    /// Bytes of the message that is in the buffer as a whole.
    fn whole(&self) -> Result<Option<usize>, Failure> {
        let Some(mut prefix) = self.buffer.get(..PREFIX_BYTES) else { return Ok(None) };
        if prefix.get_u8() != 0 {
            return Err("a compressed answer, which was not asked for".into());
        }
        let bytes = prefix.get_u32() as usize;
        Ok((self.buffer.len() >= PREFIX_BYTES + bytes).then_some(bytes))
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        let (body, _) = self.body().await?;
        let Some(chunk) = body.data().await else { return Ok(None) };
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        Ok(Some(chunk))
    }

    async fn body(&mut self) -> Result<(&mut RecvStream, &HeaderMap), Failure> {
        if let State::Waiting(response) = &mut self.state {
            let (head, body) = response.await?.into_parts();
            if head.status != StatusCode::OK {
                return Err(format!("HTTP status {}", head.status).into());
            }
            self.state = State::Reading { body, head: head.headers };
        }
        match &mut self.state {
            State::Reading { body, head } => Ok((body, head)),
            State::Waiting(_) => unreachable!("it has been read"),
        }
    }
}
