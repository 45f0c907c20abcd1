//! Tokens, hosts, and hosts with a port.

use crate::sip::text::{Host, HostPort, Token};
use proptest::prelude::*;

#[test]
fn hosts_are_names_or_addresses_and_read_back_what_they_show() {
    for (text, shown) in [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("[2001:DB8::1]", "[2001:db8::1]"),
        ("[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"),
        ("PBX.Example.COM", "pbx.example.com"),
        ("pbx", "pbx"),
        ("pbx_1", "pbx_1"),
        ("pbx.example.com.", "pbx.example.com."),
    ] {
        let host: Host = text.parse().unwrap();
        assert_eq!(host.to_string(), shown);
        assert_eq!(shown.parse::<Host>().unwrap(), host);
    }
}

#[test]
fn what_is_no_host_is_refused() {
    let long = "a.".repeat(127);
    for text in [
        "",
        ".",
        "a..b",
        "-a",
        "a-",
        "300.1.2.3",
        "1.2.3",
        "a b",
        "a;b",
        "[1.2.3.4]",
        "[::1",
        "::1]",
        "ä",
        "[fe80::1%eth0]",
        long.as_str(),
    ] {
        assert!(text.parse::<Host>().is_err(), "{text:?}");
    }
}

#[test]
fn a_host_and_port_needs_a_port_and_brackets_around_ipv6() {
    for text in ["[2001:db8::1]:5061", "192.0.2.1:5060", "pbx.example.com:1"] {
        assert_eq!(text.parse::<HostPort>().unwrap().to_string(), text);
    }
    for text in
        ["2001:db8::1:5061", "pbx", "pbx:", "pbx:0", "pbx:65536", "pbx:+1", "pbx:005060", ":5060", "[::1]"]
    {
        assert!(text.parse::<HostPort>().is_err(), "{text:?}");
    }
}

#[test]
fn a_call_id_may_hold_one_at_sign_and_a_token_none() {
    assert!(Token::call_id("abc@host.example.com").is_ok());
    assert!(Token::call_id("abc").is_ok());
    assert!(Token::call_id("a@b@c").is_err());
    assert!(Token::call_id("@b").is_err());
    assert!("a@b".parse::<Token>().is_err());
    assert!("a".repeat(129).parse::<Token>().is_err());
    assert_eq!(Token::from_random(255).as_str(), "000000000000000000000000000000ff");
}

proptest! {
    #[test]
    fn nothing_that_parses_holds_a_control_character_a_blank_or_a_separator(text in "(\\PC|[\\x00-\\x7f]){0,24}") {
        let shown = [
            text.parse::<Token>().ok().map(|token| token.to_string()),
            Token::call_id(&text).ok().map(|token| token.to_string()),
            text.parse::<Host>().ok().map(|host| host.to_string()),
            text.parse::<HostPort>().ok().map(|both| both.to_string()),
        ];
        for text in shown.into_iter().flatten() {
            prop_assert!(text.bytes().all(|b| (0x21..0x7f).contains(&b) && !b"<>\";,?\\{}()/=".contains(&b)), "{:?}", text);
        }
    }
}
