//! `BidirectionalSync`: what a participant sends must reach every other one once, in the order it was sent in.

use crate::Failure;
use crate::call::{Answers, Call, Requests, framed};
use crate::connection::Connection;
use crate::options::Options;
use crate::proto::SyncMessage;
use crate::tally::Tally;
use crate::traffic::Traffic;
use bytes::{Bytes, BytesMut};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Time for all participants to join.
const JOIN_MAX: Duration = Duration::from_secs(20);
/// Until everybody has heard one, a greeting is sent each time this has passed.
const GREET_EVERY: Duration = Duration::from_millis(10);
/// After the time for new messages those under way get so long to arrive.
const OVERTIME_MAX: Duration = Duration::from_secs(20);
/// After the last message one that comes twice gets so long to be noticed.
const LINGER: Duration = Duration::from_millis(100);
/// Bytes of each message.
const TEXT_BYTES: usize = 100;
/// Stands for the sender of a greeting. Publishers have smaller numbers.
const GREETER: u16 = u16::MAX;

/// All of the sync, as its participants see it.
struct Room {
    tally: Rc<Tally>,
    publishers: Vec<Publisher>,
    others: usize,
}

/// What one of them has under way.
struct Publisher {
    sent: Cell<u32>,
    /// Deliveries still to come of each message under way, the oldest first.
    missing: RefCell<VecDeque<usize>>,
    arrived: Cell<u32>,
    slots: Semaphore,
}

/// A message's text: fixed numbers in hexadecimal, then padding.
struct Note {
    publisher: u16,
    number: u32,
    sent_ns: u64,
}

/// Runs the sync and returns the figures; deliveries are counted.
pub async fn load(options: &Rc<Options>) -> Result<Value, Failure> {
    let traffic = Rc::default();
    let participants = timeout(JOIN_MAX, join(options, &traffic)).await.map_err(|_| "not all can join")??;
    let tally = Tally::begin(options.time);
    let room = Rc::new(Room {
        tally: Rc::clone(&tally),
        publishers: (0..options.publishers).map(|_| Publisher::new(options.window)).collect(),
        others: participants.len() - 1,
    });
    let (mut receivers, mut publishers) = (JoinSet::new(), JoinSet::new());
    for (me, Call { requests, answers }) in participants.into_iter().enumerate() {
        receivers.spawn_local(receive(Rc::clone(&room), me, answers));
        publishers.spawn_local(publish(Rc::clone(&room), me, requests, options.window));
    }
    tokio::select! {
        ended = timeout(options.time + OVERTIME_MAX, all(&mut publishers)) => match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tally.error(&error),
            Err(_) => tally.error(&"messages were lost"),
        },
        Some(Ok(error)) = receivers.join_next() => tally.error(&error),
    }
    tally.end();
    tokio::select! {
        () = sleep(LINGER) => {}
        Some(Ok(error)) = receivers.join_next() => tally.error(&error),
    }
    Ok(tally.figures(&traffic))
}

async fn all(publishers: &mut JoinSet<Result<Requests, Failure>>) -> Result<(), Failure> {
    // Whoever has sent everything stays to the end: its call is kept open.
    let mut still_there = Vec::new();
    while let Some(ended) = publishers.join_next().await {
        still_there.push(ended??);
    }
    Ok(())
}

/// Opens all calls, and waits until each of them takes part: who has heard a greeting will hear all that follows.
async fn join(options: &Options, traffic: &Rc<Traffic>) -> Result<Vec<Call>, Failure> {
    if options.connections * options.streams < options.publishers.max(2) {
        return Err("too few participants".into());
    }
    let (mut requests, mut waiting) = (Vec::new(), JoinSet::new());
    for _ in 0..options.connections {
        let connection = Connection::open(options.address, traffic).await?;
        let target = connection.target("BidirectionalSync")?;
        for _ in 0..options.streams {
            let me = requests.len();
            let call = connection.call(&target, &options.tokens[me % options.tokens.len()]).await?;
            requests.push(call.requests);
            waiting.spawn_local(async move { greeted(call.answers).await.map(|answers| (me, answers)) });
        }
    }
    let mut joined = Vec::with_capacity(requests.len());
    let greeting = Note { publisher: GREETER, number: 0, sent_ns: 0 }.framed();
    while joined.len() < requests.len() {
        tokio::select! {
            Some(ended) = waiting.join_next() => joined.push(ended??),
            () = sleep(GREET_EVERY) => {
                // The second one is there to greet the first.
                requests[0].send(greeting.clone())?;
                requests[1].send(greeting.clone())?;
            }
        }
    }
    joined.sort_unstable_by_key(|(me, _)| *me);
    Ok(requests.into_iter().zip(joined).map(|(requests, (_, answers))| Call { requests, answers }).collect())
}

async fn greeted(mut answers: Answers) -> Result<Answers, Failure> {
    if answers.next::<SyncMessage>().await?.is_none() {
        return Err(format!("the sync ends: {:?}", answers.end().await?).into());
    }
    Ok(answers)
}

/// Sends as long as there is time, and waits until all of it has arrived.
async fn publish(
    room: Rc<Room>,
    me: usize,
    mut requests: Requests,
    window: usize,
) -> Result<Requests, Failure> {
    let Some(publisher) = room.publishers.get(me) else { return Ok(requests) };
    while room.tally.is_running() {
        publisher.slots.acquire().await?.forget();
        let number = publisher.sent.replace(publisher.sent.get() + 1);
        publisher.missing.borrow_mut().push_back(room.others);
        let sent_ns = room.tally.clock_ns();
        requests.send(Note { publisher: u16::try_from(me)?, number, sent_ns }.framed())?;
    }
    publisher.slots.acquire_many(u32::try_from(window)?).await?.forget();
    Ok(requests)
}

/// Takes what comes, as long as it is as it must be; returns what was wrong.
async fn receive(room: Rc<Room>, me: usize, mut answers: Answers) -> Failure {
    let mut next = vec![0; room.publishers.len()];
    loop {
        let message = match answers.next::<SyncMessage>().await {
            Ok(Some(message)) => message,
            Ok(None) => return "the sync ends before its participants".into(),
            Err(error) => return error,
        };
        let Some(note) = Note::read(&message.data) else { return "a message that was not sent".into() };
        if note.publisher == GREETER {
            continue;
        }
        let publisher = usize::from(note.publisher);
        match next.get_mut(publisher) {
            Some(_) if publisher == me => return "a message comes back to its sender".into(),
            Some(next) if *next == note.number => *next += 1,
            Some(next) => return format!("message {} comes where {next} should", note.number).into(),
            None => return "a message of somebody else".into(),
        }
        room.tally.delivered(note.sent_ns);
        room.publishers[publisher].delivered(note.number);
    }
}

impl Publisher {
    fn new(window: usize) -> Self {
        Self {
            sent: Cell::new(0),
            missing: RefCell::default(),
            arrived: Cell::new(0),
            slots: Semaphore::new(window),
        }
    }

    /// One more participant has a message. Slots become free in the order they were taken in.
    fn delivered(&self, number: u32) {
        let mut missing = self.missing.borrow_mut();
        let place = (number - self.arrived.get()) as usize;
        missing[place] -= 1;
        while missing.front() == Some(&0) {
            missing.pop_front();
            self.arrived.set(self.arrived.get() + 1);
            self.slots.add_permits(1);
        }
    }
}

impl Note {
    fn framed(&self) -> Bytes {
        let Self { publisher, number, sent_ns } = self;
        let mut data = format!("{publisher:04x}{number:08x}{sent_ns:016x}");
        data.extend(std::iter::repeat_n('.', TEXT_BYTES - data.len()));
        let mut out = BytesMut::new();
        framed(&SyncMessage { data }, &mut out);
        out.freeze()
    }

    fn read(data: &str) -> Option<Self> {
        Some(Self {
            publisher: u16::from_str_radix(data.get(..4)?, 16).ok()?,
            number: u32::from_str_radix(data.get(4..12)?, 16).ok()?,
            sent_ns: u64::from_str_radix(data.get(12..28)?, 16).ok()?,
        })
    }
}
