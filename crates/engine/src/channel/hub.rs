//! Who is under which path, and what was said there lately.
//!
//! Everything here is held by those who published it, within one bound in bytes and a share for each: who has used up
//! its share loses the oldest of its own, never somebody else's.

use super::Message;
use super::queue::Queue;
use contract::ChannelId;
use quota::{Exceeded, Holder, Owner, Pool, Reservation};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Of what an owner has, the part that is forgotten when there is no room for more of it: to look for the oldest takes a
/// look at all.
const FORGOTTEN_PART: usize = 4;

/// How much of everything the hub holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Paths with somebody under them, or with a history, at the most. One owner has as many as are free for others.
    pub paths_max: usize,
    /// Members at the most, of all paths.
    pub members_max: usize,
    /// Messages that wait for one member at the most.
    pub waiting_messages_max: usize,
    /// Their bytes at the most.
    pub waiting_bytes_max: usize,
    /// Bytes of all messages that are remembered or wait. One owner has as many as are free for others.
    pub held_bytes_max: usize,
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
    /// Bytes of messages.
    held: Pool,
    /// Paths.
    paths: Pool,
    /// The order of all that is remembered.
    clock: Arc<AtomicU64>,
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
    pub held_bytes: u64,
}

/// Who is under one path, and what was said there lately.
#[derive(Debug)]
pub(super) struct Topic {
    inner: Mutex<Inner>,
    history_max: usize,
    clock: Arc<AtomicU64>,
    /// The path's place among all, held by who came or spoke there first.
    place: Reservation,
}

#[derive(Debug, Default)]
struct Inner {
    members: Vec<(MemberId, Arc<Queue>)>,
    /// By their place in the order.
    history: VecDeque<(u64, Arc<Message>)>,
}

/// A member of a path, told from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemberId(u64);

/// There is no room for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// The part of a history that a member is still to be given. What is forgotten meanwhile is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Past {
    next: u64,
    /// What came from here on waits in the member's queue.
    end: u64,
}

/// What a member has joined.
#[derive(Debug)]
pub(super) struct Place {
    pub topic: Arc<Topic>,
    pub queue: Arc<Queue>,
    pub past: Past,
}

impl Hub {
    pub fn new(bounds: Bounds) -> Self {
        Self {
            topics: Mutex::default(),
            bounds,
            held: Pool::new(bounds.held_bytes_max),
            paths: Pool::new(bounds.paths_max),
            clock: Arc::default(),
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
        owner: Owner<'_>,
    ) -> Result<Place, Full> {
        if self.members.fetch_add(1, Ordering::Relaxed) >= self.bounds.members_max {
            self.members.fetch_sub(1, Ordering::Relaxed);
            return Err(Full);
        }
        let Bounds { waiting_messages_max, waiting_bytes_max, .. } = self.bounds;
        let queue = Arc::new(Queue::new(waiting_messages_max, waiting_bytes_max));
        let mut topics = self.topics();
        let topic = self.topic(&mut topics, path, history_max, owner);
        let Ok(topic) = topic else {
            self.members.fetch_sub(1, Ordering::Relaxed);
            return Err(Full);
        };
        let past = topic.join(id, &queue);
        Ok(Place { topic, queue, past })
    }

    fn topic(
        &self,
        topics: &mut HashMap<Path, Arc<Topic>>,
        path: Path,
        history_max: usize,
        owner: Owner<'_>,
    ) -> Result<Arc<Topic>, Full> {
        if let Some(topic) = topics.get(&path) {
            return Ok(Arc::clone(topic));
        }
        let holder = self.paths.holder(owner);
        let place = holder.take(1).or_else(|_| {
            forget_paths(topics, &holder);
            holder.take(1).map_err(|_| Full)
        })?;
        let clock = Arc::clone(&self.clock);
        let topic = Arc::new(Topic { inner: Mutex::default(), history_max, clock, place });
        topics.insert(path, Arc::clone(&topic));
        Ok(topic)
    }

    /// Room for a message of so many bytes. The owner's oldest messages are forgotten for it where that is needed.
    ///
    /// # Errors
    /// What the owner holds waits for members, or all owners hold too much.
    pub(super) fn room(&self, owner: Owner<'_>, bytes: usize) -> Result<Reservation, Exceeded> {
        let holder = self.held.holder(owner);
        loop {
            match holder.take(bytes) {
                Err(_) if self.forget_messages(&holder) => {}
                taken => return taken,
            }
        }
    }

    /// Forgets the oldest messages of an owner's; whether there were any.
    fn forget_messages(&self, holder: &Holder) -> bool {
        let mut topics = self.topics();
        let mut known: Vec<(u64, Path)> = Vec::new();
        for (path, topic) in topics.iter() {
            known.extend(topic.numbers_of(holder).into_iter().map(|number| (number, path.clone())));
        }
        known.sort_unstable_by_key(|(number, _)| *number);
        known.truncate(known.len().div_ceil(FORGOTTEN_PART));
        for (number, path) in &known {
            let Some(topic) = topics.get(path) else { continue };
            topic.forget(*number);
            if topic.is_forgettable() {
                topics.remove(path);
            }
        }
        !known.is_empty()
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
    pub(super) fn publish(
        &self,
        path: Path,
        history_max: usize,
        owner: Owner<'_>,
        message: &Arc<Message>,
    ) -> Result<(), Full> {
        let mut topics = self.topics();
        let topic = match (topics.get(&path), history_max) {
            (Some(topic), _) => Arc::clone(topic),
            // Nobody is there to hear it, and nothing is kept.
            (None, 0) => return Ok(()),
            (None, _) => self.topic(&mut topics, path, history_max, owner)?,
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
            held_bytes: self.held.used() as u64,
        }
    }

    fn topics(&self) -> MutexGuard<'_, HashMap<Path, Arc<Topic>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets what was said longest ago where nobody is any more, of the paths of one owner.
fn forget_paths(topics: &mut HashMap<Path, Arc<Topic>>, holder: &Holder) {
    let own = topics.iter().filter(|(_, topic)| topic.place.holder().is(holder) && !topic.has_members());
    let mut known: Vec<(u64, Path)> = own.map(|(path, topic)| (topic.newest(), path.clone())).collect();
    known.sort_unstable_by_key(|(number, _)| *number);
    let count = known.len().div_ceil(FORGOTTEN_PART);
    for (_, path) in known.into_iter().take(count) {
        topics.remove(&path);
    }
}

impl Topic {
    fn join(&self, id: MemberId, queue: &Arc<Queue>) -> Past {
        let mut inner = self.inner();
        inner.members.push((id, Arc::clone(queue)));
        Past { next: 0, end: self.clock.load(Ordering::Relaxed) }
    }

    /// Whether the member was there.
    fn leave(&self, id: MemberId) -> bool {
        let mut inner = self.inner();
        let at = inner.members.iter().position(|(member, _)| *member == id);
        at.map(|at| inner.members.swap_remove(at)).is_some()
    }

    /// The next message of what was said before a member came.
    pub fn next_of(&self, past: &mut Past) -> Option<Arc<Message>> {
        if past.next >= past.end {
            return None;
        }
        let inner = self.inner();
        let at = inner.history.partition_point(|(number, _)| *number < past.next);
        match inner.history.get(at).filter(|(number, _)| *number < past.end) {
            Some((number, message)) => {
                past.next = number + 1;
                Some(Arc::clone(message))
            }
            None => {
                past.next = past.end;
                None
            }
        }
    }

    /// Gives a message to all members but the one that it is from, in one order for all of them.
    pub fn publish(&self, message: &Arc<Message>) {
        let mut inner = self.inner();
        // Taken while nobody else can: numbers grow within a history.
        let number = self.clock.fetch_add(1, Ordering::Relaxed);
        if self.history_max > 0 {
            if inner.history.len() >= self.history_max {
                inner.history.pop_front();
            }
            inner.history.push_back((number, Arc::clone(message)));
        }
        for (member, queue) in &inner.members {
            if Some(*member) != message.from() {
                queue.push(message);
            }
        }
    }

    /// Which of the messages that are remembered are an owner's.
    fn numbers_of(&self, holder: &Holder) -> Vec<u64> {
        let inner = self.inner();
        let own = inner.history.iter().filter(|(_, message)| message.holder().is(holder));
        own.map(|(number, _)| *number).collect()
    }

    fn forget(&self, number: u64) {
        let mut inner = self.inner();
        if let Ok(at) = inner.history.binary_search_by_key(&number, |(known, _)| *known) {
            inner.history.remove(at);
        }
    }

    /// The number of what was said last.
    fn newest(&self) -> u64 {
        self.inner().history.back().map_or(0, |(number, _)| *number)
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

    const BOUNDS: Bounds = Bounds {
        paths_max: 6,
        members_max: 3,
        waiting_messages_max: 2,
        waiting_bytes_max: 100_000,
        held_bytes_max: 1 << 20,
    };
    const ANN: Owner<'_> = Owner::Caller("ann");
    const BEN: Owner<'_> = Owner::Caller("ben");

    fn path(path: &str) -> Path {
        Path { channel: ChannelId(0), path: path.to_owned() }
    }

    fn message_of(hub: &Hub, owner: Owner<'_>, bytes: usize, number: i64) -> Arc<Message> {
        let shape = Shape { type_name: "Note".into(), fields: Vec::new() };
        let told = Arc::new(ToldWhole::of(Told::whole(shape.clone(), false), Told::whole(shape, true)));
        let room = hub.room(owner, bytes).unwrap();
        Arc::new(Message::new(None, ChannelId(0), vec![Value::Int(number)], &told, room))
    }

    fn message(from: Option<MemberId>, number: i64) -> Arc<Message> {
        let shape = Shape { type_name: "Note".into(), fields: Vec::new() };
        let told = Arc::new(ToldWhole::of(Told::whole(shape.clone(), false), Told::whole(shape, true)));
        let room = Pool::new(1 << 20).holder(ANN).take(100).unwrap();
        Arc::new(Message::new(from, ChannelId(0), vec![Value::Int(number)], &told, room))
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

    /// What a member is given of what was said before it came.
    fn past(place: &mut Place) -> Vec<i64> {
        std::iter::from_fn(|| place.topic.next_of(&mut place.past)).map(|m| m.first_number()).collect()
    }

    #[test]
    fn everybody_else_under_the_path_hears_in_order() {
        let hub = Hub::new(BOUNDS);
        let ids = [hub.member(), hub.member(), hub.member()];
        let [a, b, elsewhere] = [(ids[0], "x"), (ids[1], "x"), (ids[2], "y")]
            .map(|(id, at)| hub.join(id, path(at), 0, ANN).unwrap());
        let topic = a.topic;
        let [a, b, elsewhere] = [a.queue, b.queue, elsewhere.queue];
        topic.publish(&message(Some(ids[0]), 1));
        topic.publish(&message(Some(ids[1]), 2));
        assert_eq!(heard(&a), (vec![2], Poll::Pending));
        assert_eq!(heard(&b), (vec![1], Poll::Pending));
        assert_eq!(heard(&elsewhere), (vec![], Poll::Pending));
        hub.publish(path("x"), 0, ANN, &message(None, 3)).unwrap();
        assert_eq!((heard(&a), heard(&b)), ((vec![3], Poll::Pending), (vec![3], Poll::Pending)));
    }

    #[test]
    fn who_does_not_keep_up_is_let_go_and_holds_up_nobody() {
        let hub = Hub::new(BOUNDS);
        let (slow, quick) = (hub.member(), hub.member());
        let Place { topic, queue: slow, .. } = hub.join(slow, path("x"), 0, ANN).unwrap();
        let Place { queue: quick, .. } = hub.join(quick, path("x"), 0, ANN).unwrap();
        for number in 0..10 {
            topic.publish(&message(None, number));
            assert_eq!(heard(&quick), (vec![number], Poll::Pending));
        }
        // Not a part of the messages, as if they were all.
        assert_eq!(heard(&slow), (vec![], Poll::Ready(())));
    }

    #[test]
    fn places_are_bounded_and_given_back() {
        let hub = Hub::new(Bounds { paths_max: 4, ..BOUNDS });
        let ids: Vec<MemberId> = (0..5).map(|_| hub.member()).collect();
        let join = |id: MemberId, at: &str| hub.join(id, path(at), 0, ANN);
        join(ids[0], "x").unwrap();
        join(ids[1], "y").unwrap();
        assert!(join(ids[2], "z").is_err(), "one has half of the paths at the most");
        join(ids[2], "y").unwrap();
        assert!(join(ids[3], "x").is_err(), "there are three members at the most");
        hub.leave(ids[0], &path("x"));
        hub.leave(ids[0], &path("x"));
        join(ids[3], "z").unwrap();
        assert!(join(ids[4], "z").is_err());
    }

    #[test]
    fn what_was_said_lately_is_told_to_who_comes() {
        let hub = Hub::new(BOUNDS);
        for number in 0..5 {
            hub.publish(path("x"), 3, ANN, &message(None, number)).unwrap();
        }
        let mut place = hub.join(hub.member(), path("x"), 3, ANN).unwrap();
        hub.publish(path("x"), 3, ANN, &message(None, 5)).unwrap();
        // What is said meanwhile is not told twice, and what is forgotten meanwhile not at all.
        assert_eq!(past(&mut place), [3, 4]);
        assert_eq!(heard(&place.queue), (vec![5], Poll::Pending));
    }

    /// More than waits for a member at the most.
    #[test]
    fn a_history_of_any_length_closes_nobody() {
        let hub = Hub::new(BOUNDS);
        for number in 0..100 {
            hub.publish(path("x"), 50, ANN, &message(None, number)).unwrap();
        }
        let mut place = hub.join(hub.member(), path("x"), 50, BEN).unwrap();
        assert_eq!(past(&mut place), (50..100).collect::<Vec<i64>>());
        assert_eq!(heard(&place.queue), (vec![], Poll::Pending));
    }

    /// What one owner publishes, however much, takes nothing from another.
    #[test]
    fn nobody_forgets_for_somebody_else() {
        let hub = Hub::new(BOUNDS);
        hub.publish(path("ann"), 10, ANN, &message_of(&hub, ANN, 1000, 7)).unwrap();
        for number in 0..10_000 {
            let own = message_of(&hub, BEN, 1000, number);
            assert!(hub.publish(path(&format!("ben {}", number % 100)), 1000, BEN, &own).is_ok());
            assert!(hub.held.used() <= BOUNDS.held_bytes_max && hub.counts().paths <= 6);
        }
        let mut place = hub.join(hub.member(), path("ann"), 10, ANN).unwrap();
        assert_eq!(past(&mut place), [7]);
        let mut place = hub.join(hub.member(), path("ben 99"), 1000, ANN).unwrap();
        assert_eq!(past(&mut place).last(), Some(&9999), "the newest of one's own stays");
    }

    #[test]
    fn who_waits_holds_up_the_publisher_and_nobody_else() {
        let hub =
            Hub::new(Bounds { waiting_messages_max: usize::MAX, waiting_bytes_max: usize::MAX, ..BOUNDS });
        let slow = hub.join(hub.member(), path("x"), 0, ANN).unwrap();
        let mut said = 0;
        while let Ok(room) = hub.room(BEN, 10_000) {
            let shape = Shape { type_name: "Note".into(), fields: Vec::new() };
            let told = Arc::new(ToldWhole::of(Told::whole(shape.clone(), false), Told::whole(shape, true)));
            let own = Arc::new(Message::new(None, ChannelId(0), vec![Value::Int(said)], &told, room));
            hub.publish(path("x"), 0, BEN, &own).unwrap();
            said += 1;
        }
        assert!((40..60).contains(&said), "{said}: half of the bytes");
        assert!(hub.room(ANN, 100_000).is_ok());
        assert_eq!(heard(&slow.queue).0.len(), said as usize);
        assert!(hub.room(BEN, 100_000).is_ok(), "what was taken is given back");
    }
}
