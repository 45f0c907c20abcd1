//! The headers of a message that was read: the checks that every message must pass, and typed looks at the ones that matter
//! to all methods. Knows neither start line nor method.

use super::fields::{Address, Via};
use super::head::Field;
use super::message::{MAX_VIA, ParseError};
use super::params::split_list;
use super::text::is_token;

/// Headers that stand at most once (RFC 3261 20, 6665 8.2), apart from Content-Length, whose repetition has its own error.
const SINGLE: [&str; 9] = [
    "From",
    "To",
    "Call-ID",
    "CSeq",
    "Max-Forwards",
    "Content-Type",
    "Event",
    "Expires",
    "Subscription-State",
];

/// What requests and responses have in common: header fields and body.
#[derive(Clone, PartialEq, Eq)]
pub struct Headers {
    fields: Vec<Field>,
    body: Vec<u8>,
    branch: Option<String>,
    sent_by: String,
}

impl Headers {
    /// Checks the fields of a head.
    pub(super) fn new(fields: Vec<Field>, body: &[u8]) -> Result<Self, ParseError> {
        for name in SINGLE {
            if all(&fields, name).nth(1).is_some() {
                return Err(ParseError::Repeated(name));
            }
        }
        let (branch, sent_by) = top_via(&fields)?;
        for name in ["From", "To"] {
            let value = all(&fields, name).next().ok_or(ParseError::Missing(name))?;
            let address = Address::parse(value).ok_or(ParseError::Value(name))?;
            if address.params.get("tag").is_some_and(|tag| !tag.is_some_and(is_token)) {
                return Err(ParseError::Value(name));
            }
        }
        let call_id = all(&fields, "Call-ID").next().ok_or(ParseError::Missing("Call-ID"))?;
        if call_id.is_empty() || !call_id.bytes().all(|byte| (0x21..0x7f).contains(&byte)) {
            return Err(ParseError::Value("Call-ID"));
        }
        let cseq = all(&fields, "CSeq").next().ok_or(ParseError::Missing("CSeq"))?;
        parse_cseq(cseq).ok_or(ParseError::Value("CSeq"))?;
        if all(&fields, "Max-Forwards").next().is_some_and(|value| !is_max_forwards(value)) {
            return Err(ParseError::Value("Max-Forwards"));
        }
        let contacts = all(&fields, "Contact").flat_map(split_list);
        if !contacts.into_iter().all(|value| value == "*" || Address::parse(value).is_some()) {
            return Err(ParseError::Value("Contact"));
        }
        Ok(Self { fields, body: body.to_vec(), branch, sent_by })
    }

    /// The first field of that name (long form, any case); its value has no folds and no blanks at its ends.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        all(&self.fields, name).next()
    }

    /// All fields of that name in order, as they stand: a field may hold several values between commas.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        all(&self.fields, name)
    }

    /// The body, exactly as many bytes as Content-Length says.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The branch of the top Via; `None` if there is none or it is the bare cookie, so that nothing identifies the transaction.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.branch.as_deref()
    }

    /// The sent-by of the top Via: `host` or `host:port`, IPv6 in brackets, names in lower case.
    #[must_use]
    pub fn sent_by(&self) -> Option<&str> {
        Some(&self.sent_by)
    }

    /// Number and method of CSeq.
    #[must_use]
    pub fn cseq(&self) -> Option<(u32, &str)> {
        self.header("CSeq").and_then(parse_cseq)
    }

    /// Call-ID: visible ASCII.
    #[must_use]
    pub fn call_id(&self) -> Option<&str> {
        self.header("Call-ID")
    }

    /// The tag of From, a token.
    #[must_use]
    pub fn from_tag(&self) -> Option<&str> {
        self.address("From")?.tag()
    }

    /// The tag of To, a token.
    #[must_use]
    pub fn to_tag(&self) -> Option<&str> {
        self.address("To")?.tag()
    }

    /// The URI of From, of any scheme, without brackets.
    #[must_use]
    pub fn from_uri(&self) -> Option<&str> {
        self.address("From").map(|address| address.uri)
    }

    /// The URI of To, of any scheme, without brackets.
    #[must_use]
    pub fn to_uri(&self) -> Option<&str> {
        self.address("To").map(|address| address.uri)
    }

    /// The URI of the first Contact, of any scheme, without brackets.
    #[must_use]
    pub fn contact_uri(&self) -> Option<&str> {
        let value = self.header("Contact").and_then(|value| split_list(value).next())?;
        Address::parse(value).map(|address| address.uri)
    }

    fn address(&self, name: &str) -> Option<Address<'_>> {
        self.header(name).and_then(Address::parse)
    }
}

fn all<'a>(fields: &'a [Field], name: &str) -> impl Iterator<Item = &'a str> {
    fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value.as_str())
}

/// The number is below 2^31 (RFC 3261 8.1.1.5).
fn parse_cseq(value: &str) -> Option<(u32, &str)> {
    let (number, method) = value.split_once([' ', '\t'])?;
    let method = method.trim_start_matches([' ', '\t']);
    let digits = number.len() <= 10 && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse().ok().filter(|number| digits && *number < 1 << 31)?;
    is_token(method).then_some((number, method))
}

/// A number of at most 255 (RFC 3261 20.22).
fn is_max_forwards(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit()) && value.parse::<u8>().is_ok()
}

fn top_via(fields: &[Field]) -> Result<(Option<String>, String), ParseError> {
    let mut top = None;
    for (count, value) in all(fields, "Via").flat_map(split_list).enumerate() {
        if count == MAX_VIA {
            return Err(ParseError::TooManyVias);
        }
        let via = Via::parse(value).ok_or(ParseError::Value("Via"))?;
        if count == 0 {
            top = Some((via.branch().map(str::to_owned), via.sent_by()));
        }
    }
    top.ok_or(ParseError::Missing("Via"))
}
