//! Bodies of the HTTP interface, as they stand on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Put, State};
use crate::domain::Code;
use crate::engine::mwi::{LampState, LampView, ToldView};
use crate::sip::summary::Counts;

/// The body of PUT.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Messages {
    new: i64,
    old: i64,
    #[serde(default)]
    urgent_new: i64,
    #[serde(default)]
    urgent_old: i64,
    version: Option<i64>,
}

impl Messages {
    /// The state, or what is wrong with it.
    pub fn check(&self) -> Result<Put, String> {
        let Self { new, old, urgent_new, urgent_old, version } = *self;
        let count = |name: &str, value: i64| match u32::try_from(value) {
            Ok(count) if count <= Counts::MAX => Ok(count),
            _ => Err(format!("{name} is {value}; choose 0 to {}", Counts::MAX)),
        };
        let counts = Counts {
            new: count("new", new)?,
            old: count("old", old)?,
            urgent_new: count("urgentNew", urgent_new)?,
            urgent_old: count("urgentOld", urgent_old)?,
        };
        if counts.urgent_new > counts.new || counts.urgent_old > counts.old {
            return Err("urgent messages are counted in `new` and `old` as well, so urgentNew is at most new, and urgentOld at most old".into());
        }
        let version = match version.map(u64::try_from) {
            None => None,
            Some(Ok(version)) => Some(version),
            Some(Err(_)) => return Err("version is below 0".into()),
        };
        Ok(Put { counts, version })
    }
}

/// What is known of a mailbox.
#[derive(Serialize)]
pub struct Mailbox<'a> {
    namespace: &'a str,
    mailbox: &'a str,
    version: Option<u64>,
    messages: Option<Counts>,
    lamp: &'static str,
    mwi: Mwi,
    lamps: Vec<Lamp<'a>>,
}

#[derive(Serialize)]
struct Mwi {
    allowed: Option<bool>,
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct Lamp<'a> {
    address: &'a str,
    state: &'static str,
    gateways: Vec<Gateway<'a>>,
}

#[derive(Serialize)]
struct Gateway<'a> {
    name: &'a str,
    told: Counts,
    at: String,
    answer: u16,
}

impl<'a> Mailbox<'a> {
    /// The body that shows this state.
    #[must_use]
    pub fn new(namespace: &'a str, mailbox: &'a str, state: &'a State) -> Self {
        let State { view, reason } = state;
        Self {
            namespace,
            mailbox,
            version: view.counts.map(|(_, version)| version),
            messages: view.counts.map(|(counts, _)| counts),
            lamp: word(together(view.counts.is_some(), &view.lamps)),
            mwi: Mwi { allowed: reason.map(|code| code == Code::Allowed), reason: reason.map(Code::as_str) },
            lamps: view.lamps.iter().map(Lamp::new).collect(),
        }
    }
}

impl<'a> Lamp<'a> {
    fn new(view: &'a LampView) -> Self {
        Self {
            address: &view.address,
            state: word(view.state),
            gateways: view.told.iter().map(Gateway::new).collect(),
        }
    }
}

impl<'a> Gateway<'a> {
    fn new(told: &'a ToldView) -> Self {
        let at = Timestamp::from_millisecond(told.at).unwrap_or_default().to_string();
        Self { name: &told.gateway, told: told.counts, at, answer: told.status }
    }
}

/// One word for all lamps of a mailbox.
fn together(spoken: bool, lamps: &[LampView]) -> LampState {
    let any = |state| lamps.iter().any(|lamp| lamp.state == state);
    match () {
        () if !spoken => LampState::Unknown,
        () if any(LampState::Pending) => LampState::Pending,
        () if any(LampState::On) => LampState::On,
        () => LampState::Off,
    }
}

const fn word(state: LampState) -> &'static str {
    match state {
        LampState::Unknown => "unknown",
        LampState::On => "on",
        LampState::Off => "off",
        LampState::Pending => "pending",
    }
}
