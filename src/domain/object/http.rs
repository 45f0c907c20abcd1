//! The block `notifier.http` of a dial plan, read: who may call its notifier, for what, and how the way is secured.

use super::keys::CLIENTS;
use super::notifier::ca_kind;
use super::reader::{one, too_many, word};
use crate::api::dial_plan::UMDialPlanSpec;
use crate::api::notifier as wire;
use crate::domain::finding::{Code, Notes};
use crate::domain::scalar::Expected;
use crate::domain::shown::short;
use crate::domain::snapshot::KeyName;

/// Most clients of a dial plan.
const MOST_CLIENTS: usize = 32;

/// What a client may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Read and set counts.
    Messages,
    /// Tell what happened to a single message.
    Events,
    /// Read effective settings.
    Settings,
    /// Check, change and reset PINs.
    Pin,
    /// Ask what a caller may dial.
    Dialing,
    /// Enrol telephones for text messages.
    Sms,
}

impl Scope {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Messages, Self::Events, Self::Settings, Self::Pin, Self::Dialing, Self::Sms];

    /// The word as manifests have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Events => "events",
            Self::Settings => "settings",
            Self::Pin => "pin",
            Self::Dialing => "dialing",
            Self::Sms => "sms",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// A program that may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its name in logs.
    pub name: String,
    /// Its bearer token.
    pub token: KeyName,
    /// What it may do, in the order of [`Scope::ALL`].
    pub scopes: Vec<Scope>,
}

/// TLS of the HTTP port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpTls {
    /// Secret with `tls.crt` and `tls.key`.
    pub certificate_secret: String,
    /// CA certificates of callers, who then must show one.
    pub client_ca: Option<KeyName>,
}

/// Who may call a notifier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Http {
    /// Who may call, wherever they are; entries with errors are left out, so that nobody has what they would allow. None: callers on
    /// loopback alone, with every scope.
    pub clients: Option<Vec<Client>>,
    /// TLS. None: plain HTTP.
    pub tls: Option<HttpTls>,
}

impl Http {
    /// The block of a dial plan. What is wrong with it is not told here.
    #[must_use]
    pub fn of(spec: &UMDialPlanSpec) -> Self {
        let http = spec.notifier.as_ref().and_then(|notifier| notifier.http.as_ref());
        Self::read(&mut Notes::default(), http)
    }

    /// Reads the block; what is wrong becomes findings.
    pub(super) fn read(notes: &mut Notes, http: Option<&wire::NotifierHttp>) -> Self {
        let Some(wire::NotifierHttp { clients, tls }) = http else { return Self::default() };
        let tls = tls.as_ref().map(|tls| {
            let wire::HttpTls { certificate_secret_ref, client_ca_ref } = tls;
            if let Some(reference) = client_ca_ref {
                ca_kind(notes, "spec.notifier.http.tls.clientCARef", reference);
            }
            HttpTls {
                certificate_secret: certificate_secret_ref.name.clone(),
                client_ca: client_ca_ref.as_ref().map(KeyName::ca),
            }
        });
        too_many(notes, CLIENTS, clients.len(), MOST_CLIENTS);
        let read = |(at, client)| read_client(notes, clients, at, client);
        let sound = clients.iter().take(MOST_CLIENTS).enumerate().filter_map(read).collect();
        Self { clients: (!clients.is_empty()).then_some(sound), tls }
    }
}

/// An entry of the list; none where it has an error that makes it unusable.
fn read_client(
    notes: &mut Notes,
    all: &[wire::HttpClient],
    at: usize,
    client: &wire::HttpClient,
) -> Option<Client> {
    let wire::HttpClient { name, token_secret_ref, scopes } = client;
    let sound = one(notes, &format!("{CLIENTS}[{at}].name"), name, Code::HTTPClientInvalid, client_name);
    if scopes.is_empty() {
        let message = format!("client {} has no scope, so it may do nothing", short(name));
        let advice = format!("name at least one of {}", Scope::ALL.map(Scope::as_str).join(", "));
        notes.add(Code::HTTPClientInvalid, format!("{CLIENTS}[{at}].scopes"), message, advice);
    }
    too_many(notes, &format!("{CLIENTS}[{at}].scopes"), scopes.len(), Scope::ALL.len());
    for (nth, scope) in scopes.iter().enumerate().take(Scope::ALL.len()) {
        word(notes, &format!("{CLIENTS}[{at}].scopes[{nth}]"), scope, &Scope::ALL.map(Scope::as_str));
    }
    if all.iter().take(at).any(|other| other.name == *name) {
        let message = format!("two clients have the name {}", short(name));
        let advice = "give each program a name and a token of its own";
        notes.add(Code::HTTPClientInvalid, format!("{CLIENTS}[{at}].name"), message, advice);
        return None;
    }
    let may = |scope: &Scope| scopes.iter().filter_map(|word| Scope::of(word)).any(|has| has == *scope);
    sound.map(|()| Client {
        name: name.clone(),
        token: KeyName::secret(&token_secret_ref.name, &token_secret_ref.key),
        scopes: Scope::ALL.into_iter().filter(may).collect(),
    })
}

/// A client's name is a word of the log.
fn client_name(text: &str) -> Result<(), Expected> {
    let sound = (1..=63).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if sound { Ok(()) } else { Err(Expected("1 to 63 characters on one line")) }
}
