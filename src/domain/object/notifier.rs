//! The block `notifier` of a dial plan, read.

use std::time::Duration;

use super::http::Http;
use super::reader::{one, one_as, too_many, word};
use super::{Pod, Service, Store, number, one_of, port};
use crate::api::notifier::{
    NotifierGuard, NotifierMail, NotifierSip, NotifierSipTls, NotifierSms, NotifierSpec, Smpp, SmsWebhook,
    Smtp,
};
use crate::api::reference::CaRef;
use crate::domain::finding::{Code, Notes};
use crate::domain::network::Network;
use crate::domain::scalar::{Expected, gateway_address, interval, mail_address, network};
use crate::domain::shown::short;
use crate::domain::snapshot::{KeyName, KeySource};
use crate::sip::text::{Host, HostPort};

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

impl Mode {
    /// The word as manifests have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Observe => "Observe",
            Self::Dark => "Dark",
        }
    }
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

/// A server that it sends through: of mail, or of text messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where it is; none: an address that can't be read.
    pub host: Option<Host>,
    /// Its port.
    pub port: u16,
}

/// How the notifier of a dial plan works.
#[derive(Clone, Debug, PartialEq)]
pub struct Notifier {
    /// What it does.
    pub mode: Mode,
    /// Number of pods.
    pub replicas: u8,
    /// Where it keeps message state.
    pub store: Store,
    /// How often each lamp is sent again.
    pub refresh_interval: Duration,
    /// Port for UDP and TCP.
    pub sip_port: u16,
    /// What stands in Via, Contact and From instead of the local address.
    pub advertised_address: Option<Host>,
    /// TLS listener.
    pub tls: Option<NotifierTls>,
    /// Networks whose SIP peers may subscribe without a password.
    pub allowed_peers: Vec<Network>,
    /// Anybody may subscribe with a password.
    pub has_passwords: bool,
    /// Who may call over HTTP.
    pub http: Http,
    /// It can send mail.
    pub has_mail: bool,
    /// It can send text messages.
    pub has_sms: bool,
    /// Servers of mail and text messages.
    pub servers: Vec<Server>,
    /// Secrets and ConfigMaps of which it reads every key.
    pub whole: Vec<(KeySource, String)>,
    /// Its pods.
    pub pod: Pod,
    /// Its Service.
    pub service: Service,
}

impl Notifier {
    /// Reads the block; what is wrong becomes findings, and a nearby value stands in.
    pub fn read(notes: &mut Notes, spec: Option<&NotifierSpec>) -> Self {
        let default = NotifierSpec::default();
        let NotifierSpec {
            mode,
            replicas,
            refresh_interval,
            guard,
            store,
            http,
            sip,
            pin: _,
            count_from_events: _,
            mail,
            sms,
            pod,
            service,
        } = spec.unwrap_or(&default);
        let store = Store::read(notes, store.as_ref(), *replicas);
        let replicas = number(notes, "spec.notifier.replicas", *replicas, 1, 16);
        if let Some(guard) = guard {
            read_guard(notes, guard);
        }
        let http = Http::read(notes, http.as_ref());
        let mail_server = mail.as_ref().map(|mail| read_mail(notes, mail));
        let sms_server = sms.as_ref().and_then(|sms| read_sms(notes, sms));
        let pod = pod.as_ref().map(|pod| Pod::read(notes, pod)).unwrap_or_default();
        let service = service.as_ref().map(|service| Service::read(notes, service)).unwrap_or_default();
        let default = NotifierSip::default();
        let NotifierSip { port: sip_port, advertised_address, tls, allowed_peers, digest_secret_ref } =
            sip.as_ref().unwrap_or(&default);
        let templates = mail.as_ref().and_then(|mail| mail.templates_ref.as_ref());
        Self {
            replicas: u8::try_from(replicas).unwrap_or(1),
            store,
            allowed_peers: read_networks(notes, allowed_peers),
            has_passwords: digest_secret_ref.is_some(),
            mode: one_of(
                notes,
                "spec.notifier.mode",
                mode,
                ("Active", Mode::Active),
                &[("Observe", Mode::Observe), ("Dark", Mode::Dark)],
            ),
            refresh_interval: refresh(notes, refresh_interval),
            sip_port: port(notes, "spec.notifier.sip.port", *sip_port),
            advertised_address: advertised_address
                .as_ref()
                .and_then(|text| host(notes, "spec.notifier.sip.advertisedAddress", text)),
            tls: tls.as_ref().map(|tls| listener(notes, tls)),
            http,
            has_mail: mail.is_some(),
            has_sms: sms.is_some(),
            servers: mail_server.into_iter().chain(sms_server).collect(),
            whole: digest_secret_ref
                .iter()
                .map(|secret| (KeySource::Secret, secret.name.clone()))
                .chain(templates.map(|texts| (KeySource::ConfigMap, texts.name.clone())))
                .collect(),
            pod,
            service,
        }
    }
}

fn refresh(notes: &mut Notes, text: &str) -> Duration {
    let (shortest, longest) = (Duration::from_mins(1), Duration::from_hours(12));
    let advice = match interval(text) {
        Ok(time) if (shortest..=longest).contains(&time) => return time,
        Ok(_) => "choose a time from 1m to 12h".to_owned(),
        Err(expected) => format!("expected {}", expected.0),
    };
    let message = format!("`{}` can't be a refresh interval", short(text));
    notes.add(Code::DurationInvalid, "spec.notifier.refreshInterval", message, advice);
    Duration::from_hours(6)
}

fn host(notes: &mut Notes, path: &str, text: &str) -> Option<Host> {
    one(notes, path, text, Code::AddressInvalid, gateway_address)
}

fn listener(notes: &mut Notes, tls: &NotifierSipTls) -> NotifierTls {
    let NotifierSipTls { port: tls_port, certificate_secret_ref, client_ca_ref } = tls;
    ca_kind(notes, "spec.notifier.sip.tls.clientCARef", client_ca_ref);
    NotifierTls {
        port: port(notes, "spec.notifier.sip.tls.port", *tls_port),
        certificate_secret: certificate_secret_ref.name.clone(),
        client_ca: KeyName::ca(client_ca_ref),
    }
}

/// A finding where CA certificates are neither in a Secret nor in a ConfigMap.
pub fn ca_kind(notes: &mut Notes, path: &str, reference: &CaRef) {
    let CaRef { kind, name: _, key: _ } = reference;
    word(notes, &format!("{path}.kind"), kind, &["Secret", "ConfigMap"]);
}

fn read_networks(notes: &mut Notes, networks: &[String]) -> Vec<Network> {
    const PATH: &str = "spec.notifier.sip.allowedPeers";
    too_many(notes, PATH, networks.len(), 64);
    let entry = |(at, text): (usize, &String)| {
        let (address, bits) = one(notes, &format!("{PATH}[{at}]"), text, Code::NetworkInvalid, network)?;
        Some(Network::new(address, bits))
    };
    networks.iter().take(64).enumerate().filter_map(entry).collect()
}

fn read_guard(notes: &mut Notes, guard: &NotifierGuard) {
    let NotifierGuard { mailboxes, percent } = guard;
    number(notes, "spec.notifier.guard.mailboxes", *mailboxes, 0, 100_000);
    number(notes, "spec.notifier.guard.percent", *percent, 0, 100);
}

fn read_mail(notes: &mut Notes, mail: &NotifierMail) -> Server {
    let NotifierMail { from, templates_ref: _, smtp } = mail;
    let Smtp { host: server, port: smtp_port, security, auth_secret_ref: _ } = smtp;
    one(notes, "spec.notifier.mail.from", from, Code::MailAddressInvalid, mail_address);
    let host = host(notes, "spec.notifier.mail.smtp.host", server);
    let given = smtp_port.map(|value| port(notes, "spec.notifier.mail.smtp.port", value));
    let usual = match word(notes, "spec.notifier.mail.smtp.security", security, &["StartTLS", "None", "TLS"])
    {
        "None" => 25,
        "TLS" => 465,
        _ => 587,
    };
    Server { host, port: given.unwrap_or(usual) }
}

fn read_sms(notes: &mut Notes, sms: &NotifierSms) -> Option<Server> {
    let NotifierSms { smpp, webhook } = sms;
    if smpp.is_some() == webhook.is_some() {
        let (message, advice) = if smpp.is_some() {
            ("sms has both smpp and webhook", "keep one of the two")
        } else {
            ("sms has neither smpp nor webhook", "add one of the two, or remove sms")
        };
        notes.add(Code::SMSProviderInvalid, "spec.notifier.sms", message, advice);
    }
    let smpp = smpp.as_ref().map(|smpp| read_smpp(notes, smpp));
    let webhook = webhook.as_ref().and_then(|SmsWebhook { url, token_secret_ref: _ }| {
        one(notes, "spec.notifier.sms.webhook.url", url, Code::WebhookURLInvalid, web_address)
    });
    smpp.or(webhook)
}

fn read_smpp(notes: &mut Notes, smpp: &Smpp) -> Server {
    let Smpp { host: server, port: smpp_port, auth_secret_ref: _, source_address } = smpp;
    if let Some(source) = source_address {
        let path = "spec.notifier.sms.smpp.sourceAddress";
        let meant = (Code::PhoneNumberInvalid, "the sender of a text message");
        one_as(notes, path, source, meant, source_address_of);
    }
    Server {
        host: host(notes, "spec.notifier.sms.smpp.host", server),
        port: port(notes, "spec.notifier.sms.smpp.port", *smpp_port),
    }
}

/// A number, or a name of at most 11 characters (GSM 03.40, alphanumeric address).
fn source_address_of(text: &str) -> Result<(), Expected> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let number = !digits.is_empty() && text.len() <= 20 && digits.bytes().all(|b| b.is_ascii_digit());
    let name = (1..=11).contains(&text.len())
        && text.trim() == text
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b" -.&_".contains(&b));
    if number || name {
        Ok(())
    } else {
        Err(Expected("a number, or a name of at most 11 letters, digits, blanks and - . & _"))
    }
}

/// Where a web service is: the host between scheme and path, without user and password.
fn web_address(text: &str) -> Result<Server, Expected> {
    let (rest, usual) = match text.strip_prefix("https://") {
        Some(rest) => (rest, 443),
        None => (text.strip_prefix("http://").unwrap_or_default(), 80),
    };
    let has_host = rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
    if text.len() > 2048 || !has_host || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Expected("an address as in https://sms.example.com/send"));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit('@').next().unwrap_or_default();
    Ok(match place.parse() {
        Ok(HostPort { host, port }) => Server { host: Some(host), port },
        Err(_) => Server { host: place.parse().ok(), port: usual },
    })
}
