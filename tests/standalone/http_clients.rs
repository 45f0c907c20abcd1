//! Who may call over HTTP: tokens, their scopes, and what nobody learns without one.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::common::http::Response;
use crate::common::manifests::{calm, mailbox, object, policy};
use crate::common::office::{Office, Program, messages, messages_of};
use crate::common::process::{LAMPLIGHTER, Process};
use crate::common::{free_port, wait};
use crate::http::assert_problem;

const SCOPES: [&str; 6] = ["messages", "events", "settings", "pin", "dialing", "sms"];

/// A dial plan of four digits whose block `http` is this, in JSON.
pub fn plan_with(name: &str, sip_port: u16, http: &Value) -> String {
    let calm = calm(name);
    let notifier = format!("{{mode: Active, sip: {{port: {sip_port}}}, http: {http}}}");
    object("UMDialPlan", name, &format!("{{numberOfDigitsInExtension: 4, {calm}, notifier: {notifier}}}"))
}

/// A client whose token is in the Secret of its name.
pub fn client(name: &str, scopes: &[&str]) -> Value {
    json!({"name": name, "tokenSecretRef": {"name": name, "key": "token"}, "scopes": scopes})
}

/// A Secret with a token.
pub fn token(name: &str, value: &str) -> String {
    let metadata = json!({"name": name, "namespace": "voice"});
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"token": value}})
        .to_string()
}

/// The office where `http` of its dial plan is this.
pub fn office(http: &Value) -> Office {
    let office = Office::with(free_port());
    office.write("plan.yaml", &plan_with("hq", office.sip_port, http));
    office
}

/// The head of a request with this token.
fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

fn get(program: &Program, path: &str, token: Option<&str>) -> Response {
    let header = token.map(bearer);
    let headers: Vec<&str> = header.iter().map(String::as_str).collect();
    program.request("GET", path, &headers, b"")
}

fn put(program: &Program, path: &str, token: Option<&str>) -> Response {
    let header = token.map(bearer);
    let json = ["Content-Type: application/json"];
    let headers: Vec<&str> = json.into_iter().chain(header.as_deref()).collect();
    program.request("PUT", path, &headers, br#"{"new":1,"old":0}"#)
}

#[test]
fn each_scope_opens_its_addresses_and_no_other_not_even_on_this_machine() {
    let office = office(&json!({"clients": SCOPES.map(|scope| client(scope, &[scope]))}));
    for scope in SCOPES {
        office.write(&format!("{scope}.yaml"), &token(scope, &format!("of-{scope}")));
    }
    let program = office.start();
    let dial = |token: Option<&str>| {
        let header = token.map(bearer);
        let headers: Vec<&str> =
            ["Content-Type: application/json"].into_iter().chain(header.as_deref()).collect();
        let body = br#"{"caller":"signedIn","mailbox":"lina","number":"4202"}"#;
        program.request("POST", "/v1/namespaces/voice/dial-plans/hq/dial:authorize", &headers, body)
    };
    let settings = ["/mailboxes/lina", "/dial-plans/hq", "/dial-plans/hq/extensions/4201"];
    let asked = |token: Option<&str>| {
        let mut answers = vec![("dialing", dial(token))];
        for path in settings {
            answers.push(("settings", get(&program, &format!("/v1/namespaces/voice{path}"), token)));
        }
        for path in [messages("lina"), messages_of("hq", "4299")] {
            answers.push(("messages", put(&program, &path, token)));
            answers.push(("messages", get(&program, &path, token)));
        }
        answers
    };
    for scope in SCOPES {
        for (needed, answer) in asked(Some(&format!("of-{scope}"))) {
            if needed == scope {
                assert_eq!(answer.status, 200, "{scope} {answer:?}");
            } else {
                assert_problem(
                    &answer,
                    403,
                    &format!("client {scope} may not do this: add {needed} to its scopes"),
                );
            }
        }
    }
    for (_, answer) in asked(None) {
        assert_problem(&answer, 401, "Authorization: Bearer");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"lamplighter\""));
    }
    for (_, answer) in asked(Some("guessed")) {
        assert_problem(&answer, 401, "the token of no client");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer "), "{answer:?}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(program.read(path).status, 200, "{path}");
    }
    let metrics = program.read("/metrics").body;
    for line in ["{code=\"NoToken\"} 8", "{code=\"UnknownToken\"} 8", "{code=\"NoScope\"} 40"] {
        assert!(metrics.contains(&format!("lamplighter_http_refused_total{line}\n")), "{line}: {metrics}");
    }
}

#[test]
fn a_token_is_taken_from_its_file_when_it_comes_when_it_changes_and_when_it_goes() {
    let office =
        office(&json!({"clients": [client("voicemail", &["messages"]), client("portal", &["messages"])]}));
    let secrets = office.beside("secrets");
    let write = |name: &str, value: &str| {
        fs::create_dir_all(secrets.join(name)).unwrap();
        fs::write(secrets.join(name).join("token"), value).unwrap();
    };
    write("portal", "other");
    let arguments = ["--secrets", secrets.to_str().unwrap()];
    let program = Program::start(&office.manifests(), &office.data(), &arguments);
    let status = |token: &str| get(&program, &messages("lina"), Some(token)).status;
    // A client without its token is named, and the others go on.
    program
        .says_all(0, &["error[SecretNotFound]", "clients[0].tokenSecretRef", "there is no Secret voicemail"]);
    assert_eq!((status("first"), status(""), status("other")), (401, 401, 200));
    let mark = program.mark();
    write("voicemail", "first\n");
    wait("the first token", || (status("first") == 200).then_some(()));
    program.says(mark, "no findings");
    write("voicemail", "second");
    wait("the second token", || (status("second") == 200).then_some(()));
    assert_eq!((status("first"), status("other")), (401, 200));
    fs::remove_file(secrets.join("voicemail/token")).unwrap();
    wait("the end of the second token", || (status("second") == 401).then_some(()));
    assert_eq!(status("other"), 200);
}

#[test]
fn tokens_stand_in_no_log_and_no_answer_however_much_is_logged() {
    let office =
        office(&json!({"clients": [client("voicemail", &["messages"]), client("portal", &["messages"])]}));
    office.write("voicemail.yaml", &token("voicemail", "hush-hush"));
    office.write("portal.yaml", &token("portal", "hush hush, with blanks"));
    let mut command = Command::new(LAMPLIGHTER);
    command.arg("standalone").arg(office.manifests()).args(["--listen", "127.0.0.1:0", "--data"]);
    let process = Process::start(command.arg(office.data()).env("RUST_LOG", "trace"));
    let program = Program::of(process);
    program.says_all(0, &["error[TokenInvalid]", "clients[1].tokenSecretRef", "holds a blank"]);
    let mut said = String::new();
    for token in ["hush-hush", "hush-hush-no", "hush hush, with blanks"] {
        said += &format!("{:?}", get(&program, &messages("lina"), Some(token)));
        said += &format!("{:?}", get(&program, "/v1/namespaces/voice/dial-plans/hq", Some(token)));
    }
    // The client's name is what tells who it was.
    program.logs("voicemail");
    program.logs("NoScope");
    said += &(program.process.stdout.text() + &program.process.stderr.text());
    assert!(said.contains("HTTP request refused") && !said.contains("hush"), "{said}");
}

/// The office `hq`, and a dial plan `branch` with Noor (5301), each with a client of its own and a token of that name.
fn two_plans() -> Office {
    let all = |name: &str| json!({"clients": [client(name, &SCOPES)]});
    let office = office(&all("of-hq"));
    office.write("branch.yaml", &plan_with("branch", free_port(), &all("of-branch")));
    office.write("branch-policy.yaml", &policy("branch-sales", "branch"));
    office.write("noor.yaml", &mailbox("noor", "branch-sales", &["5301"], ""));
    office.write(
        "tokens.yaml",
        &format!("{}\n---\n{}", token("of-hq", "of-hq"), token("of-branch", "of-branch")),
    );
    office
}

#[test]
fn a_token_opens_the_mailboxes_of_its_own_dial_plan_alone() {
    let office = two_plans();
    let program = office.start();
    let own = [
        (messages("lina"), "of-hq"),
        (messages("noor"), "of-branch"),
        (messages_of("branch", "5301"), "of-branch"),
    ];
    for (path, token) in &own {
        assert_eq!(put(&program, path, Some(token)).status, 200, "{path}");
        let other = if *token == "of-hq" { "of-branch" } else { "of-hq" };
        assert_problem(&put(&program, path, Some(other)), 401, "no client of this dial plan");
        assert_problem(&get(&program, path, Some(other)), 401, "no client of this dial plan");
    }
    assert_problem(&get(&program, &messages_of("hq", "5301"), Some("of-branch")), 401, "no client");
    // A client may hear that there is nothing.
    assert_problem(&get(&program, &messages("nobody"), Some("of-hq")), 404, "no mailbox nobody");
    assert_problem(&get(&program, &messages_of("hq", "4999"), Some("of-hq")), 404, "4999");
    assert_problem(&get(&program, "/v1/namespaces/other/mailboxes/lina", Some("of-hq")), 401, "no client");
}

#[test]
fn nobody_learns_without_a_token_what_there_is() {
    let office = two_plans();
    // A dial plan for callers on this machine stands beside them, and a mailbox whose policy nobody knows.
    office.write("open.yaml", &plan_with("open", free_port(), &json!({})));
    office.write("lost.yaml", &mailbox("lost", "nowhere", &["4207"], ""));
    let program = office.start();
    for token in [None, Some("guessed")] {
        let told = |path: &str| {
            let answer = get(&program, path, token);
            (answer.status, answer.header("www-authenticate").map(str::to_owned), answer.body)
        };
        let lina = told(&messages("lina"));
        assert_eq!(lina.0, 401);
        for path in [
            messages("noor"),
            messages("nobody"),
            messages("lost"),
            messages_of("hq", "4201"),
            messages_of("hq", "4999"),
            messages_of("nowhere", "4201"),
            "/v1/namespaces/voice/mailboxes/lina".to_owned(),
            "/v1/namespaces/voice/dial-plans/hq".to_owned(),
            "/v1/namespaces/voice/dial-plans/nowhere".to_owned(),
            "/v1/namespaces/nowhere/mailboxes/lina".to_owned(),
        ] {
            assert_eq!(told(&path), lina, "{path}");
        }
    }
    assert_eq!(get(&program, "/v1/namespaces/voice/dial-plans/open", None).status, 200);
    // An error hides whose mailbox that is; a client is to ask again, and does not forget it.
    assert_problem(&get(&program, &messages("lost"), Some("of-hq")), 503, "lost");
}

#[test]
fn clients_that_are_named_while_it_runs_count_at_once_and_so_does_their_removal() {
    let office = office(&json!({}));
    office.write("voicemail.yaml", &token("voicemail", "hush"));
    let program = office.start();
    let status = |token: Option<&str>| get(&program, &messages("lina"), token).status;
    assert_eq!(status(None), 200);
    office.write(
        "plan.yaml",
        &plan_with("hq", office.sip_port, &json!({"clients": [client("voicemail", &["messages"])]})),
    );
    wait("the end of callers without a token", || (status(None) == 401).then_some(()));
    assert_eq!(status(Some("hush")), 200);
    // A manifest with an error opens nothing: what it said before goes on.
    let mark = program.mark();
    office.write(
        "plan.yaml",
        &plan_with("hq", office.sip_port, &json!({"clients": [client("", &["messages"])]})),
    );
    program.says(mark, "error[HTTPClientInvalid]");
    assert_eq!((status(None), status(Some("hush"))), (401, 200));
    office.write("plan.yaml", &plan_with("hq", office.sip_port, &json!({"clients": []})));
    wait("callers without a token", || (status(None) == 200).then_some(()));
}

#[test]
fn a_list_of_clients_that_is_wrong_from_the_start_serves_nobody_who_is_not_rightly_on_it() {
    let wrong = json!({"clients": [client("", &SCOPES), client("voicemail", &["Messages", "settings"])]});
    let office = office(&wrong);
    office.write("voicemail.yaml", &token("voicemail", "hush"));
    let program = office.start();
    program.says_all(0, &["error[HTTPClientInvalid]", "error[ValueNotAllowed]"]);
    assert_problem(&get(&program, &messages("lina"), None), 401, "Bearer");
    assert_problem(&get(&program, &messages("lina"), Some("hush")), 403, "add messages");
    assert_eq!(get(&program, "/v1/namespaces/voice/mailboxes/lina", Some("hush")).status, 200);
}

#[test]
fn a_mailbox_that_an_error_hides_takes_counts_from_clients_of_its_own_dial_plan_alone() {
    let office = two_plans();
    let program = office.start();
    assert_eq!(put(&program, &messages("lina"), Some("of-hq")).status, 200);
    // Nobody knows any more to which dial plan it belongs, but its store.
    let mark = program.mark();
    office.replace("lina.yaml", "name: sales", "name: nowhere");
    program.says(mark, "error[MailboxPolicyNotFound]");
    assert_eq!(put(&program, &messages("lina"), Some("of-hq")).status, 200);
    for path in [messages("lina"), messages_of("branch", "4201")] {
        assert_problem(&put(&program, &path, Some("of-branch")), 401, "no client");
    }
}

#[test]
fn the_command_that_lights_a_lamp_says_where_the_token_goes() {
    let office = office(
        &json!({"clients": [client("voicemail", &["messages"])], "tls": {"certificateSecretRef": {"name": "lamp"}}}),
    );
    office.write("sim.yaml", &object("UMIPGateway", "sim", "{dialPlanRef: {name: hq}, simulator: true}"));
    let program = office.start();
    program.says_all(0, &["Light a lamp:", "-H \"Authorization: Bearer $TOKEN\"", "https://127.0.0.1:"]);
}

/// Callers from elsewhere. A network of its own has an address that is not this machine's loopback, and nothing leaves it.
#[test]
fn callers_from_elsewhere_need_a_token_and_without_clients_there_are_none() {
    let own_network = ["--map-root-user", "--net"];
    if !Command::new("unshare").args(own_network).arg("true").status().is_ok_and(|status| status.success()) {
        eprintln!("LEFT OUT: no network namespace can be made here, so nobody calls from elsewhere");
        return;
    }
    let office = two_plans();
    office.write("open.yaml", &plan_with("open", free_port(), &json!({})));
    let script = "ip link set lo up && ip address add 192.0.2.7/32 dev lo && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(own_network).args(["sh", "-c", script, "sh", LAMPLIGHTER, "standalone"]);
    command.arg(office.manifests()).args(["--listen", "192.0.2.7:8080", "--data"]).arg(office.data());
    let process = Process::start(&mut command);
    process.stdout.wait_for(0, "Lamplighter listens on http://192.0.2.7:8080");
    let status = |path: &str, more: &[&str]| {
        let mut command = Command::new("nsenter");
        command.args(["--user", "--preserve-credentials", "--net", "--target", &process.id().to_string()]);
        command.args(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"]).args(more);
        let output = command.arg(format!("http://192.0.2.7:8080{path}")).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let token = ["-H", "Authorization: Bearer of-hq"];
    assert_eq!(status(&messages("lina"), &token), "200");
    assert_eq!(status(&messages("lina"), &[]), "401");
    assert_eq!(status("/healthz", &[]), "200");
    office.write("plan.yaml", &plan_with("hq", office.sip_port, &json!({})));
    office.write("branch.yaml", &plan_with("branch", free_port(), &json!({})));
    wait("callers from elsewhere to be refused", || {
        (status(&messages("lina"), &token) == "403").then_some(())
    });
    assert_eq!(status("/v1/namespaces/voice/dial-plans/open", &[]), "403");
    assert_eq!(status("/metrics", &[]), "200");
}
