//! Gateways that ask for a password (RFC 7616). The digests are worked out here anew, from the text of the RFC.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use md5::Digest as _;

use super::scripted::{Heard, Scripted};
use super::sipp::Sipp;
use super::staff::{PATIENCE, stays, within};
use crate::common::manifests::gateway;
use crate::common::office::{Office, Program};
use crate::common::process::{LAMPLIGHTER, Process};

const USER: &str = "lamp";
/// The password that tests/peers/uas_auth.xml knows too.
const PASSWORD: &str = "s3cret:Lamp-Pass";
const REALM: &str = "pbx.example.com";

fn hash(algorithm: &str, text: &str) -> String {
    let bytes = match algorithm {
        "MD5" => md5::Md5::digest(text).to_vec(),
        "SHA-256" => sha2::Sha256::digest(text).to_vec(),
        other => panic!("no {other} here"),
    };
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// A challenge; `more` begins with a comma or is empty.
fn challenge(algorithm: &str, nonce: &str, more: &str) -> String {
    format!(
        "WWW-Authenticate: Digest realm=\"{REALM}\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\", opaque=\"0p\"{more}"
    )
}

/// Whether a request has the right answer to the challenge with that nonce.
fn is_right(heard: &Heard, given: &BTreeMap<String, String>, algorithm: &str, nonce: &str) -> bool {
    let get = |name: &str| given.get(name).cloned().unwrap_or_default();
    let (count, cnonce) = (get("nc"), get("cnonce"));
    let a1 = hash(algorithm, &format!("{USER}:{REALM}:{PASSWORD}"));
    let a2 = hash(algorithm, &format!("NOTIFY:{}", heard.uri));
    let response = hash(algorithm, &format!("{a1}:{nonce}:{count}:{cnonce}:auth:{a2}"));
    let echoed =
        [("username", USER), ("realm", REALM), ("nonce", nonce), ("uri", &heard.uri), ("qop", "auth")];
    let is_echoed = echoed.iter().all(|(name, value)| get(name) == *value);
    let names =
        get("algorithm") == algorithm && get("opaque") == "0p" && count == "00000001" && !cnonce.is_empty();
    is_echoed && names && get("response") == response
}

/// A telephone system that challenges with these algorithms, wants the last of them, and numbers its nonces.
fn challenger(algorithms: &'static [&'static str]) -> Scripted {
    let mut nonces = 0;
    Scripted::start(Box::new(move |heard| {
        let wanted = algorithms.last().unwrap();
        let nonce = format!("nonce-{nonces}");
        if heard.authorization().is_some_and(|given| is_right(heard, &given, wanted, &nonce)) {
            return ("200 OK", Vec::new());
        }
        nonces += 1;
        let nonce = format!("nonce-{nonces}");
        ("401 Unauthorized", algorithms.iter().map(|algorithm| challenge(algorithm, &nonce, "")).collect())
    }))
}

/// An office with a gateway that has credentials, and the Secret as a manifest.
fn office(port: u16, password: &str) -> Office {
    let office = Office::new();
    let auth = format!(
        ", transport: UDP, auth: {{username: {USER}, passwordSecretRef: {{name: pbx-sip, key: password}}}}"
    );
    office.write("pbx.yaml", &gateway("pbx", "hq", port, &auth));
    office.write("secret.yaml", &secret(password));
    office
}

fn secret(password: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: pbx-sip, namespace: voice}}\nstringData: {{password: '{password}'}}\n"
    )
}

/// Starts the program with all logs on.
fn start_loudly(office: &Office) -> Program {
    let mut command = Command::new(LAMPLIGHTER);
    command.env("RUST_LOG", "trace").arg("standalone").arg(office.manifests());
    let process = Process::start(command.args(["--listen", "127.0.0.1:0", "--data"]).arg(office.data()));
    let line = process.stdout.wait_for(0, "Lamplighter listens on http://");
    let address =
        line.split(' ').find_map(|word| word.strip_prefix("http://")).and_then(|at| at.parse().ok());
    Program { process, address: address.unwrap() }
}

/// Neither the password nor what is worked out with it shows anywhere.
fn nothing_leaks(program: Program, heard: &[Heard], password: &str) {
    let told = [program.get("lina").to_string(), program.read("/metrics").body];
    let logs = [program.process.stderr.text(), program.process.stdout.text()];
    assert!(logs[0].contains("DEBUG") || logs[0].contains("TRACE"), "the logs are on");
    program.stop();
    let answers = heard.iter().filter_map(Heard::authorization).map(|given| given["response"].clone());
    let a1 = hash("MD5", &format!("{USER}:{REALM}:{password}"));
    for secret in answers.chain([password.to_owned(), a1, "Digest username".to_owned(), "cnonce".to_owned()])
    {
        for text in told.iter().chain(&logs) {
            assert!(!text.contains(&secret), "`{secret}` shows in\n{text}");
        }
    }
}

fn answers(algorithms: &'static [&'static str]) {
    let pbx = challenger(algorithms);
    let office = office(pbx.port, PASSWORD);
    let program = start_loudly(&office);
    program.put("lina", 1, 0);
    program.lamp_is("lina", "on");
    let heard = pbx.heard();
    assert_eq!(heard.len(), 2, "one challenge and one answer: {heard:?}");
    let both =
        |name: &str| (heard[0].header(name).unwrap().to_owned(), heard[1].header(name).unwrap().to_owned());
    assert_eq!(both("CSeq"), ("1 NOTIFY".to_owned(), "2 NOTIFY".to_owned()));
    assert_eq!(both("Call-ID").0, both("Call-ID").1);
    assert_ne!(both("Via").0, both("Via").1, "another transaction has another branch");
    assert!(heard[0].authorization().is_none());
    nothing_leaks(program, &heard, PASSWORD);
}

#[test]
fn a_challenge_with_md5_and_qop_is_answered_right() {
    answers(&["MD5"]);
}

#[test]
fn a_challenge_with_sha_256_is_answered_right() {
    answers(&["SHA-256"]);
}

#[test]
fn of_two_challenges_the_stronger_is_answered() {
    answers(&["MD5", "SHA-256"]);
}

#[test]
fn a_proxy_that_challenges_gets_its_answer_in_its_own_field() {
    let pbx = Scripted::start(Box::new(|heard| match heard.authorization() {
        Some(given) if heard.header("Authorization").is_none() && is_right(heard, &given, "MD5", "n") => {
            ("200 OK", Vec::new())
        }
        _ => {
            let challenge = challenge("MD5", "n", "").replace("WWW-Authenticate", "Proxy-Authenticate");
            ("407 Proxy Authentication Required", vec![challenge])
        }
    }));
    let office = office(pbx.port, PASSWORD);
    let program = start_loudly(&office);
    program.put("lina", 1, 0);
    program.lamp_is("lina", "on");
    let heard = pbx.heard();
    assert_eq!(heard.len(), 2, "{heard:?}");
    nothing_leaks(program, &heard, PASSWORD);
}

#[test]
fn a_nonce_that_grew_stale_is_replaced_at_once() {
    let pbx = Scripted::start(Box::new(|heard| match heard.authorization() {
        None => ("401 Unauthorized", vec![challenge("MD5", "old", "")]),
        Some(given) if is_right(heard, &given, "MD5", "new") => ("200 OK", Vec::new()),
        Some(_) => ("401 Unauthorized", vec![challenge("MD5", "new", ", stale=true")]),
    }));
    let office = office(pbx.port, PASSWORD);
    let program = start_loudly(&office);
    program.put("lina", 1, 0);
    program.lamp_is("lina", "on");
    let heard = pbx.heard();
    assert_eq!(heard.len(), 3, "{heard:?}");
    nothing_leaks(program, &heard, PASSWORD);
}

#[test]
fn a_gateway_that_calls_every_nonce_stale_gets_no_endless_answers() {
    let mut nonces = 0;
    let pbx = Scripted::start(Box::new(move |_| {
        nonces += 1;
        ("401 Unauthorized", vec![challenge("MD5", &format!("nonce-{nonces}"), ", stale=true")])
    }));
    let office = office(pbx.port, PASSWORD);
    let program = start_loudly(&office);
    program.put("lina", 1, 0);
    within(PATIENCE, "a second round", || calls(&pbx.heard()).len() >= 2);
    let heard = pbx.heard();
    for call in calls(&heard).values() {
        assert!(*call <= 3, "one request, one answer and one more for a stale nonce: {heard:?}");
    }
    nothing_leaks(program, &heard, PASSWORD);
}

/// Requests of each call.
fn calls(heard: &[Heard]) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for heard in heard {
        *calls.entry(heard.header("Call-ID").unwrap().to_owned()).or_default() += 1;
    }
    calls
}

#[test]
fn a_wrong_password_is_tried_once_a_round_until_the_right_one_is_there() {
    let wrong = "Wr0ng-Pass-5657";
    let pbx = challenger(&["MD5"]);
    let office = office(pbx.port, wrong);
    let program = start_loudly(&office);
    program.put("lina", 1, 0);
    within(PATIENCE, "two rounds", || calls(&pbx.heard()).len() >= 2);
    let most = pbx.heard().len() + 4;
    stays(Duration::from_secs(4), "pending, and seldom asked", || {
        program.get("lina")["lamp"] == "pending" && pbx.heard().len() <= most
    });
    let line = program.logs("does not take the user name and password");
    assert!(line.contains("gateway=pbx ") && line.contains("status=401"), "{line}");
    let log = program.process.stderr.text();
    assert_eq!(log.matches("does not take the user name and password").count(), 1, "it is said once");
    let heard = pbx.heard();
    assert!(calls(&heard).values().all(|count| *count == 2), "each password is tried once a call: {heard:?}");
    let nonces: Vec<String> =
        heard.iter().filter_map(Heard::authorization).map(|given| given["nonce"].clone()).collect();
    let different: BTreeSet<&String> = nonces.iter().collect();
    assert_eq!(different.len(), nonces.len(), "no nonce is answered twice: {nonces:?}");

    office.write("secret.yaml", &secret(PASSWORD));
    within(PATIENCE, "the lamp with the new password", || program.get("lina")["lamp"] == "on");
    let heard = pbx.heard();
    let log = program.process.stderr.text();
    assert!(!log.contains(PASSWORD));
    nothing_leaks(program, &heard, wrong);
}

#[test]
fn a_gateway_that_asks_for_a_password_that_nobody_gave_is_named_in_the_log() {
    let pbx = challenger(&["MD5"]);
    let office = Office::new();
    office.gateway("pbx", pbx.port, ", transport: UDP");
    let program = office.start();
    program.put("lina", 1, 0);
    program.lamp_is("lina", "pending");
    assert!(program.logs("asks for a password").contains("gateway=pbx "));
    assert!(pbx.heard().iter().all(|heard| heard.authorization().is_none()));
}

#[test]
fn a_password_from_a_file_is_read_without_its_line_break() {
    let pbx = challenger(&["MD5"]);
    let office = office(pbx.port, PASSWORD);
    office.remove("secret.yaml");
    let secrets = office.beside("secrets");
    std::fs::create_dir_all(secrets.join("pbx-sip")).unwrap();
    std::fs::write(secrets.join("pbx-sip/password"), format!("{PASSWORD}\n")).unwrap();
    let program =
        Program::start(&office.manifests(), &office.data(), &["--secrets", secrets.to_str().unwrap()]);
    program.put("lina", 1, 0);
    program.lamp_is("lina", "on");
}

#[test]
fn sipp_takes_the_answer_to_its_challenge() {
    let sipp = Sipp::start("uas_auth.xml", "udp");
    let office = office(sipp.port, PASSWORD);
    let program = start_loudly(&office);
    program.put("lina", 1, 0);
    program.lamp_is("lina", "on");
    let heard: Vec<Heard> = Vec::new();
    nothing_leaks(program, &heard, PASSWORD);
    let errors = sipp.errors();
    let counts = sipp.stop();
    assert_eq!(counts["FailedCall(C)"], 0, "{errors}\n{counts:?}");
}

#[test]
fn sipp_refuses_the_answer_with_another_password() {
    let sipp = Sipp::start("uas_auth.xml", "udp");
    let office = office(sipp.port, "another");
    let program = office.start();
    program.put("lina", 1, 0);
    sipp.wait_for(2);
    program.lamp_is("lina", "pending");
    stays(Duration::from_secs(1), "pending", || program.get("lina")["lamp"] == "pending");
}
