//! What a mailbox effectively has, along mailbox, policy, dial plan and gateways, and where it comes from.
//!
//! `mwi` decides about lamps. `gate` has the chain of switches of each feature, `settings` what a voice-mail server is told, `dial` what
//! a caller may dial. All are projections of an outcome, made when somebody asks.

mod chain;
mod dial;
mod feature;
mod gate;
mod mwi;
mod owners;
mod settings;
mod view;

pub use chain::{Chain, Step, Switch};
pub use dial::{Caller, DialAnswer, MatchingRule};
pub use feature::Feature;
pub use gate::{Gate, of_gateway};
pub use mwi::{Claim, Mwi, mwi};
pub use owners::Owners;
pub use settings::{Origin, Setting};
pub use view::View;
