#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use tower::ServiceExt as _;

use super::*;
use crate::domain::object::Http;
use crate::domain::workload::NotifierConfig;
use crate::domain::{self, KeyName, Outcome, Snapshot};
use crate::notifier::directory::InNamespace;
use crate::notifier::setup::Keys;
use crate::serve::Channel;

/// Every address that is not for everybody, and the scope that it needs.
const GUARDED: [(&str, &str, &str); 8] = [
    ("GET", "/v1/namespaces/voice/mailboxes/lina", "settings"),
    ("GET", "/v1/namespaces/voice/mailboxes/lina/messages", "messages"),
    ("PUT", "/v1/namespaces/voice/mailboxes/lina/messages", "messages"),
    ("GET", "/v1/namespaces/voice/dial-plans/hq", "settings"),
    ("POST", "/v1/namespaces/voice/dial-plans/hq/dial:authorize", "dialing"),
    ("GET", "/v1/namespaces/voice/dial-plans/hq/extensions/4201", "settings"),
    ("GET", "/v1/namespaces/voice/dial-plans/hq/extensions/4201/messages", "messages"),
    ("PUT", "/v1/namespaces/voice/dial-plans/hq/extensions/4201/messages", "messages"),
];

const FREE: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Values of keys, by the name of their Secret.
struct Secrets(BTreeMap<&'static str, &'static str>);

impl Keys for Secrets {
    fn get(&self, key: &KeyName) -> Option<Vec<u8>> {
        self.0.get(key.name.as_str()).map(|value| value.as_bytes().to_vec())
    }
}

fn plan(name: &str, http: &Value) -> Value {
    json!({
        "apiVersion": "um.lamplighter.dev/v1alpha1", "kind": "UMDialPlan", "metadata": {"name": name},
        "spec": {"numberOfDigitsInExtension": 4, "notifier": {"mode": "Active", "http": http}},
    })
}

/// A directory with the dial plan `hq` whose block `http` is this; the values of its Secrets are `secrets`.
fn directory(http: &Value, secrets: &[(&'static str, &'static str)]) -> Directory {
    let plans = vec![Arc::new(serde_json::from_value(plan("hq", http)).unwrap())];
    let configs = domain::evaluate(&Snapshot { dial_plans: plans, ..Snapshot::default() }).notifiers();
    with(&configs, None, &BTreeSet::new(), secrets)
}

fn with(
    configs: &[NotifierConfig],
    outcome: Option<Arc<Outcome>>,
    existing: &BTreeSet<Arc<str>>,
    secrets: &[(&'static str, &'static str)],
) -> Directory {
    let now = InNamespace { outcome, configs, existing, unread_plans: BTreeSet::new(), complete: true };
    let directory = Directory::default();
    let mut entries = (*directory.now()).clone();
    entries.set_namespace("voice", &now, &Secrets(secrets.iter().copied().collect()));
    directory.replace(entries);
    directory
}

/// The answer to a caller at this address with these headers.
fn answer_to(
    directory: &Directory,
    (from, method, path): (&str, &str, &str),
    headers: &[(header::HeaderName, &str)],
    body: &'static str,
    ready: bool,
) -> Response {
    let api = Api::new(directory.clone(), Arc::default(), move || ready);
    let peer = SocketAddr::new(from.parse::<IpAddr>().unwrap(), 40_000);
    let channel = Channel { peer, secured: false, authorities: Arc::default() };
    let mut request = Request::builder().method(method).uri(path).extension(channel);
    request = request.header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(router(api).oneshot(request.body(Body::from(body)).unwrap())).unwrap()
}

/// The same with a body that is no JSON.
fn answer(
    directory: &Directory,
    request: (&str, &str, &str),
    headers: &[(header::HeaderName, &str)],
    ready: bool,
) -> Response {
    answer_to(directory, request, headers, "{", ready)
}

fn status(directory: &Directory, request: (&str, &str, &str), headers: &[(header::HeaderName, &str)]) -> u16 {
    answer(directory, request, headers, true).status().as_u16()
}

/// What whoever is let in gets: the body is no JSON, and nothing is known.
fn let_in(method: &str) -> u16 {
    if method == "GET" { 404 } else { 400 }
}

#[test]
fn without_clients_only_callers_on_this_machine_are_served_and_health_is_for_all() {
    for directory in
        [Directory::default(), directory(&json!({}), &[]), directory(&json!({"clients": []}), &[])]
    {
        for (method, path, _) in GUARDED {
            for from in ["192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.1", "0.0.0.0", "::"] {
                assert_eq!(status(&directory, (from, method, path), &[]), 403, "{from} {method} {path}");
            }
            for from in ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"] {
                let got = status(&directory, (from, method, path), &[]);
                assert_eq!(got, let_in(method), "{from} {method} {path}");
            }
        }
        for path in FREE {
            assert_eq!(status(&directory, ("192.0.2.1", "GET", path), &[]), 200, "{path}");
        }
    }
}

#[test]
fn with_clients_every_address_needs_a_token_with_its_scope_wherever_the_caller_is() {
    let words = ["messages", "events", "settings", "pin", "dialing", "sms"];
    for word in words {
        let clients = json!([{"name": "voicemail", "tokenSecretRef": {"name": "voicemail", "key": "token"}, "scopes": [word]}]);
        let directory = directory(&json!({"clients": clients}), &[("voicemail", "hush\n")]);
        for from in ["192.0.2.1", "127.0.0.1"] {
            for (method, path, scope) in GUARDED {
                let with = |headers: &[(header::HeaderName, &str)]| {
                    status(&directory, (from, method, path), headers)
                };
                let wanted = if scope == word { let_in(method) } else { 403 };
                for value in ["Bearer hush", "bearer hush", "BEARER  hush "] {
                    assert_eq!(
                        with(&[(header::AUTHORIZATION, value)]),
                        wanted,
                        "{value} {word} {method} {path}"
                    );
                }
                for value in
                    ["Bearer", "Bearer ", "Bearer hushh", "Bearer hus", "Basic hush", "hush", "Bearerhush"]
                {
                    assert_eq!(with(&[(header::AUTHORIZATION, value)]), 401, "{value} {method} {path}");
                }
                assert_eq!(with(&[]), 401);
                let twice = [(header::AUTHORIZATION, "Bearer hush"), (header::AUTHORIZATION, "Bearer hush")];
                assert_eq!(with(&twice), 401, "two headers are none");
            }
        }
        for path in FREE {
            assert_eq!(status(&directory, ("192.0.2.1", "GET", path), &[]), 200, "{path}");
        }
    }
}

#[test]
fn who_is_refused_is_told_how_to_sign_in_as_rfc_6750_has_it() {
    let clients = json!([{"name": "voicemail", "tokenSecretRef": {"name": "voicemail", "key": "token"}, "scopes": ["pin"]}]);
    let directory = directory(&json!({"clients": clients}), &[("voicemail", "hush")]);
    let challenge = |value: Option<&str>| {
        let headers: Vec<_> = value.iter().map(|value| (header::AUTHORIZATION, *value)).collect();
        let answer = answer(&directory, ("192.0.2.1", "GET", GUARDED[1].1), &headers, true);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
        answer.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().to_owned()
    };
    assert_eq!(challenge(None), "Bearer realm=\"lamplighter\"");
    assert_eq!(challenge(Some("Bearer other")), "Bearer realm=\"lamplighter\", error=\"invalid_token\"");
    assert_eq!(
        challenge(Some("Bearer hush")),
        "Bearer realm=\"lamplighter\", error=\"insufficient_scope\", scope=\"messages\""
    );
}

#[test]
fn before_a_configuration_is_in_force_everybody_is_put_off_whoever_it_is() {
    for from in ["192.0.2.1", "127.0.0.1"] {
        for (method, path, _) in GUARDED {
            let answer = answer(&Directory::default(), (from, method, path), &[], false);
            assert_eq!(answer.status(), 503, "{from} {method} {path}");
        }
    }
}

#[test]
fn a_token_that_can_not_be_one_opens_nothing_and_is_said_to_be_none() {
    let client = |name: &str| json!({"name": name, "tokenSecretRef": {"name": name, "key": "token"}, "scopes": ["messages"]});
    let http =
        json!({"clients": [client("one"), client("two"), client("blank"), client("empty"), client("gone")]});
    let secrets = [("one", "hush"), ("two", "hush\r\n"), ("blank", "of two words"), ("empty", "\n")];
    let directory = directory(&http, &secrets);
    let with = |token: &str| {
        let value = format!("Bearer {token}");
        status(&directory, ("192.0.2.1", "GET", GUARDED[1].1), &[(header::AUTHORIZATION, &value)])
    };
    assert_eq!((with("hush"), with("of two words"), with("")), (404, 401, 401));
    let plan = json!({"numberOfDigitsInExtension": 4, "notifier": {"mode": "Active", "http": http}});
    let read = Http::of(&serde_json::from_value(plan).unwrap());
    let bad = entrance::bad_tokens(&read, &Secrets(secrets.into_iter().collect()));
    let bad: Vec<(&str, &str)> = bad.iter().map(|(key, why)| (key.name.as_str(), why.as_str())).collect();
    let blank = "it holds a blank, a line break or another character that no header carries";
    assert_eq!(bad, [("two", "client one has the same"), ("blank", blank), ("empty", "it is empty")]);
}

#[test]
fn a_notifier_of_one_dial_plan_tells_nothing_of_the_others_in_its_namespace() {
    let object = |kind: &str, name: &str, spec: Value| json!({"apiVersion": "um.lamplighter.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    let policy =
        |name: &str, plan: &str| object("UMMailboxPolicy", name, json!({"dialPlanRef": {"name": plan}}));
    let mailbox = |name: &str, policy: &str, extension: &str| {
        object("UMMailbox", name, json!({"mailboxPolicyRef": {"name": policy}, "extensions": [extension]}))
    };
    let client = json!({"clients": [{"name": "voicemail", "tokenSecretRef": {"name": "voicemail", "key": "token"}, "scopes": ["messages", "settings", "dialing"]}]});
    let read = |value: Value| serde_json::from_value(value).unwrap();
    let outcome = domain::evaluate(&Snapshot {
        dial_plans: vec![Arc::new(read(plan("hq", &client))), Arc::new(read(plan("branch", &json!({}))))],
        mailbox_policies: [("sales", "hq"), ("staff", "branch")]
            .map(|(name, plan)| Arc::new(serde_json::from_value(policy(name, plan)).unwrap()))
            .to_vec(),
        mailboxes: [("lina", "sales", "4201"), ("noor", "staff", "5301")]
            .map(|(name, policy, at)| Arc::new(serde_json::from_value(mailbox(name, policy, at)).unwrap()))
            .to_vec(),
        ..Snapshot::default()
    });
    let mut configs = outcome.notifiers();
    configs.retain(|config| config.dial_plan == "hq");
    let existing = ["lina", "noor"].map(Arc::from).into();
    let directory = with(&configs, Some(Arc::new(outcome)), &existing, &[("voicemail", "hush")]);
    let get = |path: &str, token: &str| {
        let path = format!("/v1/namespaces/voice/{path}");
        status(&directory, ("192.0.2.1", "GET", &path), &[(header::AUTHORIZATION, token)])
    };
    let own = ["mailboxes/lina", "dial-plans/hq", "dial-plans/hq/extensions/4201"];
    let others = [
        "mailboxes/noor",
        "mailboxes/noor/messages",
        "dial-plans/branch",
        "dial-plans/branch/extensions/5301",
        "dial-plans/branch/extensions/5301/messages",
        "dial-plans/hq/extensions/5301",
    ];
    assert_eq!(own.map(|path| get(path, "Bearer hush")), [200; 3]);
    assert_eq!(others.map(|path| get(path, "Bearer hush")), [404; 6]);
    assert_eq!(others.map(|path| get(path, "Bearer guessed")), [401; 6]);
    let path = "/v1/namespaces/voice/dial-plans/branch/dial:authorize";
    let headers = [(header::AUTHORIZATION, "Bearer hush")];
    let body = r#"{"caller":"unauthenticated","number":"5301"}"#;
    let answer = answer_to(&directory, ("192.0.2.1", "POST", path), &headers, body, true);
    assert_eq!(answer.status(), 404);
}
