//! A gateway that refuses a lamp for good.

use std::time::Duration;

use serde_json::{Value, json};

use super::scripted::Scripted;
use super::sipp::Sipp;
use super::staff::{PATIENCE, stays, told, within};
use crate::common::manifests::mailbox;
use crate::common::office::{Office, Program};
use crate::common::phone::Phone;

#[test]
fn a_gateway_that_answers_404_is_asked_once_and_the_log_says_so() {
    let strange = Sipp::start("uas_404.xml", "udp");
    let office = Office::new();
    office.gateway("pbx", strange.port, ", transport: UDP");
    let program = office.start();
    program.put("lina", 1, 0);
    let line = program.logs("the gateway refuses this lamp");
    for part in ["pbx", "4201", "404"] {
        assert!(line.contains(part), "`{line}` has no {part}");
    }
    stays(Duration::from_secs(5), "pending, and asked once", || {
        program.get("lina")["lamp"] == "pending" && strange.notifies().len() == 1
    });
    let metrics = program.read("/metrics").body;
    assert!(metrics.contains("lamplighter_lamps_failed{namespace=\"voice\",name=\"hq\"} 1\n"), "{metrics}");
    let counts = strange.stop();
    assert_eq!((counts["1_NOTIFY_Recv"], counts["1_NOTIFY_Retrans"]), (1, 0), "{counts:?}");
}

#[test]
fn in_json_a_refusal_has_the_call_id_that_was_on_the_wire() {
    let pbx = Scripted::start(Box::new(|_| ("404 Not Found", Vec::new())));
    let office = Office::new();
    office.gateway("pbx", pbx.port, ", transport: UDP");
    let program = Program::start(&office.manifests(), &office.data(), &["--log-format", "json"]);
    program.put("lina", 1, 0);
    let line: Value = serde_json::from_str(&program.logs("the gateway refuses this lamp")).unwrap();
    let heard = pbx.heard();
    let call_id = heard[0].header("Call-ID").unwrap();
    let expected = json!({
        "level": "WARN", "namespace": "voice", "name": "hq", "gateway": "pbx", "lamp": "4201", "call_id": call_id, "status": 404
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&line[key], value, "{key} of {line}");
    }
}

#[test]
fn a_lamp_that_one_gateway_refuses_is_shown_by_the_next() {
    let (strange, phone) = (Sipp::start("uas_404.xml", "tcp"), Phone::start());
    let office = Office::new();
    office.gateway("a", strange.port, ", priority: 1");
    office.gateway("b", phone.port, ", priority: 2");
    let program = office.start();
    program.put("lina", 1, 0);
    phone.shows("4201", "on 1/0 (0/0)");
    let state = program.lamp_is("lina", "on");
    assert_eq!(told(&state, "b").map(|told| told["answer"].clone()), Some(200.into()));
    // What was refused is not asked again with each new state.
    program.put("lina", 2, 0);
    phone.shows("4201", "on 2/0 (0/0)");
    assert_eq!(strange.notifies().len(), 1);
}

#[test]
fn a_request_to_refresh_asks_again_where_the_lamp_was_refused() {
    let strange = Sipp::start("uas_404.xml", "tcp");
    let office = Office::new();
    office.gateway("pbx", strange.port, "");
    let program = office.start();
    program.put("lina", 1, 0);
    program.logs("the gateway refuses this lamp");
    let annotated = mailbox("lina", "sales", &["4201", "4299"], "").replace(
        "namespace: voice}",
        "namespace: voice, annotations: {um.lamplighter.dev/refresh-requested-at: '1'}}",
    );
    office.write("lina.yaml", &annotated);
    within(PATIENCE, "a second NOTIFY", || strange.notifies().len() == 2);
}
