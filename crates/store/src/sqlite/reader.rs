//! Reading connections.

use crate::face::{Bounds, Error, Reply};
use crate::read::ReadPlan;
use std::sync::Arc;
use wire::{Format, Value};

/// The connections that read, one per thread.
#[derive(Debug)]
pub(crate) struct Readers {}

impl Readers {
    /// Runs a read.
    pub async fn read(
        &self,
        _plan: &Arc<ReadPlan>,
        _params: Vec<Value>,
        _format: Format,
        _bounds: Bounds,
    ) -> Result<Reply, Error> {
        Err(Error::Unavailable("not yet"))
    }

    /// Counts.
    pub async fn count(
        &self,
        _plan: &Arc<ReadPlan>,
        _params: Vec<Value>,
        _bounds: Bounds,
    ) -> Result<u64, Error> {
        Err(Error::Unavailable("not yet"))
    }

    /// Ends the calling thread's held snapshot.
    pub fn release_thread(&self) {}
}
