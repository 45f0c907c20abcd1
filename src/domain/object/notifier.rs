//! The block `notifier` of a dial plan, read.

use std::time::Duration;

use super::reader::{one, one_as, too_many, word};
use super::{number, one_of, pod, port};
use crate::api::notifier::{
    HttpClient, HttpTls, NotifierGuard, NotifierHttp, NotifierMail, NotifierSip, NotifierSipTls, NotifierSms,
    NotifierSpec, NotifierStore, Smpp, SmsWebhook, Smtp,
};
use crate::api::reference::CaRef;
use crate::domain::finding::{Code, Notes};
use crate::domain::scalar::{Expected, gateway_address, interval, mail_address, network};
use crate::domain::shown::short;
use crate::domain::snapshot::KeyName;
use crate::sip::text::Host;

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

/// How the notifier of a dial plan works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notifier {
    /// What it does.
    pub mode: Mode,
    /// How often each lamp is sent again.
    pub refresh_interval: Duration,
    /// Port for UDP and TCP.
    pub sip_port: u16,
    /// What stands in Via, Contact and From instead of the local address.
    pub advertised_address: Option<Host>,
    /// TLS listener.
    pub tls: Option<NotifierTls>,
    /// It can send mail.
    pub has_mail: bool,
    /// It can send text messages.
    pub has_sms: bool,
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
        number(notes, "spec.notifier.replicas", *replicas, 1, 16);
        read_store(notes, store.as_ref(), *replicas);
        if let Some(guard) = guard {
            read_guard(notes, guard);
        }
        if let Some(http) = http {
            read_http(notes, http);
        }
        if let Some(mail) = mail {
            read_mail(notes, mail);
        }
        if let Some(sms) = sms {
            read_sms(notes, sms);
        }
        if let Some(pod) = pod {
            pod::read_pod(notes, pod);
        }
        if let Some(service) = service {
            pod::read_service(notes, service);
        }
        let default = NotifierSip::default();
        let NotifierSip { port: sip_port, advertised_address, tls, allowed_peers, digest_secret_ref: _ } =
            sip.as_ref().unwrap_or(&default);
        read_networks(notes, allowed_peers);
        Self {
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
            has_mail: mail.is_some(),
            has_sms: sms.is_some(),
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

fn ca_kind(notes: &mut Notes, path: &str, reference: &CaRef) {
    let CaRef { kind, name: _, key: _ } = reference;
    word(notes, &format!("{path}.kind"), kind, &["Secret", "ConfigMap"]);
}

fn read_networks(notes: &mut Notes, networks: &[String]) {
    const PATH: &str = "spec.notifier.sip.allowedPeers";
    too_many(notes, PATH, networks.len(), 64);
    for (at, text) in networks.iter().enumerate().take(64) {
        one(notes, &format!("{PATH}[{at}]"), text, Code::NetworkInvalid, network);
    }
}

fn read_guard(notes: &mut Notes, guard: &NotifierGuard) {
    let NotifierGuard { mailboxes, percent } = guard;
    number(notes, "spec.notifier.guard.mailboxes", *mailboxes, 0, 100_000);
    number(notes, "spec.notifier.guard.percent", *percent, 0, 100);
}

fn read_store(notes: &mut Notes, store: Option<&NotifierStore>, replicas: i32) {
    let default = NotifierStore::default();
    let NotifierStore { type_, size, storage_class_name: _, connection_secret_ref, ca_ref } =
        store.unwrap_or(&default);
    if let Some(reference) = ca_ref {
        ca_kind(notes, "spec.notifier.store.caRef", reference);
    }
    let type_ = word(notes, "spec.notifier.store.type", type_, &["SQLite", "PostgreSQL"]);
    one(notes, "spec.notifier.store.size", size, Code::SizeInvalid, quantity);
    if type_ == "SQLite" && replicas > 1 {
        let message = format!("{replicas} replicas can't share one SQLite file");
        let advice = "set store.type: PostgreSQL with connectionSecretRef, or replicas: 1";
        notes.add(Code::ReplicasNeedPostgreSQL, "spec.notifier.replicas", message, advice);
    }
    if type_ == "PostgreSQL" && connection_secret_ref.is_none() {
        let message = "store.type PostgreSQL has no connectionSecretRef";
        let advice = "name the key of a Secret that holds postgresql://user:password@host/database";
        notes.add(Code::ConnectionMissing, "spec.notifier.store.connectionSecretRef", message, advice);
    }
}

/// A size as Kubernetes writes it.
fn quantity(text: &str) -> Result<(), Expected> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let sound = text.len() <= 16
        && number(whole)
        && number(part)
        && digits.bytes().any(|b| (b'1'..=b'9').contains(&b))
        && ["", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"].contains(&unit);
    if sound { Ok(()) } else { Err(Expected("a size as in 500Mi, 1Gi or 2Ti")) }
}

fn read_http(notes: &mut Notes, http: &NotifierHttp) {
    const PATH: &str = "spec.notifier.http.clients";
    let NotifierHttp { clients, tls } = http;
    if let Some(HttpTls { certificate_secret_ref: _, client_ca_ref: Some(reference) }) = tls {
        ca_kind(notes, "spec.notifier.http.tls.clientCARef", reference);
    }
    too_many(notes, PATH, clients.len(), 32);
    for (at, client) in clients.iter().enumerate().take(32) {
        let HttpClient { name, token_secret_ref: _, scopes } = client;
        one(notes, &format!("{PATH}[{at}].name"), name, Code::HTTPClientInvalid, client_name);
        if scopes.is_empty() {
            let message = format!("client {} has no scope, so it may do nothing", short(name));
            let advice = "name at least one of messages, events, settings, pin, dialing, sms";
            notes.add(Code::HTTPClientInvalid, format!("{PATH}[{at}].scopes"), message, advice);
        }
        too_many(notes, &format!("{PATH}[{at}].scopes"), scopes.len(), 6);
        for (nth, scope) in scopes.iter().enumerate().take(6) {
            let scopes = ["messages", "events", "settings", "pin", "dialing", "sms"];
            word(notes, &format!("{PATH}[{at}].scopes[{nth}]"), scope, &scopes);
        }
        if clients.iter().take(at).any(|other| other.name == *name) {
            let message = format!("two clients have the name {}", short(name));
            let advice = "give each program a name and a token of its own";
            notes.add(Code::HTTPClientInvalid, format!("{PATH}[{at}].name"), message, advice);
        }
    }
}

/// A client's name is a word of the log.
fn client_name(text: &str) -> Result<(), Expected> {
    let sound = (1..=63).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if sound { Ok(()) } else { Err(Expected("1 to 63 characters on one line")) }
}

fn read_mail(notes: &mut Notes, mail: &NotifierMail) {
    let NotifierMail { from, templates_ref: _, smtp } = mail;
    let Smtp { host: server, port: smtp_port, security, auth_secret_ref: _ } = smtp;
    one(notes, "spec.notifier.mail.from", from, Code::MailAddressInvalid, mail_address);
    host(notes, "spec.notifier.mail.smtp.host", server);
    if let Some(value) = smtp_port {
        port(notes, "spec.notifier.mail.smtp.port", *value);
    }
    word(notes, "spec.notifier.mail.smtp.security", security, &["StartTLS", "None", "TLS"]);
}

fn read_sms(notes: &mut Notes, sms: &NotifierSms) {
    let NotifierSms { smpp, webhook } = sms;
    if smpp.is_some() == webhook.is_some() {
        let (message, advice) = if smpp.is_some() {
            ("sms has both smpp and webhook", "keep one of the two")
        } else {
            ("sms has neither smpp nor webhook", "add one of the two, or remove sms")
        };
        notes.add(Code::SMSProviderInvalid, "spec.notifier.sms", message, advice);
    }
    if let Some(Smpp { host: server, port: smpp_port, auth_secret_ref: _, source_address }) = smpp {
        host(notes, "spec.notifier.sms.smpp.host", server);
        port(notes, "spec.notifier.sms.smpp.port", *smpp_port);
        if let Some(source) = source_address {
            let path = "spec.notifier.sms.smpp.sourceAddress";
            let meant = (Code::PhoneNumberInvalid, "the sender of a text message");
            one_as(notes, path, source, meant, source_address_of);
        }
    }
    if let Some(SmsWebhook { url, token_secret_ref: _ }) = webhook {
        one(notes, "spec.notifier.sms.webhook.url", url, Code::WebhookURLInvalid, web_address);
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

fn web_address(text: &str) -> Result<(), Expected> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let has_host = rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
    let sound = text.len() <= 2048 && has_host && text.bytes().all(|b| b.is_ascii_graphic());
    if sound { Ok(()) } else { Err(Expected("an address as in https://sms.example.com/send")) }
}
