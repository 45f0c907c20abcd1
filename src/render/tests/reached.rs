//! Whom the NetworkPolicy lets in and out, by the rules that Kubernetes gives it. Whether a cluster enforces them is its network plugin's.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::{of, rendered};
use crate::render::ChildKind;

/// `in` or `out`, the other side's address, protocol and port.
type Packet<'a> = (&'a str, &'a str, &'a str, u16);

/// A packet passes when a rule of its direction has its port, or none, and the other side, or none.
fn passes(policy: &Value, (direction, other, protocol, port): Packet<'_>) -> bool {
    let (rules, side) = if direction == "in" { ("ingress", "from") } else { ("egress", "to") };
    let any = |list: &Value, holds: &dyn Fn(&Value) -> bool| match list {
        Value::Null => true,
        list => list.as_array().unwrap().iter().any(holds),
    };
    policy["spec"][rules].as_array().unwrap().iter().any(|rule| {
        any(&rule["ports"], &|entry| entry["protocol"] == protocol && entry["port"] == port)
            && any(&rule[side], &|entry| holds(entry["ipBlock"]["cidr"].as_str().unwrap(), other))
    })
}

fn holds(cidr: &str, address: &str) -> bool {
    let (first, bits) = cidr.split_once('/').unwrap();
    let bits: u32 = bits.parse().unwrap();
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    match (ip(first), ip(address)) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= bits,
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= bits,
        _ => false,
    }
}

fn check(notifier: Value, gateways: &[Value], packets: &[(Packet<'_>, bool)]) {
    let policy = of(ChildKind::NetworkPolicy, &rendered(notifier, gateways));
    for (packet, expected) in packets {
        assert_eq!(passes(&policy, *packet), *expected, "{packet:?} of {}", policy["spec"]);
    }
}

#[test]
fn gateways_by_address_are_reached_exactly_and_may_come_in() {
    let gateways = [
        json!({"address": "192.0.2.10"}),
        json!({"address": "192.0.2.11", "transport": "UDP", "port": 5080}),
        json!({"address": "2001:db8::12", "ipAddressFamily": "IPv6Only"}),
    ];
    check(
        json!({"sip": {"port": 5070, "allowedPeers": ["198.51.100.7/24"]}}),
        &gateways,
        &[
            (("out", "192.0.2.10", "TCP", 5060), true),
            (("out", "192.0.2.10", "UDP", 5060), false),
            (("out", "192.0.2.10", "TCP", 5061), false),
            (("out", "192.0.2.11", "UDP", 5080), true),
            (("out", "192.0.2.12", "TCP", 5060), false),
            (("out", "2001:db8::12", "TCP", 5060), true),
            (("out", "2001:db8::13", "TCP", 5060), false),
            (("out", "198.51.100.9", "TCP", 5060), false),
            (("out", "203.0.113.1", "UDP", 53), true),
            (("out", "203.0.113.1", "TCP", 53), true),
            (("out", "203.0.113.1", "TCP", 443), true),
            (("out", "203.0.113.1", "TCP", 80), false),
            (("in", "192.0.2.10", "UDP", 5070), true),
            (("in", "192.0.2.11", "TCP", 5070), true),
            (("in", "192.0.2.12", "UDP", 5070), false),
            (("in", "198.51.100.200", "TCP", 5070), true),
            (("in", "198.51.101.1", "TCP", 5070), false),
            (("in", "192.0.2.10", "UDP", 5060), false),
            (("in", "203.0.113.1", "TCP", 8080), true),
            (("in", "203.0.113.1", "UDP", 8080), false),
        ],
    );
}

#[test]
fn a_gateway_by_name_may_be_anywhere_on_its_port() {
    let gateways = [json!({"address": "pbx.example.com", "port": 5080}), json!({"address": "192.0.2.10"})];
    check(
        json!({}),
        &gateways,
        &[
            (("out", "203.0.113.1", "TCP", 5080), true),
            (("out", "203.0.113.1", "TCP", 5060), false),
            (("out", "192.0.2.10", "TCP", 5060), true),
            (("in", "203.0.113.1", "UDP", 5060), true),
        ],
    );
}

#[test]
fn one_port_of_a_named_and_an_addressed_gateway_is_open_to_anywhere() {
    let gateways = [json!({"address": "192.0.2.10"}), json!({"address": "pbx.example.com"})];
    check(json!({}), &gateways, &[(("out", "203.0.113.1", "TCP", 5060), true)]);
}

#[test]
fn a_gateway_behind_a_proxy_is_reached_by_the_proxy_alone_and_both_may_come_in() {
    let gateways = [json!({"address": "192.0.2.10", "outboundProxy": "192.0.2.20:5070"})];
    check(
        json!({}),
        &gateways,
        &[
            (("out", "192.0.2.20", "TCP", 5070), true),
            (("out", "192.0.2.10", "TCP", 5060), false),
            (("in", "192.0.2.20", "TCP", 5060), true),
            (("in", "192.0.2.10", "TCP", 5060), true),
            (("in", "192.0.2.30", "TCP", 5060), false),
        ],
    );
}

#[test]
fn nobody_comes_in_by_sip_where_nobody_may_subscribe() {
    let simulator = [json!({"simulator": true, "port": 5090})];
    let closed = [(("in", "127.0.0.1", "UDP", 5060), false), (("out", "192.0.2.10", "TCP", 5060), false)];
    check(json!({}), &simulator, &closed);
    check(json!({}), &[], &closed);
}

#[test]
fn phones_that_sign_in_and_senders_that_nobody_sees_come_from_anywhere() {
    let gateways = [json!({"address": "192.0.2.10"})];
    let from_anywhere = [(("in", "203.0.113.1", "TCP", 5060), true)];
    let told_apart = [(("in", "203.0.113.1", "TCP", 5060), false), (("in", "192.0.2.10", "TCP", 5060), true)];
    check(json!({"sip": {"digestSecretRef": {"name": "phones"}}}), &gateways, &from_anywhere);
    for type_ in ["NodePort", "LoadBalancer"] {
        let hidden = json!({"service": {"type": type_, "externalTrafficPolicy": "Cluster"}});
        check(hidden, &gateways, &from_anywhere);
        check(json!({"service": {"type": type_}}), &gateways, &told_apart);
    }
    check(json!({"service": {"externalTrafficPolicy": "Cluster"}}), &gateways, &told_apart);
}

#[test]
fn tls_has_its_own_port() {
    let tls = json!({"port": 5071, "certificateSecretRef": {"name": "tls"}, "clientCARef": {"kind": "Secret", "name": "ca", "key": "ca.crt"}});
    let peers = json!(["192.0.2.0/24"]);
    check(
        json!({"sip": {"tls": tls, "allowedPeers": peers}}),
        &[],
        &[(("in", "192.0.2.1", "TCP", 5071), true), (("in", "192.0.2.1", "UDP", 5071), false)],
    );
    check(json!({"sip": {"allowedPeers": peers}}), &[], &[(("in", "192.0.2.1", "TCP", 5061), false)]);
}

#[test]
fn servers_of_mail_and_text_messages_and_the_database_are_let_out_to() {
    let smtp = |smtp: Value| json!({"mail": {"from": "v@example.com", "smtp": smtp}});
    let out = |address, port| ("out", address, "TCP", port);
    for (server, port) in [
        (json!({"host": "192.0.2.25"}), 587),
        (json!({"host": "192.0.2.25", "security": "TLS"}), 465),
        (json!({"host": "192.0.2.25", "security": "None"}), 25),
        (json!({"host": "192.0.2.25", "port": 2525}), 2525),
    ] {
        check(smtp(server), &[], &[(out("192.0.2.25", port), true), (out("192.0.2.26", port), false)]);
    }
    check(smtp(json!({"host": "mail.example.com"})), &[], &[(out("192.0.2.26", 587), true)]);
    let smpp = json!({"sms": {"smpp": {"host": "192.0.2.30", "authSecretRef": {"name": "smpp"}}}});
    check(smpp, &[], &[(out("192.0.2.30", 2775), true), (out("192.0.2.31", 2775), false)]);
    for (url, address, port, elsewhere) in [
        ("https://192.0.2.40/send", "192.0.2.40", 443, true),
        ("http://192.0.2.40", "192.0.2.40", 80, false),
        ("https://user:secret@192.0.2.40:8443/send?to=@x:1", "192.0.2.40", 8443, false),
        ("https://[2001:db8::40]:8443/", "2001:db8::40", 8443, false),
        ("http://192.0.2.40?x", "192.0.2.40", 80, false),
        ("https://sms.example.com:444/", "192.0.2.41", 444, true),
    ] {
        let other = if address.contains(':') { "2001:db8::41" } else { "192.0.2.42" };
        let webhook = json!({"sms": {"webhook": {"url": url}}});
        check(webhook, &[], &[(out(address, port), true), (out(other, port), elsewhere)]);
    }
    let database = json!({"replicas": 2, "store": {"type": "PostgreSQL", "connectionSecretRef": {"name": "db", "key": "uri"}}});
    check(database, &[], &[(out("192.0.2.50", 5432), true)]);
    check(json!({}), &[], &[(out("192.0.2.50", 5432), false)]);
}
