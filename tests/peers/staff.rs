//! Many mailboxes in the office, and waiting for all their lamps.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::manifests::mailbox;
use crate::common::office::{Office, Program};

/// Long enough for any way round gateways that fail, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// A mailbox and its extension.
pub type Member = (String, String);

/// Adds so many mailboxes to the office, with extensions from 5000 on.
pub fn hire(office: &Office, count: usize) -> Vec<Member> {
    let staff: Vec<Member> = (0..count).map(|n| (format!("staff-{n}"), (5000 + n).to_string())).collect();
    let manifests: Vec<String> =
        staff.iter().map(|(name, extension)| mailbox(name, "sales", &[extension], "")).collect();
    office.write("staff.yaml", &manifests.join("---\n"));
    staff
}

/// Waits until `ask` is true, at most so long.
pub fn within(limit: Duration, what: &str, mut ask: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !ask() {
        assert!(Instant::now() < end, "waited {limit:?} for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Watches for so long that something stays true.
pub fn stays(time: Duration, what: &str, ask: impl Fn() -> bool) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        assert!(ask(), "not any more: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Gives each mailbox one new message.
pub fn light(program: &Program, staff: &[Member]) {
    for (mailbox, _) in staff {
        program.put(mailbox, 1, 0);
    }
}

/// Waits until each lamp is on, and was confirmed by this gateway.
pub fn all_on_by(program: &Program, staff: &[Member], gateway: &str, limit: Duration) {
    for (mailbox, _) in staff {
        within(limit, &format!("the lamp of {mailbox} to be on by {gateway}"), || {
            let state = program.get(mailbox);
            state["lamp"] == "on" && told(&state, gateway).is_some_and(|told| told["answer"] == 200)
        });
    }
}

/// What a gateway was told about the first lamp of a mailbox.
pub fn told<'a>(state: &'a Value, gateway: &str) -> Option<&'a Value> {
    state["lamps"][0]["gateways"].as_array()?.iter().find(|told| told["name"] == gateway)
}
