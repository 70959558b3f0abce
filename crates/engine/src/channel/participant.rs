//! A member of a channel: it publishes, and is given what the others publish.

use super::hub::{MemberId, Path, Place};
use super::publish::no_room;
use super::queue::Overrun;
use super::{Draft, Message, ToldWhole};
use crate::call::Call;
use crate::clock::Moment;
use crate::engine::Engine;
use crate::fault::{Fault, Kind, codes};
use crate::room;
use crate::stage::Entered;
use crate::watch::{Tally, Watch};
use contract::rule::Value as RuleValue;
use contract::{Binding, Channel, ChannelId};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;
use wire::Value;

/// Messages that are looked at in one go, of those that the rules keep from the member.
const UNHEARD_MAX: usize = 64;

/// A member of one channel, for as long as it is kept.
///
/// It is under a path of the channel from the beginning where the path has no places or the call gives them, otherwise
/// from its first message on.
#[derive(Debug)]
pub struct Participant {
    engine: Arc<Engine>,
    id: MemberId,
    channel: ChannelId,
    told: Arc<ToldWhole>,
    entered: Entered,
    joined: Option<Joined>,
    tally: Tally,
    watch: Watch<Arc<Engine>>,
}

/// Where a member is.
#[derive(Debug)]
struct Joined {
    path: Path,
    places: Vec<RuleValue>,
    place: Place,
    /// The rule about hearing looks at the messages.
    hears_some: bool,
}

impl Engine {
    /// Makes the caller a member of the channel that an operation publishes to.
    ///
    /// # Errors
    /// As [`Engine::call`] does of everything that is known before the first message; Unavailable when there is no room
    /// for another member.
    pub fn join(self: &Arc<Self>, call: Call) -> Result<Participant, Fault> {
        let moment = self.now();
        let mut watch = Watch::new(Arc::clone(self), &call, moment);
        match self.member(call, moment) {
            Ok((entered, channel)) => {
                watch.caller(Arc::clone(entered.caller(self, moment)?));
                let told = Arc::clone(&self.told[channel.index()]);
                let (engine, id) = (Arc::clone(self), self.hub.member());
                let mut participant = Participant {
                    engine,
                    id,
                    channel,
                    told,
                    entered,
                    joined: None,
                    tally: Tally::default(),
                    watch,
                };
                participant.join_at_once()?;
                Ok(participant)
            }
            Err(fault) => {
                watch.finish(Err(&fault));
                Err(fault)
            }
        }
    }

    fn member(&self, call: Call, moment: Moment) -> Result<(Entered, ChannelId), Fault> {
        let Binding::Channel(channel) = self.contract.operation(call.operation).binding else {
            return Err(Fault::internal("a stream both ways of an operation without a channel"));
        };
        let entered = self.enter_stream(call, moment)?;
        self.judge(entered.caller(self, moment)?, moment).operation(&entered.call)?;
        Ok((entered, channel))
    }
}

impl Participant {
    fn channel(&self) -> &Channel {
        &self.engine.contract.channels[self.channel.index()]
    }

    /// Joins where the path has no places.
    fn join_at_once(&mut self) -> Result<(), Fault> {
        if self.channel().places().next().is_none() {
            let path = self.channel().path.clone();
            let joined = self.join(path, Vec::new());
            return joined.map_err(|fault| self.failed(fault));
        }
        Ok(())
    }

    fn join(&mut self, path: String, places: Vec<RuleValue>) -> Result<(), Fault> {
        let channel = self.channel();
        let rule = channel.subscribe.as_ref();
        let hears_some = rule.is_some_and(|rule| rule.expr.depends_on_message());
        if !hears_some {
            let moment = self.engine.now();
            let caller = self.entered.caller(&self.engine, moment)?;
            self.engine.judge(caller, moment).channel(rule, &places, None)?;
        }
        let path = Path { channel: self.channel, path };
        let history = channel.history as usize;
        let joined = self.engine.hub.join(self.id, path.clone(), history, self.entered.owner());
        let place = joined.map_err(no_room)?;
        self.joined = Some(Joined { path, places, place, hears_some });
        Ok(())
    }

    /// Publishes one message to everybody else who is there.
    ///
    /// # Errors
    /// Invalid, Denied, Throttled, and Unauthenticated once the token has expired: the stream is over then.
    pub fn publish(&mut self, data: &Value) -> Result<(), Fault> {
        self.say(data).map_err(|fault| self.failed(fault))
    }

    fn say(&mut self, data: &Value) -> Result<(), Fault> {
        let moment = self.engine.now();
        let draft = self.engine.member_draft(self.channel, data, &self.entered, moment)?;
        self.go_to(&draft)?;
        let room = self.engine.hub.room(self.entered.owner(), Message::bytes_of(&draft.values));
        let room = room.map_err(room::no_room)?;
        let message = Arc::new(Message::new(Some(self.id), self.channel, draft.values, &self.told, room));
        if let Some(joined) = &self.joined {
            joined.place.topic.publish(&message);
            self.engine.hub.was_published();
        }
        Ok(())
    }

    /// A member is in one place: where its first message is to be read.
    fn go_to(&mut self, draft: &Draft) -> Result<(), Fault> {
        match &self.joined {
            None => self.join(draft.path.clone(), draft.places.clone()),
            Some(joined) if joined.path.path == draft.path => Ok(()),
            Some(_) => {
                let place = self.channel().places().next().unwrap_or_default().to_owned();
                Err(Fault::invalid_field(place, "PATH", "is not that of the first message of this stream"))
            }
        }
    }

    /// The next message of somebody else's. While there is none, the task is woken by the next that comes.
    ///
    /// # Errors
    /// TooLarge when the member has not kept up: it has missed messages, and the stream is over; Unauthenticated once
    /// the token has expired.
    pub fn poll_next(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<Arc<Message>, Fault>> {
        for _ in 0..UNHEARD_MAX {
            let Some(joined) = &mut self.joined else { return Poll::Pending };
            let Place { topic, queue, past } = &mut joined.place;
            let next = match topic.next_of(past) {
                Some(message) => Ok(message),
                None => ready!(queue.poll_take(cx)),
            };
            match next {
                Err(Overrun) => return Poll::Ready(Err(self.failed(too_slow()))),
                Ok(message) => match self.hears(&message) {
                    Ok(true) => {
                        self.tally.rows += 1;
                        self.engine.hub.was_delivered();
                        return Poll::Ready(Ok(message));
                    }
                    Ok(false) => {}
                    Err(fault) => return Poll::Ready(Err(self.failed(fault))),
                },
            }
        }
        // Others have their turn; there may be more.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether the member may be given a message: an event is a read by the one who gets it.
    fn hears(&self, message: &Message) -> Result<bool, Fault> {
        let moment = self.engine.now();
        let caller = self.entered.caller(&self.engine, moment)?;
        let Some(Joined { places, hears_some: true, .. }) = &self.joined else { return Ok(true) };
        let fields = message.for_rules(&self.engine.contract);
        let rule = self.channel().subscribe.as_ref();
        let judge = self.engine.judge(caller, moment);
        Ok(judge.channel(rule, places, Some(&fields)).is_ok())
    }

    /// How long the member's token is still valid; none for callers who have none.
    pub fn valid_for(&self) -> Option<Duration> {
        self.entered.valid_for(self.engine.now())
    }

    /// Whether the member may stay: to be asked when its token may have expired, also where nobody says anything.
    ///
    /// # Errors
    /// Unauthenticated once the token has expired: the stream is over then.
    pub fn stay(&mut self) -> Result<(), Fault> {
        let stays = self.entered.caller(&self.engine, self.engine.now()).map(drop);
        stays.map_err(|fault| self.failed(fault))
    }

    /// The stream is over, as it should be.
    pub fn end(mut self) {
        self.watch.finish(Ok(self.tally));
    }

    fn failed(&mut self, fault: Fault) -> Fault {
        self.watch.finish(Err(&fault));
        fault
    }
}

impl Drop for Participant {
    fn drop(&mut self) {
        if let Some(joined) = self.joined.take() {
            self.engine.hub.leave(self.id, &joined.path);
        }
    }
}

fn too_slow() -> Fault {
    let message = "messages came faster than they were taken, and some are lost to this member";
    Fault::new(Kind::TooLarge, codes::TOO_SLOW, message)
}
