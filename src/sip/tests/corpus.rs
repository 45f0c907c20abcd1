//! RFC 4475, all 49 messages. Exceptions to the RFC's verdict are stated with their reason.

use super::*;

macro_rules! messages {
    ($($name:literal)*) => { [$(($name, include_bytes!(concat!("rfc4475/", $name, ".dat")).as_slice())),*] };
}

/// 3.1.1 but for two, see below.
const VALID: [(&str, &[u8]); 11] = messages!["wsinv" "esc01" "escnull" "esc02" "lwsdisp" "dblreq" "semiuri" "transports" "mpart01" "unreason" "noreason"];

/// 3.2 to 3.4: sound messages that an application may refuse, but for insuf, multi01 and mcl01.
const SOUND: [(&str, &[u8]); 14] = messages![
    "badbranch" "unkscm" "novelsc" "unksm2" "bext01" "invut" "regaut01" "bcast" "zeromf" "cparam01" "cparam02" "regescrt" "sdp01" "inv2543"
];

fn dat(name: &str) -> &'static [u8] {
    let all: [(&str, &[u8]); 24] = messages![
        "intmeth" "longreq" "badinv01" "clerr" "ncl" "scalar02" "scalarlg" "quotbal" "ltgtruri" "lwsruri" "lwsstart" "trws" "escruri" "baddate" "regbadct"
        "badaspec" "baddn" "badvers" "mismatch01" "mismatch02" "bigcode" "insuf" "multi01" "mcl01"
    ];
    all.into_iter().find(|(known, _)| *known == name).unwrap().1
}

#[test]
fn valid_and_merely_unusual_messages_are_accepted() {
    for (name, bytes) in VALID.into_iter().chain(SOUND) {
        assert!(Message::parse(bytes).is_ok(), "{name}: {:?}", Message::parse(bytes));
    }
}

#[test]
fn invalid_messages_are_refused_by_the_layer_that_must_object() {
    for (name, why) in [
        ("badinv01", ParseError::Value("Via")),
        ("clerr", ParseError::ShortBody),
        ("ncl", ParseError::ContentLength),
        ("scalar02", ParseError::Value("CSeq")),
        ("scalarlg", ParseError::Value("CSeq")),
        ("quotbal", ParseError::Value("To")),
        ("ltgtruri", ParseError::StartLine),
        ("lwsruri", ParseError::StartLine),
        ("lwsstart", ParseError::StartLine),
        ("trws", ParseError::StartLine),
        ("escruri", ParseError::StartLine),
        ("regbadct", ParseError::Value("Contact")),
        ("badaspec", ParseError::Value("To")),
        // The archive's file lacks the blank line after its head.
        ("baddn", ParseError::Unfinished),
        ("badvers", ParseError::Version),
        ("mismatch01", ParseError::Method),
        ("mismatch02", ParseError::Method),
        ("bigcode", ParseError::StartLine),
        ("insuf", ParseError::Missing("From")),
        ("multi01", ParseError::Repeated("From")),
        ("mcl01", ParseError::ContentLength),
    ] {
        assert_eq!(refusal(dat(name)), why, "{name}");
    }
    assert_eq!(refusal([dat("baddn"), b"\r\n"].concat()), ParseError::Value("From"));
}

/// Exception: Date is never read, so its time zone harms nobody, and the RFC allows to ignore it (3.1.2.12).
#[test]
fn a_bad_time_zone_in_date_is_ignored() {
    assert_eq!(request(dat("baddate")).header("Date"), Some("Fri, 01 Jan 2010 16:00:00 EST"));
}

/// Exception: a NUL is refused everywhere in a head, also as quoted-pair, since other programs end their strings there.
#[test]
fn the_widest_range_of_characters_is_accepted_but_for_nul() {
    let bytes = dat("intmeth");
    assert_eq!(refusal(bytes), ParseError::Control);
    let without: Vec<u8> = bytes.iter().map(|byte| if *byte == 0 { 1 } else { *byte }).collect();
    let request = request(without);
    assert_eq!(request.method(), "!interesting-Method0123456789_*+`.%indeed'~");
    assert_eq!(request.from_tag(), Some("_token~1'+`*%!-."));
    assert_eq!(request.to_uri(), Some("sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com"));
    assert_eq!(request.call_id(), Some("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"));
}

/// Exception: at most sixteen Via values, for no path to us has more; with sixteen of its 34 the message is accepted.
#[test]
fn long_values_are_accepted_but_not_thirty_four_vias() {
    let bytes = dat("longreq");
    assert_eq!(refusal(bytes), ParseError::TooManyVias);
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let mut vias = 0;
    let fewer: String = text
        .split_inclusive("\r\n")
        .filter(|line| {
            let via = line.to_ascii_lowercase().starts_with('v') && line.contains("SIP/2.0/");
            vias += usize::from(via);
            !via || vias <= 16
        })
        .collect();
    assert_eq!(vias, 34);
    let request = request(fewer);
    assert_eq!(request.sent_by(), Some("sip33.example.com"));
    assert_eq!(request.headers("via").count(), 16);
    assert!(request.from_tag().unwrap().starts_with("12982982982"));
}

#[test]
fn the_tortuous_invite_is_read_as_its_author_meant_it() {
    let request = request(VALID[0].1);
    assert_eq!(request.uri(), "sip:vivekg@chair-dnrc.example.com;unknownparam");
    assert_eq!(request.to_tag(), Some("1918181833n"));
    assert_eq!(request.from_tag(), Some("98asjd8"));
    assert_eq!(request.from_uri(), Some("sip:jdrosen@example.com"));
    assert_eq!(request.cseq(), Some((9, "INVITE")));
    assert_eq!((request.sent_by(), request.branch()), (Some("192.0.2.2"), Some("390skdjuw")));
    assert_eq!(request.header("Subject"), Some(""));
    assert_eq!(request.header("NewFangledHeader"), Some("newfangled value continued newfangled value"));
    assert_eq!(request.contact_uri(), Some("sip:jdrosen@example.com"));
    assert_eq!(request.body().len(), 150);
}

#[test]
fn octets_after_the_content_length_are_not_part_of_the_message() {
    let request = request(VALID.into_iter().find(|(name, _)| *name == "dblreq").unwrap().1);
    assert_eq!((request.method(), request.body()), ("REGISTER", &b""[..]));
}

#[test]
fn a_branch_that_is_the_cookie_alone_identifies_nothing() {
    assert_eq!(request(SOUND[0].1).branch(), None);
}
