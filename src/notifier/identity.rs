//! The URIs of a NOTIFY: Request-URI, From, To and Message-Account, by dial plan, lamp and gateway (sip.md 0.4: Asterisk
//! goes by From, FreeSWITCH by To, Cisco by the request URI, so all carry the same user unless the gateway says otherwise).

use crate::domain::object::{Identity, Template, UriType};
use crate::sip::text::{Host, HostPort};
use crate::sip::uri::{SipUri, UriError};

/// The URIs of one NOTIFY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uris {
    /// Request-URI.
    pub request: SipUri,
    /// From.
    pub from: SipUri,
    /// To.
    pub to: SipUri,
    /// Message-Account.
    pub account: SipUri,
}

/// What placeholders stand for.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Form of the lamp's address.
    pub uri_type: UriType,
    /// The lamp's address.
    pub lamp: &'a str,
    /// Primary extension of a mailbox of the lamp.
    pub extension: &'a str,
    /// The gateway as configured. Its port stands in the request URI, not in From and To (RFC 3261 section 19.1.1, table 1).
    pub gateway: &'a HostPort,
    /// Our address on the way to the gateway.
    pub notifier: &'a Host,
}

/// Makes the URIs of a NOTIFY.
///
/// # Errors
/// A template of the gateway does not make a URI with this lamp, for example since its address is too long for one.
pub fn uris(identity: &Identity, names: &Names<'_>) -> Result<Uris, UriError> {
    let Identity { request_uri, from, to } = identity;
    let (notifier, gateway) = (names.notifier.to_string(), names.gateway.host.to_string());
    let at = |host: &str| match names.uri_type {
        UriType::TelExtn | UriType::E164 => format!("sip:{}@{host}", names.lamp),
        UriType::SipName => format!("sip:{}", names.lamp),
    };
    let make = |template: &Option<Template>, gateway: &str, host: &str| match template {
        None => at(host).parse(),
        Some(template) => template
            .expand(|name| match name {
                "extension" => names.extension,
                "gateway" => gateway,
                "notifier" => notifier.as_str(),
                _ => names.lamp,
            })
            .parse(),
    };
    let from = make(from, &gateway, &notifier)?;
    let target = names.gateway.to_string();
    Ok(Uris {
        request: make(request_uri, &target, &target)?,
        to: make(to, &gateway, &gateway)?,
        account: from.clone(),
        from,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn gateway() -> HostPort {
        HostPort { host: "192.0.2.10".parse().unwrap(), port: 5060 }
    }

    fn names<'a>(uri_type: UriType, lamp: &'a str, notifier: &'a Host, gateway: &'a HostPort) -> Names<'a> {
        Names { uri_type, lamp, extension: "4201", gateway, notifier }
    }

    #[test]
    fn all_uris_carry_the_lamp_and_only_from_and_account_are_ours() {
        let notifier = "192.0.2.20".parse().unwrap();
        let made =
            uris(&Identity::default(), &names(UriType::TelExtn, "4201", &notifier, &gateway())).unwrap();
        assert_eq!(made.request.as_str(), "sip:4201@192.0.2.10:5060");
        assert_eq!(made.to.as_str(), "sip:4201@192.0.2.10");
        assert_eq!(made.from.as_str(), "sip:4201@192.0.2.20");
        assert_eq!(made.account.as_str(), "sip:4201@192.0.2.20");
    }

    #[test]
    fn a_sip_name_is_the_address_everywhere_and_a_number_keeps_its_plus() {
        let notifier = "192.0.2.20".parse().unwrap();
        let made =
            uris(&Identity::default(), &names(UriType::SipName, "lina@example.com", &notifier, &gateway()))
                .unwrap();
        assert_eq!(made.request.as_str(), "sip:lina@example.com");
        assert_eq!(made.from.as_str(), "sip:lina@example.com");
        let made = uris(&Identity::default(), &names(UriType::E164, "+493055504201", &notifier, &gateway()))
            .unwrap();
        assert_eq!(made.to.as_str(), "sip:+493055504201@192.0.2.10");
    }

    #[test]
    fn an_ipv6_notifier_stands_in_brackets() {
        let notifier = "2001:db8::5".parse().unwrap();
        let made =
            uris(&Identity::default(), &names(UriType::TelExtn, "4201", &notifier, &gateway())).unwrap();
        assert_eq!(made.from.as_str(), "sip:4201@[2001:db8::5]");
    }
}
