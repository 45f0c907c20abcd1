//! A gateway, read.

use std::collections::BTreeSet;

use super::keys::{KeyUse, of_gateway};
use super::reader::{on_line, one, word};
use super::{number, one_of, port, shown_name};
use crate::api::ip_gateway::{self as wire, UMIPGateway, UMIPGatewaySpec};
use crate::domain::finding::{Code, Notes};
use crate::domain::scalar::{Expected, Pilot, gateway_address};
use crate::domain::shown::short;
use crate::domain::snapshot::KeyName;
use crate::sip::text::{Host, HostPort};

/// Transport of a plain way to a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP, the default.
    Tcp,
    /// UDP, where the gateway says so.
    Udp,
}

/// Which addresses of a host name are used (Exchange `IPAddressFamily`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
    /// IPv6 first, then IPv4.
    Any,
}

/// What a gateway takes part in (Exchange `Status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Everything.
    Enabled,
    /// Nothing.
    Disabled,
    /// All but new calls; NOTIFY is no call.
    NoNewCalls,
}

impl Status {
    /// The word as manifests have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::NoNewCalls => "NoNewCalls",
        }
    }
}

/// A gateway, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Exchange's `Name`.
    pub display_name: String,
    /// Where it is; none for a simulator and where `address` has an error.
    pub address: Option<Host>,
    /// Its port, if given.
    pub port: Option<u16>,
    /// Addresses of its host name that are used.
    pub family: Family,
    /// Transport for plans that are Unsecured.
    pub transport: Transport,
    /// Dial plans that it serves, with the field that names each.
    pub groups: Vec<PilotGroup>,
    /// What it takes part in.
    pub status: Status,
    /// Takes NOTIFY.
    pub mwi_allowed: bool,
    /// Carries calls of the voice-mail server (Exchange `OutcallsAllowed`).
    pub outcalls_allowed: bool,
    /// Tells who calls after a while (Exchange `DelayedSourcePartyInfoEnabled`).
    pub delayed_source_party_info: bool,
    /// Answered inside the notifier.
    pub simulator: bool,
    /// Lowest is tried first.
    pub priority: u32,
    /// 0: no limit.
    pub max_notify_per_second: u32,
    /// URIs of NOTIFY.
    pub identity: Identity,
    /// Host and port of the proxy to which requests are sent instead.
    pub proxy: Option<(Host, Option<u16>)>,
    /// Digest credentials.
    pub auth: Option<Auth>,
    /// Certificates.
    pub tls: Option<Tls>,
    /// Keys of Secrets and ConfigMaps that it names.
    pub keys: Vec<KeyUse>,
}

/// A dial plan that a gateway serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PilotGroup {
    /// Name of the dial plan.
    pub dial_plan: String,
    /// Field that names it.
    pub path: String,
    /// Pilot identifiers that lead to it, without `sip:`; empty: all calls.
    pub pilots: Vec<String>,
}

/// URIs of NOTIFY; none: the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Request-URI.
    pub request_uri: Option<Template>,
    /// From.
    pub from: Option<Template>,
    /// To.
    pub to: Option<Template>,
}

/// A SIP URI with placeholders, each of which is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(String);

/// Digest credentials of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// User name.
    pub username: String,
    /// Where the password is.
    pub password: KeyName,
}

/// Certificates of the way to a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// CA certificates.
    pub ca: KeyName,
    /// Secret with `tls.crt` and `tls.key`.
    pub certificate_secret: String,
    /// Name in the peer's certificate; none: its address.
    pub server_name: Option<String>,
}

/// Names that stand between braces in a template.
pub const PLACEHOLDERS: [&str; 5] = ["extension", "sipResourceIdentifier", "number", "gateway", "notifier"];

impl Template {
    /// The text with `value(name)` for each `{name}`.
    #[must_use]
    pub fn expand<'a>(&self, value: impl Fn(&str) -> &'a str) -> String {
        let mut out = String::with_capacity(self.0.len() + 32);
        let mut parts = self.0.split('{');
        out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or((part, ""));
            out.push_str(value(name));
            out.push_str(rest);
        }
        out
    }

    /// Whether `{name}` stands in it.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.0.split('{').skip(1).any(|part| part.split_once('}').is_some_and(|(found, _)| found == name))
    }

    fn read(text: &str) -> Result<Self, Expected> {
        const WANTED: Expected = Expected(
            "a SIP URI with {extension}, {sipResourceIdentifier}, {number}, {gateway} or {notifier}, as in sip:{number}@{gateway}",
        );
        let known = text
            .split('{')
            .skip(1)
            .all(|part| part.split_once('}').is_some_and(|(name, _)| PLACEHOLDERS.contains(&name)));
        let plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"".contains(&b));
        let balanced = text.matches('{').count() == text.matches('}').count();
        let template = Self(text.to_owned());
        // With harmless values in place it must be a SIP URI.
        let uri = template.expand(|name| if name == "sipResourceIdentifier" { "a@b" } else { "a" });
        if !known
            || !plain
            || !balanced
            || text.len() > 256
            || uri.parse::<crate::sip::uri::SipUri>().is_err()
        {
            return Err(WANTED);
        }
        Ok(template)
    }
}

impl Gateway {
    /// Reads one gateway.
    #[must_use]
    pub fn read(object: &UMIPGateway, notes: &mut Notes) -> Self {
        let UMIPGatewaySpec {
            display_name,
            address,
            port: given_port,
            ip_address_family,
            transport,
            dial_plan_ref,
            hunt_groups,
            status,
            message_waiting_indicator_allowed,
            outcalls_allowed,
            delayed_source_party_info_enabled,
            simulator,
            priority,
            max_notify_per_second,
            identity,
            outbound_proxy,
            auth,
            tls,
        } = &object.spec;
        let family = one_of(
            notes,
            "spec.ipAddressFamily",
            ip_address_family,
            ("IPv4Only", Family::V4),
            &[("IPv6Only", Family::V6), ("Any", Family::Any)],
        );
        let transport = transport.as_deref().unwrap_or("TCP");
        let others = [("Disabled", Status::Disabled), ("NoNewCalls", Status::NoNewCalls)];
        Self {
            display_name: shown_name(notes, display_name.as_ref(), &object.metadata),
            address: read_address(notes, address.as_deref(), *simulator, family),
            port: given_port.map(|value| port(notes, "spec.port", value)),
            family,
            transport: one_of(
                notes,
                "spec.transport",
                transport,
                ("TCP", Transport::Tcp),
                &[("UDP", Transport::Udp)],
            ),
            groups: groups(notes, dial_plan_ref.as_ref().map(|r| r.name.as_str()), hunt_groups),
            status: one_of(notes, "spec.status", status, ("Enabled", Status::Enabled), &others),
            mwi_allowed: *message_waiting_indicator_allowed,
            outcalls_allowed: *outcalls_allowed,
            delayed_source_party_info: *delayed_source_party_info_enabled,
            simulator: *simulator,
            priority: number(notes, "spec.priority", *priority, 0, 65_535),
            max_notify_per_second: number(
                notes,
                "spec.maxNotifyPerSecond",
                *max_notify_per_second,
                0,
                100_000,
            ),
            identity: identity.as_ref().map(|identity| read_identity(notes, identity)).unwrap_or_default(),
            proxy: read_proxy(notes, outbound_proxy),
            auth: auth.as_ref().map(|auth| read_auth(notes, auth)),
            tls: tls.as_ref().map(|tls| read_tls(notes, tls)),
            keys: of_gateway(&object.spec),
        }
    }
}

fn read_auth(notes: &mut Notes, auth: &wire::GatewayAuth) -> Auth {
    let wire::GatewayAuth { username, password_secret_ref: password } = auth;
    on_line(notes, "spec.auth.username", username, 1..=128);
    Auth { username: username.clone(), password: KeyName::secret(&password.name, &password.key) }
}

fn read_tls(notes: &mut Notes, tls: &wire::GatewayTls) -> Tls {
    let wire::GatewayTls { ca_ref, certificate_secret_ref, server_name } = tls;
    word(notes, "spec.tls.caRef.kind", &ca_ref.kind, &["Secret", "ConfigMap"]);
    if let Some(name) = server_name {
        one(notes, "spec.tls.serverName", name, Code::AddressInvalid, gateway_address);
    }
    Tls {
        ca: KeyName::ca(ca_ref),
        certificate_secret: certificate_secret_ref.name.clone(),
        server_name: server_name.clone(),
    }
}

fn read_address(notes: &mut Notes, text: Option<&str>, simulator: bool, family: Family) -> Option<Host> {
    const PATH: &str = "spec.address";
    let Some(text) = text else {
        if !simulator {
            notes.add(
                Code::AddressMissing,
                PATH,
                "the gateway has no address",
                "write the host name or IP address of the PBX, or `simulator: true` for a try without one",
            );
        }
        return None;
    };
    let address = match gateway_address(text) {
        Ok(address) => address,
        Err(expected) => {
            notes.add(
                Code::AddressInvalid,
                PATH,
                format!("`{}` can't be an address", short(text)),
                format!("expected {}", expected.0),
            );
            return None;
        }
    };
    let fits = match (&address, family) {
        (Host::V6(_), Family::V4) | (Host::V4(_), Family::V6) => false,
        (Host::V4(_) | Host::V6(_) | Host::Name(_), _) => true,
    };
    if !fits {
        notes.add(
            Code::AddressFamilyMismatch,
            PATH,
            format!(
                "`{text}` does not go with ipAddressFamily {}",
                if family == Family::V4 { "IPv4Only" } else { "IPv6Only" }
            ),
            "write `ipAddressFamily: Any`, or an address of the family that is set",
        );
    }
    Some(address)
}

/// Host and, if given, port of the proxy.
fn read_proxy(notes: &mut Notes, text: &str) -> Option<(Host, Option<u16>)> {
    const WANTED: Expected = Expected(
        "a host name or an IP address, with `:port` if need be, without `sip:`, as in proxy.example.com:5060",
    );
    let parse = |text: &str| {
        let (host, port) = match text.parse::<HostPort>() {
            Ok(HostPort { host, port }) => (host.to_string(), Some(port)),
            Err(_) => (text.to_owned(), None),
        };
        let host = gateway_address(&host).ok().filter(|_| text.len() <= 260).ok_or(WANTED)?;
        Ok((host, port))
    };
    if text.is_empty() { None } else { one(notes, "spec.outboundProxy", text, Code::AddressInvalid, parse) }
}

fn groups(
    notes: &mut Notes,
    dial_plan_ref: Option<&str>,
    hunt_groups: &[wire::HuntGroup],
) -> Vec<PilotGroup> {
    let mut seen = BTreeSet::new();
    let whole = dial_plan_ref.map(|name| PilotGroup {
        dial_plan: name.to_owned(),
        path: "spec.dialPlanRef.name".into(),
        pilots: Vec::new(),
    });
    let mut groups: Vec<PilotGroup> = whole.into_iter().collect();
    if hunt_groups.len() > 50 {
        let message = format!("{} entries are too many", hunt_groups.len());
        notes.add(Code::ValueOutOfRange, "spec.huntGroups", message, "at most 50 are possible");
    }
    for (at, group) in hunt_groups.iter().enumerate().take(50) {
        let wire::HuntGroup { dial_plan_ref, pilot_identifiers } = group;
        super::reader::too_many(
            notes,
            &format!("spec.huntGroups[{at}].pilotIdentifiers"),
            pilot_identifiers.len(),
            20,
        );
        let mut pilots = Vec::new();
        for (nth, text) in pilot_identifiers.iter().enumerate().take(20) {
            let path = format!("spec.huntGroups[{at}].pilotIdentifiers[{nth}]");
            let pilot: Option<Pilot> = one(notes, &path, text, Code::PilotIdentifierInvalid, str::parse);
            let Some(pilot) = pilot else { continue };
            pilots.push(pilot.as_str().to_owned());
            if !seen.insert(pilot) {
                let message = format!("pilot identifier {} stands twice on this gateway", short(text));
                notes.add(
                    Code::DuplicatePilotIdentifier,
                    path,
                    message,
                    "a pilot identifier leads to one dial plan: remove one of the two",
                );
            }
        }
        groups.push(PilotGroup {
            dial_plan: dial_plan_ref.name.clone(),
            path: format!("spec.huntGroups[{at}].dialPlanRef.name"),
            pilots,
        });
    }
    groups
}

fn read_identity(notes: &mut Notes, identity: &wire::Identity) -> Identity {
    let wire::Identity { request_uri, from, to } = identity;
    let mut read = |field: &str, text: &Option<String>| {
        let text = text.as_ref()?;
        let template = Template::read(text);
        if let Err(expected) = &template {
            let message = format!("`{}` does not make a SIP URI", short(text));
            notes.add(
                Code::IdentityInvalid,
                format!("spec.identity.{field}"),
                message,
                format!("expected {}", expected.0),
            );
        }
        template.ok()
    };
    Identity { request_uri: read("requestURI", request_uri), from: read("from", from), to: read("to", to) }
}
