//! A dial plan, read.

use std::time::Duration;

use super::{number, one_of, port, shown_name};
use crate::api::dial_plan::{UMDialPlan, UMDialPlanSpec};
use crate::api::notifier::{NotifierSip, NotifierSipTls, NotifierSpec};
use crate::domain::finding::{Code, Notes};
use crate::domain::scalar::{gateway_address, interval};
use crate::domain::snapshot::KeyName;
use crate::sip::text::Host;

/// Form of the addresses of a dial plan (Exchange `URIType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriType {
    /// Extensions.
    TelExtn,
    /// Numbers with `+`.
    E164,
    /// `user@host`.
    SipName,
}

/// Security of the way to the gateways (Exchange `VoIPSecurity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Plain TCP or UDP.
    Unsecured,
    /// Mutual TLS, media in clear.
    SipSecured,
    /// Mutual TLS, media encrypted; what differs is the voice-mail server's.
    Secured,
}

impl Security {
    /// Whether SIP goes over TLS.
    #[must_use]
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::SipSecured | Self::Secured)
    }
}

impl std::fmt::Display for Security {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unsecured => "Unsecured",
            Self::SipSecured => "SIPSecured",
            Self::Secured => "Secured",
        })
    }
}

/// What the notifier of a dial plan does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Lights lamps and puts them out.
    Active,
    /// Only logs what it would send.
    Observe,
    /// Puts all lamps out and rests.
    Dark,
}

/// TLS listener of a notifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifierTls {
    /// Its port.
    pub port: u16,
    /// Secret with `tls.crt` and `tls.key`.
    pub certificate_secret: String,
    /// CA certificates for those who connect.
    pub client_ca: KeyName,
}

/// A dial plan, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialPlan {
    /// Exchange's `Name`.
    pub display_name: String,
    /// Digits of each extension.
    pub digits: u8,
    /// Form of the addresses.
    pub uri_type: UriType,
    /// Way to the gateways.
    pub security: Security,
    /// What the notifier does.
    pub mode: Mode,
    /// How often each lamp is sent again.
    pub refresh_interval: Duration,
    /// Port for UDP and TCP.
    pub sip_port: u16,
    /// What stands in Via, Contact and From instead of the local address.
    pub advertised_address: Option<Host>,
    /// TLS listener.
    pub tls: Option<NotifierTls>,
}

/// Names of the notifier's children are made from the plan's name and must stay below 63.
const LONGEST_NAME: usize = 40;

impl DialPlan {
    /// Reads one dial plan; what is wrong becomes findings, and a nearby value stands in.
    #[must_use]
    pub fn read(object: &UMDialPlan, notes: &mut Notes) -> Self {
        let UMDialPlanSpec { display_name, number_of_digits_in_extension, uri_type, voip_security, notifier } =
            &object.spec;
        check_name(object.metadata.name.as_deref().unwrap_or_default(), notes);
        let digits = number(notes, "spec.numberOfDigitsInExtension", *number_of_digits_in_extension, 1, 20);
        let default = NotifierSpec::default();
        let NotifierSpec { mode, refresh_interval, sip } = notifier.as_ref().unwrap_or(&default);
        let default = NotifierSip::default();
        let NotifierSip { port: sip_port, advertised_address, tls } = sip.as_ref().unwrap_or(&default);
        Self {
            display_name: shown_name(notes, display_name.as_ref(), &object.metadata),
            digits: u8::try_from(digits).unwrap_or(20),
            uri_type: one_of(
                notes,
                "spec.uriType",
                uri_type,
                ("TelExtn", UriType::TelExtn),
                &[("E164", UriType::E164), ("SipName", UriType::SipName)],
            ),
            security: one_of(
                notes,
                "spec.voipSecurity",
                voip_security,
                ("Unsecured", Security::Unsecured),
                &[("SIPSecured", Security::SipSecured), ("Secured", Security::Secured)],
            ),
            mode: one_of(
                notes,
                "spec.notifier.mode",
                mode,
                ("Active", Mode::Active),
                &[("Observe", Mode::Observe), ("Dark", Mode::Dark)],
            ),
            refresh_interval: refresh(notes, refresh_interval),
            sip_port: port(notes, "spec.notifier.sip.port", *sip_port),
            advertised_address: advertised_address.as_ref().and_then(|text| advertised(notes, text)),
            tls: tls.as_ref().map(|tls| listener(notes, tls)),
        }
    }
}

fn check_name(name: &str, notes: &mut Notes) {
    let label = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    if name.is_empty() || name.len() > LONGEST_NAME || !label {
        notes.add(
            Code::NameInvalid,
            "metadata.name",
            format!("`{}` can't be the name of a dial plan", name.escape_debug()),
            "use at most 40 small letters, digits and `-`; the name that people read goes into spec.displayName",
        );
    }
}

fn refresh(notes: &mut Notes, text: &str) -> Duration {
    const PATH: &str = "spec.notifier.refreshInterval";
    let (shortest, longest) = (Duration::from_mins(1), Duration::from_hours(12));
    let advice = match interval(text) {
        Ok(time) if (shortest..=longest).contains(&time) => return time,
        Ok(_) => "choose a time from 1m to 12h".to_owned(),
        Err(expected) => format!("expected {}", expected.0),
    };
    notes.add(
        Code::DurationInvalid,
        PATH,
        format!("`{}` can't be a refresh interval", text.escape_debug()),
        advice,
    );
    Duration::from_hours(6)
}

fn advertised(notes: &mut Notes, text: &str) -> Option<Host> {
    match gateway_address(text) {
        Ok(address) => Some(address),
        Err(expected) => {
            let message = format!("`{}` can't be an address", text.escape_debug());
            notes.add(
                Code::AddressInvalid,
                "spec.notifier.sip.advertisedAddress",
                message,
                format!("expected {}", expected.0),
            );
            None
        }
    }
}

fn listener(notes: &mut Notes, tls: &NotifierSipTls) -> NotifierTls {
    let NotifierSipTls { port: tls_port, certificate_secret_ref, client_ca_ref } = tls;
    NotifierTls {
        port: port(notes, "spec.notifier.sip.tls.port", *tls_port),
        certificate_secret: certificate_secret_ref.name.clone(),
        client_ca: KeyName { name: client_ca_ref.name.clone(), key: client_ca_ref.key.clone() },
    }
}
