//! A list of any length, read page by page: what is held at once is one page.
//!
//! Each page is a call of its own to everything but the observer: it is paid for, the caller is asked for again, and the
//! rules hold as they are then. No transaction stays open between pages. A record that is written meanwhile is there or
//! not by its place in the order; none is there twice.

use crate::call::{Answer, Call, End, Paging};
use crate::clock::Moment;
use crate::engine::Engine;
use crate::fault::{Fault, Kind, codes};
use crate::watch::{Tally, Watch};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Records of a page at the most: what is held for each stream, and what one stream does before others have their turn.
const PAGE_ROWS: u32 = 256;
/// Records that a page is not made smaller than, however much each costs.
const PAGE_ROWS_MIN: u64 = 10;

/// The pages of a list, one after another.
#[derive(Debug)]
pub struct Pages {
    engine: Arc<Engine>,
    /// The call for the next page; none when there is no more.
    next: Option<Call>,
    /// Records of a page at the most.
    rows: u64,
    /// Records that are still wanted; none for all.
    left: Option<u64>,
    deadline: Option<Instant>,
    tally: Tally,
    watch: Watch<Arc<Engine>>,
}

impl Engine {
    /// Reads a list page by page. Its limit is that of all pages together, and there is none but what it says.
    pub fn pages(self: &Arc<Self>, mut call: Call) -> Pages {
        let moment = self.now();
        let watch = Watch::new(Arc::clone(self), &call, moment);
        let left = call.input.list.limit.take();
        let deadline = call.context.timeout.and_then(|timeout| moment.instant.checked_add(timeout));
        call.input.paging = Paging::Cursors;
        call.input.list.end = Some(End::First);
        let rows = u64::from(self.settings.page_rows_max.min(PAGE_ROWS));
        Pages {
            engine: Arc::clone(self),
            next: Some(call),
            rows,
            left,
            deadline,
            tally: Tally::default(),
            watch,
        }
    }
}

impl Pages {
    /// The next page; none when all have been read.
    ///
    /// # Errors
    /// As [`Engine::call`]; there are no more pages after one.
    pub async fn next(&mut self) -> Option<Result<Answer, Fault>> {
        let call = self.next.take()?;
        let result = self.page(&call).await;
        match &result {
            Ok(answer) => {
                self.tally.add(Tally::from(answer));
                self.left = self.left.map(|left| left.saturating_sub(answer.rows));
                self.next = self.following(call, answer);
                if self.next.is_none() {
                    self.watch.finish(Ok(self.tally));
                }
            }
            Err(fault) => self.watch.finish(Err(fault)),
        }
        Some(result)
    }

    async fn page(&mut self, call: &Call) -> Result<Answer, Fault> {
        let moment = self.engine.now();
        let mut call = call.clone();
        call.context.timeout = self.time_left(moment)?;
        loop {
            call.input.list.limit = Some(self.left.map_or(self.rows, |left| left.min(self.rows)));
            match self.engine.prepare(call.clone(), moment, &mut self.watch) {
                // A page of records with others in them costs as many times more: a smaller one does as well.
                Err(fault) if fault.code == codes::COST_EXCEEDED && self.rows > PAGE_ROWS_MIN => {
                    self.rows = (self.rows / 4).max(PAGE_ROWS_MIN);
                }
                planned => return self.engine.run(planned?).await,
            }
        }
    }

    fn time_left(&self, moment: Moment) -> Result<Option<Duration>, Fault> {
        let Some(deadline) = self.deadline else { return Ok(None) };
        let left = deadline.saturating_duration_since(moment.instant);
        if left.is_zero() {
            let message = "it took longer than allowed";
            return Err(Fault::new(Kind::Timeout, codes::DEADLINE_EXCEEDED, message));
        }
        Ok(Some(left))
    }

    fn following(&self, mut call: Call, answer: &Answer) -> Option<Call> {
        let edges = answer.edges.as_ref().filter(|edges| edges.has_more)?;
        if self.left == Some(0) {
            return None;
        }
        call.input.list.after = Some(edges.last.clone()?);
        call.input.list.offset = None;
        Some(call)
    }
}
