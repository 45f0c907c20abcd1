#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use tower::ServiceExt as _;

use super::*;

const GUARDED: [(&str, &str); 8] = [
    ("GET", "/v1/namespaces/voice/mailboxes/lina"),
    ("GET", "/v1/namespaces/voice/mailboxes/lina/messages"),
    ("PUT", "/v1/namespaces/voice/mailboxes/lina/messages"),
    ("GET", "/v1/namespaces/voice/dial-plans/hq"),
    ("POST", "/v1/namespaces/voice/dial-plans/hq/dial:authorize"),
    ("GET", "/v1/namespaces/voice/dial-plans/hq/extensions/4201"),
    ("GET", "/v1/namespaces/voice/dial-plans/hq/extensions/4201/messages"),
    ("PUT", "/v1/namespaces/voice/dial-plans/hq/extensions/4201/messages"),
];

/// The status that a caller at this address gets.
fn status(from: &str, method: &str, path: &str) -> u16 {
    let api = Api {
        directory: Directory::default(),
        metrics: Arc::new(Metrics::default()),
        ready: Arc::new(AtomicBool::new(true)),
    };
    let from = SocketAddr::new(from.parse::<IpAddr>().unwrap(), 40_000);
    let request = Request::builder().method(method).uri(path).extension(ConnectInfo(from));
    let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from("{")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(router(api).oneshot(request)).unwrap().status().as_u16()
}

#[test]
fn only_callers_on_this_machine_are_served_and_health_is_for_all() {
    for (method, path) in GUARDED {
        for from in ["192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.1", "0.0.0.0", "::"] {
            assert_eq!(status(from, method, path), 403, "{from} {method} {path}");
        }
        // The body is no JSON, and nothing is known.
        let wanted = if method == "GET" { 404 } else { 400 };
        for from in ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(status(from, method, path), wanted, "{from} {method} {path}");
        }
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(status("192.0.2.1", "GET", path), 200, "{path}");
    }
}
