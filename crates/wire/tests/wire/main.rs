//! The encoders against independent readers, and the decoders against generated and mutated inputs.

#![allow(clippy::unwrap_used)]

mod bounds;
mod chosen;
mod decode;
mod fuzz;
mod golden;
mod graphql;
mod messages;
mod model;
mod read;
mod request;
mod round_trip;
mod scalars;
mod source;
