//! A bounded queue that serves lanes by the time they have used, not in the order in which they come.
//!
//! It is start-time fair queueing (Goyal, Vin, Cheng: "Start-time Fair Queuing", 1996) with costs that are known only
//! afterwards, as in a scheduler of processes: the lane that has used the least is served next, and pays an estimate at
//! once and the rest when its work is done. A lane that was idle begins where the others are: it cannot save up turns.
//! Nor can it be held to account for ever: what it owes is bounded, and fades while it asks for nothing.

use crate::lane::Lane;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

/// What a lane may owe at the most: others are served before it for so long, if they have as much to do.
const DEBT_MAX: Duration = Duration::from_secs(10);
/// Lanes without work whose debts are remembered at the most.
const DEBTORS_MAX: usize = 4096;

/// The queue. Time is an argument.
#[derive(Debug)]
pub struct FairQueue<T> {
    lanes: HashMap<Lane, Account<T>>,
    /// Lanes that may be served next, the one that has used the least first, and among equals the one that has waited
    /// the longest for its turn.
    turns: BTreeSet<(Duration, u64, Lane)>,
    /// What those who are served have used at the least.
    floor: Duration,
    /// The number of turns so far.
    turn: u64,
    waiting: usize,
    limits: QueueLimits,
}

/// How much a queue takes.
#[derive(Debug, Clone, Copy)]
pub struct QueueLimits {
    /// Items that wait, of all lanes together.
    pub waiting_max: usize,
    /// Items of one lane that are served at the same time.
    pub served_max: usize,
}

/// A lane with work, or with debts.
#[derive(Debug)]
struct Account<T> {
    items: VecDeque<T>,
    used: Duration,
    /// Its place among those that have used as much.
    turn: u64,
    served: usize,
    /// When it last had work.
    seen: Instant,
}

/// An item that is to be served, to be settled with [`FairQueue::settle`].
#[derive(Debug)]
#[must_use]
pub struct Taken<T> {
    /// What.
    pub item: T,
    /// Whose.
    pub bill: Bill,
}

/// What a lane has paid before its item was served.
#[derive(Debug, Clone, Copy)]
pub struct Bill {
    /// Who paid.
    pub lane: Lane,
    estimate: Duration,
}

/// What became of an item that was put into a queue.
#[derive(Debug, PartialEq, Eq)]
pub enum Put<T> {
    /// It waits.
    Waits,
    /// It waits in the place of this one, the last of the lane with the most that wait.
    InsteadOf(T),
    /// There is no room, and no lane has more that waits than its own.
    Refused(T),
}

impl<T> FairQueue<T> {
    /// An empty queue.
    pub fn new(limits: QueueLimits) -> Self {
        let limits =
            QueueLimits { waiting_max: limits.waiting_max.max(1), served_max: limits.served_max.max(1) };
        let (lanes, turns) = (HashMap::new(), BTreeSet::new());
        Self { lanes, turns, floor: Duration::ZERO, turn: 0, waiting: 0, limits }
    }

    /// Items that wait.
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Whether one waits that could be served now, of a lane that is not this one.
    pub fn has_another(&self, lane: Lane) -> bool {
        self.turns.iter().take(2).any(|(_, _, other)| *other != lane)
    }

    /// Adds an item at the end of its lane.
    pub fn put(&mut self, lane: Lane, item: T, now: Instant) -> Put<T> {
        let mut put = Put::Waits;
        if self.waiting >= self.limits.waiting_max {
            match self.longest().filter(|longest| self.waiting_of(*longest) > self.waiting_of(lane) + 1) {
                Some(longest) => match self.withdraw_last(longest) {
                    Some(last) => put = Put::InsteadOf(last),
                    None => return Put::Refused(item),
                },
                None => return Put::Refused(item),
            }
        }
        self.account(lane, now).items.push_back(item);
        self.waiting += 1;
        self.queue_up(lane);
        put
    }

    /// Puts an item back that was taken and not served: it is the first of its lane again.
    pub fn give_back(&mut self, Taken { item, bill }: Taken<T>, now: Instant) {
        self.settle(bill, Duration::ZERO, now);
        self.account(bill.lane, now).items.push_front(item);
        self.waiting += 1;
        self.queue_up(bill.lane);
    }

    /// Takes the next item. Its lane pays an estimate until it is known what it took.
    pub fn take(&mut self, estimate: Duration, now: Instant) -> Option<Taken<T>> {
        let (used, _, lane) = self.turns.pop_first()?;
        self.floor = self.floor.max(used);
        self.turn += 1;
        let account = self.lanes.get_mut(&lane)?;
        account.used = used.saturating_add(estimate);
        account.turn = self.turn;
        account.served += 1;
        account.seen = now;
        let item = account.items.pop_front()?;
        self.waiting -= 1;
        self.queue_up(lane);
        Some(Taken { item, bill: Bill { lane, estimate } })
    }

    /// A lane has used more time for an item that is still served.
    pub fn charge(&mut self, bill: &Bill, more: Duration) {
        if let Some(account) = self.lanes.get(&bill.lane) {
            let used = account.used.saturating_add(more);
            self.change(bill.lane, used);
        }
    }

    /// An item has been served, and took so long.
    pub fn settle(&mut self, bill: Bill, took: Duration, now: Instant) {
        let Some(account) = self.lanes.get_mut(&bill.lane) else { return };
        account.served = account.served.saturating_sub(1);
        account.seen = now;
        let used = account.used.saturating_add(took).saturating_sub(bill.estimate);
        self.change(bill.lane, used);
        self.queue_up(bill.lane);
        self.forget();
    }

    /// Takes everything out for which this holds: nobody waits for it any more.
    pub fn prune(&mut self, is_dead: impl Fn(&T) -> bool) {
        let mut emptied = Vec::new();
        for (lane, account) in &mut self.lanes {
            let before = account.items.len();
            account.items.retain(|item| !is_dead(item));
            self.waiting -= before - account.items.len();
            if before > 0 && account.items.is_empty() {
                emptied.push(*lane);
            }
        }
        emptied.into_iter().for_each(|lane| self.leave(lane));
    }

    /// Takes everything out.
    pub fn drain(&mut self) -> Vec<T> {
        self.turns.clear();
        self.waiting = 0;
        self.lanes.values_mut().flat_map(|account| account.items.drain(..)).collect()
    }

    fn waiting_of(&self, lane: Lane) -> usize {
        self.lanes.get(&lane).map_or(0, |account| account.items.len())
    }

    fn longest(&self) -> Option<Lane> {
        self.lanes.iter().max_by_key(|(_, account)| account.items.len()).map(|(lane, _)| *lane)
    }

    fn withdraw_last(&mut self, lane: Lane) -> Option<T> {
        let account = self.lanes.get_mut(&lane)?;
        let last = account.items.pop_back()?;
        self.waiting -= 1;
        if account.items.is_empty() {
            self.leave(lane);
        }
        Some(last)
    }

    /// The account of a lane that has work.
    fn account(&mut self, lane: Lane, now: Instant) -> &mut Account<T> {
        let floor = self.floor;
        match self.lanes.entry(lane) {
            Entry::Occupied(known) => {
                let account = known.into_mut();
                if account.items.is_empty() {
                    if account.served == 0 {
                        account.used =
                            account.used.saturating_sub(now.saturating_duration_since(account.seen));
                    }
                    account.used = account.used.max(floor);
                }
                account
            }
            Entry::Vacant(unknown) => {
                let account = Account { items: VecDeque::new(), used: floor, turn: 0, served: 0, seen: now };
                unknown.insert(account)
            }
        }
    }

    /// Has a lane wait for its turn, if it has work and may be served.
    fn queue_up(&mut self, lane: Lane) {
        let served_max = self.limits.served_max;
        if let Some(account) = self.lanes.get_mut(&lane)
            && !account.items.is_empty()
            && account.served < served_max
        {
            self.turn += u64::from(account.turn == 0);
            account.turn = if account.turn == 0 { self.turn } else { account.turn };
            self.turns.insert((account.used, account.turn, lane));
        }
    }

    /// Takes a lane out of those that wait for a turn.
    fn leave(&mut self, lane: Lane) {
        if let Some(account) = self.lanes.get(&lane) {
            self.turns.remove(&(account.used, account.turn, lane));
        }
    }

    fn change(&mut self, lane: Lane, used: Duration) {
        let used = used.min(self.floor.saturating_add(DEBT_MAX));
        if let Some(account) = self.lanes.get_mut(&lane) {
            let was_waiting = self.turns.remove(&(account.used, account.turn, lane));
            account.used = used;
            if was_waiting {
                self.turns.insert((used, account.turn, lane));
            }
        }
    }

    /// Forgets lanes without work and debts, and where there are too many in debt those without work.
    fn forget(&mut self) {
        if self.lanes.len() > DEBTORS_MAX.max(2 * self.turns.len()) {
            let floor = self.floor;
            let is_idle = |account: &Account<T>| account.items.is_empty() && account.served == 0;
            self.lanes.retain(|_, account| !is_idle(account) || account.used > floor);
            if self.lanes.len() > DEBTORS_MAX {
                self.lanes.retain(|_, account| !is_idle(account));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    const MANY: QueueLimits = QueueLimits { waiting_max: 1000, served_max: 1000 };
    const ESTIMATE: Duration = Duration::from_millis(1);

    fn lane(number: u8) -> Lane {
        Lane::of(number)
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn put<T: std::fmt::Debug + PartialEq>(queue: &mut FairQueue<T>, of: u8, item: T, now: Instant) {
        assert_eq!(queue.put(lane(of), item, now), Put::Waits);
    }

    /// Serves the next item in virtual time, and says whose it was.
    fn serve(queue: &mut FairQueue<(u8, u64)>, now: &mut Instant) -> u8 {
        let Taken { item: (of, took), bill } = queue.take(ESTIMATE, *now).unwrap();
        *now += ms(took);
        queue.settle(bill, ms(took), *now);
        of
    }

    #[test]
    fn short_work_is_not_behind_another_lanes_long_work() {
        let (mut queue, mut now) = (FairQueue::new(MANY), Instant::now());
        (0..100).for_each(|_| put(&mut queue, 1, (1, 18_000), now));
        assert_eq!(serve(&mut queue, &mut now), 1);
        // Whenever one with little to do comes, it is next; and the other is not starved for it.
        let mut turns = Vec::new();
        for _ in 0..1_500 {
            put(&mut queue, 2, (2, 10), now);
            turns.push(serve(&mut queue, &mut now));
        }
        let long = turns.iter().filter(|of| **of == 1).count();
        assert_eq!(turns[0], 2);
        assert_eq!(long, 1, "ten seconds of the one for what the other owes");
    }

    #[test]
    fn lanes_share_time_and_not_turns() {
        let (mut queue, mut now) = (FairQueue::new(MANY), Instant::now());
        (0..200).for_each(|_| put(&mut queue, 1, (1, 30), now));
        (0..600).for_each(|_| put(&mut queue, 2, (2, 10), now));
        let turns: Vec<u8> = (0..400).map(|_| serve(&mut queue, &mut now)).collect();
        let of_long = turns.iter().filter(|of| **of == 1).count();
        assert!((99..=101).contains(&of_long), "{of_long}");
    }

    #[test]
    fn who_was_idle_has_saved_up_nothing() {
        let (mut queue, mut now) = (FairQueue::new(MANY), Instant::now());
        put(&mut queue, 2, (2, 1), now);
        serve(&mut queue, &mut now);
        for _ in 0..1_000 {
            put(&mut queue, 1, (1, 5), now);
            serve(&mut queue, &mut now);
        }
        (0..20).for_each(|_| put(&mut queue, 1, (1, 5), now));
        (0..20).for_each(|_| put(&mut queue, 2, (2, 5), now));
        let turns: Vec<u8> = (0..20).map(|_| serve(&mut queue, &mut now)).collect();
        let of_one = turns.iter().filter(|of| **of == 1).count();
        assert!((9..=11).contains(&of_one), "{turns:?}");
    }

    #[test]
    fn debts_fade_while_nothing_is_asked_for() {
        let (mut queue, mut now) = (FairQueue::new(MANY), Instant::now());
        put(&mut queue, 1, (1, 9_000), now);
        serve(&mut queue, &mut now);
        now += ms(60_000);
        put(&mut queue, 1, (1, 1), now);
        put(&mut queue, 2, (2, 1), now);
        let turns = [serve(&mut queue, &mut now), serve(&mut queue, &mut now)];
        assert!(turns.contains(&1));
        assert_eq!(turns[0], 1, "it came first, and owes nothing");
    }

    #[test]
    fn a_lane_does_not_have_all_servers() {
        let limits = QueueLimits { waiting_max: 10, served_max: 2 };
        let (mut queue, now) = (FairQueue::new(limits), Instant::now());
        (0..4).for_each(|item| put(&mut queue, 1, item, now));
        let first = queue.take(ESTIMATE, now).unwrap();
        let _second = queue.take(ESTIMATE, now).unwrap();
        assert!(queue.take(ESTIMATE, now).is_none() && !queue.has_another(lane(2)));
        put(&mut queue, 2, 9, now);
        assert_eq!(queue.take(ESTIMATE, now).unwrap().item, 9);
        queue.settle(first.bill, ESTIMATE, now);
        assert_eq!(queue.take(ESTIMATE, now).unwrap().item, 2);
    }

    #[test]
    fn a_full_queue_has_room_for_those_who_have_little_in_it() {
        let limits = QueueLimits { waiting_max: 3, served_max: 1 };
        let (mut queue, now) = (FairQueue::new(limits), Instant::now());
        (0..3).for_each(|item| put(&mut queue, 1, item, now));
        assert_eq!(queue.put(lane(1), 3, now), Put::Refused(3));
        assert_eq!(queue.put(lane(2), 10, now), Put::InsteadOf(2));
        assert_eq!(queue.put(lane(2), 11, now), Put::Refused(11), "as many as the other");
        assert_eq!(queue.put(lane(3), 20, now), Put::InsteadOf(1));
        queue.prune(|item| *item == 0);
        assert_eq!(queue.len(), 2);
        let mut left = queue.drain();
        left.sort_unstable();
        assert_eq!((left, queue.len(), queue.take(ESTIMATE, now).is_none()), (vec![10, 20], 0, true));
    }

    #[test]
    fn debts_are_remembered_of_so_many() {
        let (mut queue, now) = (FairQueue::new(MANY), Instant::now());
        for number in 0..3 * DEBTORS_MAX {
            let _ = queue.put(Lane::of(number), 0, now);
            let taken = queue.take(ESTIMATE, now).unwrap();
            queue.settle(taken.bill, ms(5), now);
        }
        assert!(queue.lanes.len() <= DEBTORS_MAX + 1);
    }

    proptest! {
        /// Whatever came before, each of the lanes that have as much to do has its turn within as many turns as there
        /// are lanes.
        #[test]
        fn each_of_many_busy_lanes_has_its_turn(order in prop::collection::vec(0_u8..12, 1..200)) {
            let (mut queue, now) = (FairQueue::new(MANY), Instant::now());
            for of in &order {
                put(&mut queue, *of, *of, now);
            }
            while !queue.is_empty() {
                let busy: std::collections::HashSet<u8> =
                    queue.lanes.values().filter_map(|account| account.items.front().copied()).collect();
                let turns: Vec<u8> = (0..busy.len())
                    .map(|_| {
                        let Taken { item, bill } = queue.take(ESTIMATE, now).unwrap();
                        queue.settle(bill, ESTIMATE, now);
                        item
                    })
                    .collect();
                prop_assert_eq!(turns.iter().copied().collect::<std::collections::HashSet<_>>(), busy);
            }
        }

        /// Nothing is lost or served twice, and each lane keeps its order, whatever is done.
        #[test]
        fn nothing_is_lost_and_lanes_keep_their_order(
            steps in prop::collection::vec((0_u8..6, 0_u8..5, 0_u64..50), 1..400),
            waiting_max in 1_usize..40,
            served_max in 1_usize..4,
        ) {
            let mut queue = FairQueue::new(QueueLimits { waiting_max, served_max });
            let (mut now, mut number) = (Instant::now(), 0_u64);
            let (mut waiting, mut gone) = (std::collections::HashSet::new(), 0);
            let mut last = HashMap::new();
            let mut served = Vec::new();
            for (what, of, time) in steps {
                now += ms(time);
                match what {
                    0..=2 => {
                        number += 1;
                        waiting.insert(number);
                        match queue.put(lane(of), (of, number), now) {
                            Put::Waits => {}
                            Put::InsteadOf((_, other)) | Put::Refused((_, other)) => {
                                prop_assert!(waiting.remove(&other));
                                gone += 1;
                            }
                        }
                    }
                    3 => {
                        if let Some(Taken { item: (of, number), bill }) = queue.take(ESTIMATE, now) {
                            prop_assert!(waiting.remove(&number));
                            prop_assert!(last.insert(of, number).is_none_or(|before| before < number));
                            served.push(bill);
                        }
                    }
                    4 => {
                        if let Some(bill) = served.pop() {
                            queue.charge(&bill, ms(time / 2));
                            queue.settle(bill, ms(time), now);
                        }
                    }
                    _ => {
                        if let Some(taken) = queue.take(ESTIMATE, now) {
                            queue.give_back(taken, now);
                        }
                    }
                }
                prop_assert_eq!(queue.len(), waiting.len());
                prop_assert!(queue.len() <= waiting_max);
            }
            served.into_iter().for_each(|bill| queue.settle(bill, ESTIMATE, now));
            while let Some(Taken { item: (_, number), bill }) = queue.take(ESTIMATE, now) {
                prop_assert!(waiting.remove(&number));
                queue.settle(bill, ESTIMATE, now);
            }
            prop_assert!(waiting.is_empty(), "left behind: {waiting:?} and {gone} refused");
        }
    }
}
