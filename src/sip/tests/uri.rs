//! URIs that we send to.

use super::*;
use crate::sip::uri::UriError;

#[test]
fn uris_are_taken_apart_and_normalised() {
    for (text, shown, user, host, port) in [
        ("sip:4201@192.0.2.10:5060", "sip:4201@192.0.2.10:5060", Some("4201"), "192.0.2.10", Some(5060)),
        (
            "SIP:Lina.Berg@PBX.Example.com",
            "sip:Lina.Berg@pbx.example.com",
            Some("Lina.Berg"),
            "pbx.example.com",
            None,
        ),
        (
            "sips:+4930123456@[2001:DB8::1]:5061",
            "sips:+4930123456@[2001:db8::1]:5061",
            Some("+4930123456"),
            "[2001:db8::1]",
            Some(5061),
        ),
        ("sip:[::1]", "sip:[::1]", None, "[::1]", None),
        ("sip:pbx;transport=tcp;lr", "sip:pbx;transport=tcp;lr", None, "pbx", None),
        (
            "sip:user;par=u%40h@h;user=phone",
            "sip:user;par=u%40h@h;user=phone",
            Some("user;par=u%40h"),
            "h",
            None,
        ),
    ] {
        let uri: SipUri = text.parse().unwrap();
        assert_eq!((uri.as_str(), uri.user(), uri.host(), uri.port()), (shown, user, host, port));
        assert_eq!((uri.to_string().as_str(), uri.scheme_is_sips()), (shown, shown.starts_with("sips:")));
    }
}

#[test]
fn the_transport_parameter_is_read() {
    for (text, transport) in [
        ("sip:h;transport=tcp", Some(Transport::Tcp)),
        ("sip:a@[::1]:5061;lr;Transport=TLS", Some(Transport::Tls)),
        ("sip:h;transport=udp", Some(Transport::Udp)),
        ("sip:h;transport=ws", None),
        ("sip:a;transport=tcp@h", None),
        ("sip:h", None),
    ] {
        assert_eq!(text.parse::<SipUri>().unwrap().transport(), transport, "{text}");
    }
}

#[test]
fn what_is_no_uri_of_ours_is_refused_with_its_part() {
    let long = format!("sip:{}@h", "a".repeat(250));
    for (text, why) in [
        ("", UriError::Scheme),
        ("4201@h", UriError::Scheme),
        ("tel:+4930123456", UriError::Scheme),
        ("sip:", UriError::Host),
        ("sip:@h", UriError::User),
        ("sip:a:secret@h", UriError::User),
        ("sip:a b@h", UriError::User),
        ("sip:a\r\n@h", UriError::User),
        ("sip:a\0@h", UriError::User),
        ("sip:<a>@h", UriError::User),
        ("sip:a\"@h", UriError::User),
        ("sip:ä@h", UriError::User),
        ("sip:a%4@h", UriError::User),
        ("sip:a%zz@h", UriError::User),
        ("sip:a@", UriError::Host),
        ("sip:a@b@c", UriError::Host),
        ("sip:a@h h", UriError::Host),
        ("sip:a@2001:db8::1", UriError::Host),
        ("sip:a@[2001:db8::1", UriError::Host),
        ("sip:a@h:0", UriError::Port),
        ("sip:a@h:", UriError::Port),
        ("sip:a@h:65536", UriError::Port),
        ("sip:a@h?Route=x", UriError::Host),
        ("sip:a@h;x?y=z", UriError::Parameters),
        ("sip:a@h;", UriError::Parameters),
        ("sip:a@h;;lr", UriError::Parameters),
        ("sip:a@h;x=y=z", UriError::Parameters),
        ("sip:a@h;x=\r\n", UriError::Parameters),
        ("sip:a@h;x y", UriError::Parameters),
        (long.as_str(), UriError::TooLong),
    ] {
        assert_eq!(text.parse::<SipUri>(), Err(why), "{text:?}");
    }
}
