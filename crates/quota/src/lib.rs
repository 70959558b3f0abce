//! Bounds in bytes on what is held for peers: answers that are not sent yet, input that is being gathered, messages that
//! are remembered.
//!
//! A [`Pool`] is one bound for everybody. Each [`Owner`], a caller or an address, has an [`Holder`] in it, and takes
//! [`Reservation`]s that are given back when they are dropped. An holder may hold as much as is free for all others
//! (the "dynamic threshold" of Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998): one greedy owner
//! gets half of the pool, n of them get an n+1st each, and as much always stays free for whoever comes next. So nobody
//! has to know how many owners there are, and no number of them shuts out one more.

mod hold;
mod pool;

pub use hold::hold;
pub use pool::{Exceeded, Holder, Owner, Pool, Reservation, block};
