//! A gateway that asks for a password (RFC 3261 section 22, RFC 7616).

use std::collections::BTreeMap;
use std::fs;

use md5::{Digest as _, Md5};

use crate::common::office::{Office, Program};
use crate::gateway::{RawGateway, field};

const AUTH: &str =
    ", transport: UDP, auth: {username: lamp, passwordSecretRef: {name: pbx-sip, key: password}}";

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Refuses the next NOTIFY with a challenge, and holds the one after it against the password.
fn challenge(raw: &RawGateway, password: &str) {
    let (message, from) = raw.notify();
    let challenge = "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"pbx\", nonce=\"n0nce\", qop=\"auth\", algorithm=MD5";
    raw.answer(&message, from, challenge);
    let (again, from) = raw.notify();
    assert_eq!((field(&message, "CSeq"), field(&again, "CSeq")), ("1 NOTIFY", "2 NOTIFY"));
    assert_eq!(field(&message, "Call-ID"), field(&again, "Call-ID"));
    assert_ne!(field(&message, "Via"), field(&again, "Via"), "a new transaction has a new branch");
    let value = field(&again, "Authorization").strip_prefix("Digest ").unwrap();
    let parts = value.split(',').map(|part| part.trim().split_once('=').unwrap());
    let parts: BTreeMap<&str, &str> = parts.map(|(name, value)| (name, value.trim_matches('"'))).collect();
    let uri = again.split(' ').nth(1).unwrap();
    assert_eq!((parts["username"], parts["realm"], parts["uri"], parts["qop"]), ("lamp", "pbx", uri, "auth"));
    let (user, request) = (md5(&format!("lamp:pbx:{password}")), md5(&format!("NOTIFY:{uri}")));
    let proof = md5(&format!("{user}:n0nce:{}:{}:auth:{request}", parts["nc"], parts["cnonce"]));
    assert_eq!(parts["response"], proof);
    raw.answer(&again, from, "200 OK");
}

#[test]
fn a_challenge_is_answered_and_a_new_password_is_taken_from_its_file() {
    let raw = RawGateway::bind("127.0.0.1:0");
    let office = Office::new();
    office.gateway("pbx", raw.port(), AUTH);
    let secret = office.beside("secrets").join("pbx-sip");
    fs::create_dir_all(&secret).unwrap();
    fs::write(secret.join("password"), "first\n").unwrap();
    let secrets = office.beside("secrets");
    let program =
        Program::start(&office.manifests(), &office.data(), &["--secrets", secrets.to_str().unwrap()]);
    program.put("lina", 1, 0);
    challenge(&raw, "first");
    program.lamp_is("lina", "on");
    fs::write(secret.join("password"), "second\n").unwrap();
    // Another password is another way to the gateway: its lamps are told again.
    challenge(&raw, "second");
    program.lamp_is("lina", "on");
    let said = program.process.stdout.text() + &program.process.stderr.text();
    assert!(!said.contains("first") && !said.contains("second"), "{said}");
}

#[test]
fn a_password_that_is_missing_is_named_and_the_gateway_works_once_it_is_there() {
    let raw = RawGateway::bind("127.0.0.1:0");
    let office = Office::new();
    office.gateway("pbx", raw.port(), AUTH);
    let program = office.start();
    program.says_all(0, &["error[SecretNotFound]", "--> pbx.yaml:4:", "pbx-sip", "password"]);
    program.put("lina", 1, 0);
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: pbx-sip, namespace: voice}\nstringData: {password: third}\n";
    let mark = program.mark();
    office.write("secret.yaml", secret);
    program.says(mark, "no findings");
    challenge(&raw, "third");
    program.lamp_is("lina", "on");
}
