//! The one pipeline: everything that must never be forgotten happens in [`Engine::call`], in one order, whose stages
//! are types that only the stage before can make.

mod account;
mod activity;
pub mod call;
mod channel;
pub mod clock;
mod engine;
pub mod fault;
pub mod identity;
mod import;
mod input;
mod lane;
pub mod limit;
pub mod observe;
mod plans;
mod policy;
mod room;
mod secret;
mod select;
pub mod settings;
mod stage;
mod stream;
mod watch;

pub use account::{Account, Scope, UNIT_CPU};
pub use activity::Activity;
pub use call::*;
pub use channel::{Message, Participant, histories_too_long};
pub use clock::{Clock, Moment, SystemClock};
pub use engine::{Engine, Prepared};
pub use fault::{Fault, FieldFault, Kind, codes};
pub use identity::Caller;
pub use import::{CHUNK_RECORDS_MAX, Import, NotImported, NotKept};
pub use observe::{Finished, Observer, Silent};
pub use room::no_room;
pub use settings::Settings;
pub use stream::{Inflow, Pages, Parts};
