//! TLS of the HTTP port: its certificates, those of callers, and what is said in plain text beside them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use crate::common::authority::{Authority, Leaf, Validity, files, secret};
use crate::common::http::{Response, connect, read, read_one, send};
use crate::common::https::{Caller, Stream, der};
use crate::common::manifests::{mailbox, policy};
use crate::common::office::{Office, Program, messages};
use crate::common::{LIMIT, free_port, wait};
use crate::http::assert_problem;
use crate::http_clients::{client, office, plan_with, token};

const NAME: &str = "lamp.example.com";
const FREE: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// The block `tls` with the certificate in the Secret `lamp-http`.
fn tls() -> Value {
    json!({"certificateSecretRef": {"name": "lamp-http"}})
}

/// The same, where callers need a certificate of the authority in the Secret `callers`.
fn mutual() -> Value {
    let authority = json!({"kind": "Secret", "name": "callers", "key": "ca.crt"});
    json!({"certificateSecretRef": {"name": "lamp-http"}, "clientCARef": authority})
}

fn server(authority: &Authority) -> Leaf {
    authority.server(NAME, Validity::Now)
}

/// Writes the Secret with the certificate of the HTTP port.
fn show(office: &Office, leaf: &Leaf) {
    office.write("lamp-http.json", &secret("lamp-http", &[("tls.crt", &leaf.chain), ("tls.key", &leaf.key)]));
}

fn trust(office: &Office, callers: &Authority) {
    office.write("callers.json", &secret("callers", &[("ca.crt", &callers.pem)]));
}

/// The port over TLS, and an authority that has its certificate.
fn secured(tls: &Value) -> (Office, Authority) {
    let office = office(&json!({"tls": tls}));
    let authority = Authority::new("right");
    show(&office, &server(&authority));
    (office, authority)
}

fn metric(program: &Program, name: &str) -> u64 {
    let metrics = program.read("/metrics").body;
    let value = metrics.lines().find_map(|line| line.strip_prefix(&format!("lamplighter_{name}_total ")));
    value.unwrap_or_else(|| panic!("no {name} in\n{metrics}")).parse().unwrap()
}

#[test]
fn with_a_certificate_the_port_takes_tls_and_tells_in_plain_text_only_how_it_is() {
    let office = office(&json!({"clients": [client("voicemail", &["messages"])], "tls": tls()}));
    office.write("voicemail.yaml", &token("voicemail", "hush"));
    let authority = Authority::new("right");
    show(&office, &server(&authority));
    let program = office.start();
    let caller = Caller::new(&authority, NAME, None);
    let headers = ["Authorization: Bearer hush", "Content-Type: application/json"];
    let path = messages("lina");
    let put = caller.request(program.address, "PUT", &path, &headers, br#"{"new":1,"old":0}"#).unwrap();
    assert_eq!((put.status, &put.json()["messages"]["new"]), (200, &json!(1)));
    assert_eq!(caller.get(program.address, &path, &[]), Ok(401));
    for free in FREE {
        assert_eq!(caller.get(program.address, free, &[]), Ok(200), "{free}");
        assert_eq!(program.read(free).status, 200, "{free} in plain text");
    }
    // In plain text it makes no difference who asks what.
    for path in [&path, &messages("nobody")] {
        for headers in [&headers[..], &[]] {
            let plain = program.request("PUT", path, headers, br#"{"new":2,"old":0}"#);
            assert_problem(&plain, 403, "use https://");
        }
    }
    let state = caller.request(program.address, "GET", &path, &headers, b"").unwrap();
    assert_eq!(state.json()["version"], 1);
}

#[test]
fn a_caller_that_trusts_others_or_expects_another_name_sends_nothing() {
    let (office, authority) = secured(&tls());
    let program = office.start();
    let refused = |caller: &Caller| caller.get(program.address, "/healthz", &[]).unwrap_err();
    let other = Authority::new("wrong");
    assert!(refused(&Caller::new(&other, NAME, None)).contains("UnknownIssuer"));
    assert!(refused(&Caller::new(&authority, "other.example.com", None)).contains("not valid for name"));
    assert_eq!(Caller::new(&authority, NAME, None).get(program.address, &messages("lina"), &[]), Ok(200));
}

#[test]
fn with_an_authority_for_callers_each_shows_a_certificate_of_it_but_for_health() {
    let (office, authority) = secured(&mutual());
    let callers = Authority::new("callers");
    trust(&office, &callers);
    let program = office.start();
    let to = program.address;
    let of = |own: Option<&Leaf>| Caller::new(&authority, NAME, own);
    let own = callers.client(Validity::Now);
    assert_eq!(of(Some(&own)).get(to, &messages("lina"), &[]), Ok(200));
    let without = of(None).request(to, "GET", &messages("lina"), &[], b"").unwrap();
    assert_problem(&without, 403, "show a client certificate");
    for free in FREE {
        assert_eq!(of(None).get(to, free, &[]), Ok(200), "{free}");
    }
    for (why, wrong) in [
        ("UnknownCA", Authority::new("others").client(Validity::Now)),
        ("CertificateExpired", callers.client(Validity::Expired)),
    ] {
        let refused = of(Some(&wrong)).get(to, &messages("lina"), &[]).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    assert_problem(&program.read(&messages("lina")), 403, "use https://");
    // Another authority: who was let in by the one before is not, and a connection that is open ends.
    let mut open = of(Some(&own)).connect(to).unwrap();
    let others = Authority::new("others");
    trust(&office, &others);
    let new = others.client(Validity::Now);
    wait("the other authority", || (of(Some(&new)).get(to, &messages("lina"), &[]) == Ok(200)).then_some(()));
    assert!(of(Some(&own)).get(to, &messages("lina"), &[]).is_err());
    assert_eq!(open.read(&mut [0]).unwrap(), 0, "it is closed as it should be");
}

#[test]
fn a_new_certificate_is_shown_without_a_restart_and_requests_under_way_are_answered() {
    let office = office(&json!({"tls": tls()}));
    let authority = Authority::new("right");
    let secrets = office.beside("secrets");
    let write =
        |leaf: &Leaf| files(&secrets, "lamp-http", &[("tls.crt", &leaf.chain), ("tls.key", &leaf.key)]);
    let (first, second) = (server(&authority), server(&authority));
    write(&first);
    let program =
        Program::start(&office.manifests(), &office.data(), &["--secrets", secrets.to_str().unwrap()]);
    let caller = Caller::new(&authority, NAME, None);
    assert_eq!(caller.shown(program.address), der(&first));
    let asked = |stream: &mut Stream| -> std::io::Result<u16> {
        send(stream, "GET", &messages("lina"), &[], b"")?;
        read_one(stream).map(|answer| answer.status)
    };
    // Requests come over one connection all the time; each is answered, or the connection was closed between two of them.
    let mut connections = vec![caller.connect(program.address).unwrap()];
    write(&second);
    let changed = Instant::now();
    while caller.shown(program.address) != der(&second) {
        assert!(changed.elapsed() < LIMIT, "the second certificate is never shown");
        match asked(connections.last_mut().unwrap()) {
            Ok(status) => assert_eq!(status, 200),
            Err(_) => connections.push(caller.connect(program.address).unwrap()),
        }
    }
    assert!(connections.len() < 10, "connections end with the certificate, and stay else");
    // What is read again and is the same ends nothing.
    let mut open = caller.connect(program.address).unwrap();
    office.write("noor.yaml", &mailbox("noor", "sales", &["4205"], ""));
    wait("Noor", || (caller.get(program.address, &messages("noor"), &[]) == Ok(200)).then_some(()));
    assert_eq!(asked(&mut open).unwrap(), 200);
}

#[test]
fn without_a_certificate_that_can_be_used_nothing_is_served_until_there_is_one_and_it_stays() {
    let office = office(&json!({"tls": tls()}));
    let authority = Authority::new("right");
    let caller = Caller::new(&authority, NAME, None);
    let program = office.start();
    program.says_all(0, &["error[SecretNotFound]", "there is no Secret lamp-http with the key tls.crt"]);
    let closed = |program: &Program| {
        assert_problem(&program.read(&messages("lina")), 503, "nothing is served in plain text")
    };
    closed(&program);
    assert!(caller.get(program.address, "/healthz", &[]).is_err(), "there is nothing to show");
    for free in FREE {
        assert_eq!(
            program.read(free).status,
            200,
            "a probe that restarts the program would darken lamps: {free}"
        );
    }
    let good = server(&authority);
    let broken = Leaf { chain: good.chain.clone(), key: server(&authority).key };
    let mark = program.mark();
    show(&office, &broken);
    program.says(mark, "error[CertificateInvalid]");
    closed(&program);
    let mark = program.mark();
    show(&office, &good);
    wait("the certificate", || {
        (caller.get(program.address, &messages("lina"), &[]) == Ok(200)).then_some(())
    });
    program.says(mark, "no findings");
    // One half of a new pair is no reason to serve nobody.
    let mark = program.mark();
    show(&office, &broken);
    program.says(mark, "error[CertificateInvalid]");
    assert_eq!(caller.shown(program.address), der(&good));
    assert_eq!(caller.get(program.address, &messages("lina"), &[]), Ok(200));
    // A Secret that is gone is meant.
    office.remove("lamp-http.json");
    wait("the end of service", || (program.read(&messages("lina")).status == 503).then_some(()));
}

#[test]
fn tls_that_is_taken_out_of_the_dial_plan_ends_and_what_is_put_in_begins_at_once() {
    let (office, authority) = secured(&tls());
    let program = office.start();
    let caller = Caller::new(&authority, NAME, None);
    office.write("plan.yaml", &plan_with("hq", office.sip_port, &json!({})));
    wait("plain HTTP", || (program.read(&messages("lina")).status == 200).then_some(()));
    assert!(caller.get(program.address, "/healthz", &[]).is_err());
    let mut plain = connect(program.address);
    send(&mut plain, "GET", &messages("lina"), &[], b"").unwrap();
    assert_eq!(read_one(&mut plain).unwrap().status, 200);
    office.write("plan.yaml", &plan_with("hq", office.sip_port, &json!({"tls": tls()})));
    wait("TLS", || (caller.get(program.address, &messages("lina"), &[]) == Ok(200)).then_some(()));
    // A connection from the time before obeys what holds now, unless it was idle for too long.
    let _ = send(&mut plain, "GET", &messages("lina"), &[], b"");
    if let Ok(answer) = read_one(&mut plain) {
        assert_eq!(answer.status, 403, "{answer:?}");
    }
}

#[test]
fn several_dial_plans_share_the_port_and_each_has_its_own_certificates_and_rules() {
    let (office, authority) = secured(&mutual());
    let callers = Authority::new("callers");
    trust(&office, &callers);
    let of_branch = Authority::new("branch");
    let shown = of_branch.server("branch.example.com", Validity::Now);
    let branch = json!({"tls": {"certificateSecretRef": {"name": "branch-http"}}});
    office.write("branch.yaml", &plan_with("branch", free_port(), &branch));
    office.write(
        "branch-http.json",
        &secret("branch-http", &[("tls.crt", &shown.chain), ("tls.key", &shown.key)]),
    );
    office.write("branch-policy.yaml", &policy("branch-sales", "branch"));
    office.write("noor.yaml", &mailbox("noor", "branch-sales", &["5301"], ""));
    office.write("open.yaml", &plan_with("open", free_port(), &json!({})));
    office.write("open-policy.yaml", &policy("open-sales", "open"));
    office.write("ada.yaml", &mailbox("ada", "open-sales", &["6001"], ""));
    let program = office.start();
    let to = program.address;
    let own = callers.client(Validity::Now);
    let of_hq = Caller::new(&authority, NAME, Some(&own));
    let of_branch = Caller::new(&of_branch, "branch.example.com", None);
    assert_eq!(of_hq.get(to, &messages("lina"), &[]), Ok(200));
    assert_eq!(of_branch.get(to, &messages("noor"), &[]), Ok(200));
    assert_eq!(
        of_branch.get(to, &messages("lina"), &[]),
        Ok(403),
        "it has no certificate of the callers of hq"
    );
    assert_eq!(of_branch.get(to, &messages("ada"), &[]), Ok(200));
    assert_eq!(program.read(&messages("noor")).status, 403);
    assert_eq!(program.read(&messages("ada")).status, 200, "plain HTTP is for dial plans without tls");
}

#[test]
fn who_does_not_finish_a_handshake_is_cut_off_and_fills_no_log() {
    let (office, authority) = secured(&tls());
    let program = office.start();
    let mut slow: Vec<TcpStream> = Vec::new();
    for sent in [&b"\x16"[..], b"\x16\x03\x01\x02\x00", b""] {
        let mut stream = connect(program.address);
        stream.write_all(sent).unwrap();
        slow.push(stream);
    }
    for _ in 0..50 {
        let mut stream = connect(program.address);
        stream.write_all(b"\x16\x03\x01\x00\x05hello").unwrap();
        // An alert, and the end.
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let start = Instant::now();
    for stream in &mut slow {
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    wait("all to be counted", || (metric(&program, "http_handshakes_failed") == 52).then_some(()));
    let log = program.process.stderr.text();
    assert!(!log.contains("HTTP") && !log.contains("TLS"), "{log}");
    let caller = Caller::new(&authority, NAME, None);
    assert_eq!(caller.get(program.address, &messages("lina"), &[]), Ok(200));
}

#[test]
fn one_address_does_not_take_all_connections() {
    let office = Office::new();
    let program = office.start();
    // Each says something and does not finish, so that it is held for five seconds.
    let mut held = Vec::new();
    let crowded = wait("a connection too many", || {
        held.extend((0..128).map(|_| {
            let mut stream = connect(program.address);
            let _ = stream.write_all(b"GET ");
            stream
        }));
        let metrics = from_elsewhere(program.address, "/metrics").body;
        let value = metrics.lines().find_map(|line| line.strip_prefix("lamplighter_http_crowded_total "));
        value.unwrap().parse::<usize>().ok().filter(|count| *count > 0)
    });
    assert!(held.len() - crowded >= 512, "{} connections, of which {crowded} were too many", held.len());
    // Others are still served.
    assert_eq!(from_elsewhere(program.address, "/healthz").status, 200);
    drop(held);
    wait("places", || {
        let mut stream = TcpStream::connect(program.address).ok()?;
        send(&mut stream, "GET", "/healthz", &["Connection: close"], b"").ok()?;
        read(stream).ok().filter(|answer| answer.status == 200)
    });
}

/// A GET from another address of this machine.
fn from_elsewhere(to: SocketAddr, path: &str) -> Response {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 2], 0)).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    send(&mut stream, "GET", path, &["Connection: close"], b"").unwrap();
    read(stream).unwrap()
}
