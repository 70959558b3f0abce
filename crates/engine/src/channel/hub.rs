//! Who is under which path.

use super::Message;
use super::queue::Queue;
use contract::ChannelId;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much of everything the hub holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Paths with somebody under them, or with a history, at the most.
    pub paths_max: usize,
    /// Members at the most, of all paths.
    pub members_max: usize,
    /// Messages that wait for one member at the most.
    pub waiting_messages_max: usize,
    /// Their bytes at the most.
    pub waiting_bytes_max: usize,
}

/// A channel's path with its places filled in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Path {
    pub channel: ChannelId,
    pub path: String,
}

/// All paths.
#[derive(Debug)]
pub(crate) struct Hub {
    topics: Mutex<HashMap<Path, Arc<Topic>>>,
    bounds: Bounds,
    next_member: AtomicU64,
    members: AtomicUsize,
    published: AtomicU64,
    delivered: AtomicU64,
}

/// What is in the hub now, and what went through it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub members: u64,
    pub paths: u64,
    pub published: u64,
    pub delivered: u64,
}

/// Who is under one path, and what was said there lately.
#[derive(Debug)]
pub(super) struct Topic {
    inner: Mutex<Inner>,
    history_max: usize,
}

#[derive(Debug, Default)]
struct Inner {
    members: Vec<(MemberId, Arc<Queue>)>,
    history: VecDeque<Arc<Message>>,
}

/// A member of a path, told from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemberId(u64);

/// There is no room for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

impl Hub {
    pub fn new(bounds: Bounds) -> Self {
        Self {
            topics: Mutex::default(),
            bounds,
            next_member: AtomicU64::new(0),
            members: AtomicUsize::new(0),
            published: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
        }
    }

    /// A new member, under no path yet.
    pub fn member(&self) -> MemberId {
        MemberId(self.next_member.fetch_add(1, Ordering::Relaxed))
    }

    /// Puts a member under a path: it gets what was said lately, and everything that is said from now on.
    pub(super) fn join(
        &self,
        id: MemberId,
        path: Path,
        history_max: usize,
    ) -> Result<(Arc<Topic>, Arc<Queue>), Full> {
        if self.members.fetch_add(1, Ordering::Relaxed) >= self.bounds.members_max {
            self.members.fetch_sub(1, Ordering::Relaxed);
            return Err(Full);
        }
        let Bounds { waiting_messages_max, waiting_bytes_max, .. } = self.bounds;
        let queue = Arc::new(Queue::new(waiting_messages_max, waiting_bytes_max));
        let mut topics = self.topics();
        let topic = self.topic(&mut topics, path, history_max);
        let Ok(topic) = topic else {
            self.members.fetch_sub(1, Ordering::Relaxed);
            return Err(Full);
        };
        topic.join(id, &queue);
        Ok((topic, queue))
    }

    fn topic(
        &self,
        topics: &mut HashMap<Path, Arc<Topic>>,
        path: Path,
        history_max: usize,
    ) -> Result<Arc<Topic>, Full> {
        if topics.len() >= self.bounds.paths_max && !topics.contains_key(&path) {
            // What was said where nobody is any more is the first to be forgotten.
            topics.retain(|_, topic| topic.has_members());
            if topics.len() >= self.bounds.paths_max {
                return Err(Full);
            }
        }
        let topic = topics.entry(path).or_insert_with(|| Arc::new(Topic::new(history_max)));
        Ok(Arc::clone(topic))
    }

    /// Takes a member away; a path with nobody under it and nothing to remember is forgotten.
    pub(super) fn leave(&self, id: MemberId, path: &Path) {
        let mut topics = self.topics();
        let Entry::Occupied(topic) = topics.entry(path.clone()) else { return };
        if topic.get().leave(id) {
            self.members.fetch_sub(1, Ordering::Relaxed);
        }
        if topic.get().is_forgettable() {
            topic.remove();
        }
    }

    /// Gives a message to everybody under a path but the one that it is from.
    pub(super) fn publish(&self, path: Path, history_max: usize, message: &Arc<Message>) -> Result<(), Full> {
        let mut topics = self.topics();
        let topic = match (topics.get(&path), history_max) {
            (Some(topic), _) => Arc::clone(topic),
            // Nobody is there to hear it, and nothing is kept.
            (None, 0) => return Ok(()),
            (None, _) => self.topic(&mut topics, path, history_max)?,
        };
        drop(topics);
        topic.publish(message);
        Ok(())
    }

    /// A message was published.
    pub(super) fn was_published(&self) {
        self.published.fetch_add(1, Ordering::Relaxed);
    }

    /// A member was given a message.
    pub(super) fn was_delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    /// What is here now, and what was done so far.
    pub fn counts(&self) -> Counts {
        let paths = self.topics().len() as u64;
        Counts {
            members: self.members.load(Ordering::Relaxed) as u64,
            paths,
            published: self.published.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
        }
    }

    fn topics(&self) -> MutexGuard<'_, HashMap<Path, Arc<Topic>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Topic {
    fn new(history_max: usize) -> Self {
        Self { inner: Mutex::default(), history_max }
    }

    fn join(&self, id: MemberId, queue: &Arc<Queue>) {
        let mut inner = self.inner();
        inner.history.iter().for_each(|message| queue.push(message));
        inner.members.push((id, Arc::clone(queue)));
    }

    /// Whether the member was there.
    fn leave(&self, id: MemberId) -> bool {
        let mut inner = self.inner();
        let at = inner.members.iter().position(|(member, _)| *member == id);
        at.map(|at| inner.members.swap_remove(at)).is_some()
    }

    /// Gives a message to all members but the one that it is from, in one order for all of them.
    pub fn publish(&self, message: &Arc<Message>) {
        let mut inner = self.inner();
        if self.history_max > 0 {
            if inner.history.len() >= self.history_max {
                inner.history.pop_front();
            }
            inner.history.push_back(Arc::clone(message));
        }
        for (member, queue) in &inner.members {
            if Some(*member) != message.from() {
                queue.push(message);
            }
        }
    }

    fn has_members(&self) -> bool {
        !self.inner().members.is_empty()
    }

    fn is_forgettable(&self) -> bool {
        let inner = self.inner();
        inner.members.is_empty() && inner.history.is_empty()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::queue::Overrun;
    use super::super::{Told, ToldWhole};
    use super::*;
    use std::task::{Context, Poll, Waker};
    use wire::{Shape, Value};

    const BOUNDS: Bounds =
        Bounds { paths_max: 2, members_max: 3, waiting_messages_max: 2, waiting_bytes_max: 100_000 };

    fn path(path: &str) -> Path {
        Path { channel: ChannelId(0), path: path.to_owned() }
    }

    fn message(from: Option<MemberId>, number: i64) -> Arc<Message> {
        let shape = Shape { type_name: "Note".into(), fields: Vec::new() };
        let told = Arc::new(ToldWhole::of(Told::whole(shape.clone(), false), Told::whole(shape, true)));
        Arc::new(Message::new(from, ChannelId(0), vec![Value::Int(number)], &told))
    }

    /// What waits for a member, to the end or to its being let go.
    fn heard(queue: &Queue) -> (Vec<i64>, Poll<()>) {
        let mut numbers = Vec::new();
        loop {
            match queue.poll_take(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Ok(message)) => numbers.push(message.first_number()),
                Poll::Ready(Err(Overrun)) => return (numbers, Poll::Ready(())),
                Poll::Pending => return (numbers, Poll::Pending),
            }
        }
    }

    #[test]
    fn everybody_else_under_the_path_hears_in_order() {
        let hub = Hub::new(BOUNDS);
        let ids = [hub.member(), hub.member(), hub.member()];
        let [(topic, a), (_, b), (_, elsewhere)] =
            [(ids[0], "x"), (ids[1], "x"), (ids[2], "y")].map(|(id, at)| hub.join(id, path(at), 0).unwrap());
        topic.publish(&message(Some(ids[0]), 1));
        topic.publish(&message(Some(ids[1]), 2));
        assert_eq!(heard(&a), (vec![2], Poll::Pending));
        assert_eq!(heard(&b), (vec![1], Poll::Pending));
        assert_eq!(heard(&elsewhere), (vec![], Poll::Pending));
        hub.publish(path("x"), 0, &message(None, 3)).unwrap();
        assert_eq!((heard(&a), heard(&b)), ((vec![3], Poll::Pending), (vec![3], Poll::Pending)));
    }

    #[test]
    fn who_does_not_keep_up_is_let_go_and_holds_up_nobody() {
        let hub = Hub::new(BOUNDS);
        let (slow, quick) = (hub.member(), hub.member());
        let (topic, slow) = hub.join(slow, path("x"), 0).unwrap();
        let (_, quick) = hub.join(quick, path("x"), 0).unwrap();
        for number in 0..10 {
            topic.publish(&message(None, number));
            assert_eq!(heard(&quick), (vec![number], Poll::Pending));
        }
        // Not a part of the messages, as if they were all.
        assert_eq!(heard(&slow), (vec![], Poll::Ready(())));
    }

    #[test]
    fn places_are_bounded_and_given_back() {
        let hub = Hub::new(BOUNDS);
        let ids: Vec<MemberId> = (0..5).map(|_| hub.member()).collect();
        hub.join(ids[0], path("x"), 0).unwrap();
        hub.join(ids[1], path("y"), 0).unwrap();
        assert!(hub.join(ids[2], path("z"), 0).is_err(), "there are two paths at the most");
        hub.join(ids[2], path("y"), 0).unwrap();
        assert!(hub.join(ids[3], path("x"), 0).is_err(), "there are three members at the most");
        hub.leave(ids[0], &path("x"));
        hub.leave(ids[0], &path("x"));
        hub.join(ids[3], path("z"), 0).unwrap();
        assert!(hub.join(ids[4], path("z"), 0).is_err());
    }

    #[test]
    fn what_was_said_lately_is_told_to_who_comes() {
        let hub = Hub::new(BOUNDS);
        for number in 0..5 {
            hub.publish(path("x"), 2, &message(None, number)).unwrap();
        }
        let (_, queue) = hub.join(hub.member(), path("x"), 2).unwrap();
        assert_eq!(heard(&queue), (vec![3, 4], Poll::Pending));
        // A path that is only remembered gives way to one that is used.
        hub.publish(path("y"), 2, &message(None, 9)).unwrap();
        hub.publish(path("z"), 2, &message(None, 9)).unwrap();
        let (_, queue) = hub.join(hub.member(), path("y"), 2).unwrap();
        assert_eq!(heard(&queue), (vec![], Poll::Pending));
    }
}
