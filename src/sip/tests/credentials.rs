//! Digest: the vectors of the RFCs, nonce counts, and challenges as peers write them.

use super::*;
use crate::sip::digest::{DigestError, answer, best, parse_challenge};

/// The `response` parameter of an answer.
fn response_of(challenge: &str, who: (&str, &str), uri: &str, cnonce: &str, nc: u32) -> String {
    let value = answer(&parse_challenge(challenge).unwrap(), "GET", uri, who.0, who.1, cnonce, nc);
    value.split("response=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

const MUFASA: (&str, &str) = ("Mufasa", "Circle Of Life");
const RFC_2617: &str = r#"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;

#[test]
fn the_example_of_rfc_2617_comes_out_and_nc_is_hexadecimal() {
    let at = |nc| response_of(RFC_2617, MUFASA, "/dir/index.html", "0a4f113b", nc);
    assert_eq!(at(1), "6629fae49393a05397450978507c4ef1");
    assert_eq!(at(10), "4e64aba7c53ac2e14113fb3d5f78d774");
    let value = answer(
        &parse_challenge(RFC_2617).unwrap(),
        "GET",
        "/dir/index.html",
        "Mufasa",
        "Circle Of Life",
        "0a4f113b",
        10,
    );
    assert_eq!(
        value,
        r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", response="4e64aba7c53ac2e14113fb3d5f78d774", opaque="5ccc069c403ebaf9f0171e9517f40e41", qop=auth, nc=0000000a, cnonce="0a4f113b""#
    );
}

#[test]
fn without_qop_the_form_of_rfc_2069_is_used() {
    let challenge = r#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093""#;
    assert_eq!(
        response_of(challenge, MUFASA, "/dir/index.html", "0a4f113b", 1),
        "670fd8c2df070c60b045671b8b24ff02"
    );
    let value = answer(&parse_challenge(challenge).unwrap(), "GET", "/", "u", "p", "c", 1);
    assert!(!value.contains("nc=") && !value.contains("cnonce") && !value.contains("qop"), "{value}");
}

#[test]
fn the_examples_of_rfc_7616_come_out() {
    let challenge = |algorithm: &str| {
        format!(
            r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
        )
    };
    let who = ("Mufasa", "Circle of Life");
    for (algorithm, expected) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ("md5-sess", "e783283f46242139c486a698fec7211d"),
        ("SHA-256-sess", "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"),
    ] {
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        assert_eq!(
            response_of(&challenge(algorithm), who, "/dir/index.html", cnonce, 1),
            expected,
            "{algorithm}"
        );
    }
}

/// The example of 3.9.2 as its erratum 4897 corrects it; the name is not ASCII.
#[test]
fn the_sha_512_256_example_comes_out() {
    let challenge = r#"Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK""#;
    let response = response_of(
        challenge,
        ("Jäsøn Doe", "Secret, or not?"),
        "/doe.json",
        "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
        1,
    );
    assert_eq!(response, "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
}

#[test]
fn challenges_are_read_as_peers_write_them() {
    let challenge = parse_challenge(
        "digest  nonce=a/b+c== ,realm = \"x, \\\"y\\\"\",stale=TRUE,algorithm=\"MD5\",QOP=auth,new=1",
    )
    .unwrap();
    assert_eq!((challenge.realm.as_str(), challenge.stale), ("x, \\\"y\\\"", true));
    let value = answer(&challenge, "NOTIFY", "sip:h", "a\"b", "p", "c", 1);
    assert!(
        value.starts_with(
            "Digest username=\"a\\\"b\", realm=\"x, \\\"y\\\"\", nonce=\"a/b+c==\", uri=\"sip:h\""
        ),
        "{value}"
    );
    assert!(value.contains(", algorithm=MD5,"), "{value}");
    assert!(!parse_challenge("Digest realm=\"r\", nonce=\"n\", stale=\"false\"").unwrap().stale);
}

#[test]
fn challenges_that_cannot_be_answered_say_why() {
    let long = format!("Digest realm=\"{}\", nonce=\"n\"", "r".repeat(2_048));
    for (text, why) in [
        ("Basic realm=\"x\"", DigestError::Scheme),
        ("Digest", DigestError::Scheme),
        ("Digest nonce=\"n\"", DigestError::Missing("realm")),
        ("Digest realm=\"r\"", DigestError::Missing("nonce")),
        ("Digest realm=\"r\", nonce=\"n\", algorithm=SHA-1", DigestError::Algorithm),
        ("Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"", DigestError::Qop),
        ("Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess", DigestError::Qop),
        ("Digest realm=\"r\", realm=\"s\", nonce=\"n\"", DigestError::Malformed),
        ("Digest realm=\"r, nonce=\"n\"", DigestError::Malformed),
        ("Digest realm=\"r\" nonce=\"n\"", DigestError::Malformed),
        ("Digest realm=\"r\", nonce=\"n\r\nX: y\"", DigestError::Malformed),
        (long.as_str(), DigestError::Malformed),
    ] {
        assert_eq!(parse_challenge(text), Err(why), "{text}");
    }
}

#[test]
fn of_several_challenges_the_strongest_is_answered() {
    let of = |algorithm: &str, realm: &str| {
        format!("Digest realm=\"{realm}\", nonce=\"n\", algorithm={algorithm}, qop=\"auth\"")
    };
    let values = [
        of("MD5", "1"),
        "Bearer x".to_owned(),
        of("SHA-256", "2"),
        of("SHA-256", "3"),
        of("SHA-3", "4"),
        of("MD5-sess", "5"),
    ];
    assert_eq!(best(values.iter().map(String::as_str)).unwrap().realm, "2");
    assert_eq!(best(["Basic realm=\"x\""]), None);
    let message = options_with("WWW-Authenticate: x").replacen(
        "WWW-Authenticate: x",
        &format!("WWW-Authenticate: {}\r\nWWW-Authenticate: {}", values[0], values[2]),
        1,
    );
    assert_eq!(best(request(message).headers("www-authenticate")).unwrap().realm, "2");
}
