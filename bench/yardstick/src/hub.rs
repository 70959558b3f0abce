//! Participants of the sync: what one of them sends reaches all others.

use crate::grpc::proto::SyncMessage;
use futures_util::StreamExt;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::broadcast;
use tokio_stream::Stream;
use tokio_stream::wrappers::BroadcastStream;
use tonic::{Status, Streaming};

/// Messages kept for participants that have yet to take them. Who falls further behind is sent away: a message that is
/// left out in silence would be worse.
const WAITING_MAX: usize = 4096;

/// Where all messages pass.
#[derive(Debug, Clone)]
pub struct Hub(broadcast::Sender<Sent>);

/// A message and the participant it came from.
#[derive(Debug, Clone)]
struct Sent {
    from: u64,
    message: SyncMessage,
}

impl Hub {
    /// A hub without participants.
    pub fn new() -> Self {
        Self(broadcast::Sender::new(WAITING_MAX))
    }

    /// Lets in a participant, who sends `messages` and receives those of others until there are no more to send.
    pub fn join(
        &self,
        messages: Streaming<SyncMessage>,
    ) -> impl Stream<Item = Result<SyncMessage, Status>> + Send + use<> {
        static PARTICIPANTS: AtomicU64 = AtomicU64::new(0);
        let me = PARTICIPANTS.fetch_add(1, Ordering::Relaxed);
        let received = BroadcastStream::new(self.0.subscribe()).filter_map(move |sent| {
            std::future::ready(match sent {
                Ok(sent) if sent.from == me => None,
                Ok(sent) => Some(Ok(sent.message)),
                Err(_) => Some(Err(Status::resource_exhausted("too many messages are waiting to be taken"))),
            })
        });
        received.take_until(tokio::spawn(self.clone().pass_on(me, messages)))
    }

    async fn pass_on(self, from: u64, mut messages: Streaming<SyncMessage>) {
        // One that breaks off has no more to send, like one that ends.
        while let Ok(Some(message)) = messages.message().await {
            // Nobody else being there is no error.
            let _ = self.0.send(Sent { from, message });
        }
    }
}
