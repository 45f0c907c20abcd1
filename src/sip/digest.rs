//! Digest credentials as a client sends them (RFC 7616, RFC 8760 for SIP, RFC 2617 and 2069 for old peers). Reads challenges
//! and computes answers; where the password comes from, and that it is never logged, is the caller's affair.

use std::fmt::Write;

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};

use super::params::{quoted_length, split_list, unquote};
use super::text::is_token;

/// Longest challenge that is read, in bytes.
pub const MAX_CHALLENGE: usize = 2_048;

/// A challenge that we can answer: one WWW-Authenticate or Proxy-Authenticate value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Whom the password is for; escapes as the peer wrote them.
    pub realm: String,
    /// Whether only the nonce was too old, so that the same password is worth another try.
    pub stale: bool,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// Whether the peer named the algorithm; some refuse a name that they did not say.
    named: bool,
    qop: bool,
}

/// Sorted from weak to strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Algorithm {
    hash: Hash,
    session: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hash {
    Md5,
    Sha256,
    Sha512Slash256,
}

/// Why a challenge can't be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Not a Digest challenge.
    #[error("not a Digest challenge")]
    Scheme,
    /// A parameter is malformed or stands twice, or the whole is longer than [`MAX_CHALLENGE`].
    #[error("malformed Digest challenge")]
    Malformed,
    /// No realm or no nonce.
    #[error("Digest challenge without {0}")]
    Missing(&'static str),
    /// Not MD5, SHA-256, SHA-512-256 or their -sess.
    #[error("unknown Digest algorithm")]
    Algorithm,
    /// Only qualities of protection other than `auth`, or -sess without any.
    #[error("Digest challenge without qop=auth")]
    Qop,
}

/// Reads one challenge.
///
/// # Errors
/// [`DigestError`] says what is unknown or malformed.
pub fn parse_challenge(value: &str) -> Result<Challenge, DigestError> {
    if value.len() > MAX_CHALLENGE || value.chars().any(|letter| letter.is_control() && letter != '\t') {
        return Err(DigestError::Malformed);
    }
    let (scheme, rest) =
        value.trim_matches([' ', '\t']).split_once([' ', '\t']).ok_or(DigestError::Scheme)?;
    if !scheme.eq_ignore_ascii_case("Digest") {
        return Err(DigestError::Scheme);
    }
    let params = parse_params(rest)?;
    let get = |name: &str| {
        params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    };
    let named = get("algorithm");
    let algorithm = named
        .map_or(Some(Algorithm { hash: Hash::Md5, session: false }), |name| Algorithm::parse(&unquote(name)));
    let algorithm = algorithm.ok_or(DigestError::Algorithm)?;
    let qop = get("qop").map(unquote);
    let auth = qop.as_deref().map(|list| split_list(list).any(|one| one.eq_ignore_ascii_case("auth")));
    if auth == Some(false) || (auth.is_none() && algorithm.session) {
        return Err(DigestError::Qop);
    }
    Ok(Challenge {
        realm: inner(get("realm").ok_or(DigestError::Missing("realm"))?).to_owned(),
        stale: get("stale").is_some_and(|stale| unquote(stale).eq_ignore_ascii_case("true")),
        nonce: inner(get("nonce").ok_or(DigestError::Missing("nonce"))?).to_owned(),
        opaque: get("opaque").map(|opaque| inner(opaque).to_owned()),
        algorithm,
        named: named.is_some(),
        qop: auth.is_some(),
    })
}

fn parse_params(text: &str) -> Result<Vec<(&str, &str)>, DigestError> {
    let mut params: Vec<(&str, &str)> = Vec::new();
    for item in split_list(text).filter(|item| !item.is_empty()) {
        let (name, value) = item.split_once('=').ok_or(DigestError::Malformed)?;
        let (name, value) = (name.trim_end_matches([' ', '\t']), value.trim_start_matches([' ', '\t']));
        let good = is_token(name) && (is_quoted(value) || is_loose_token(value));
        if !good || params.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Err(DigestError::Malformed);
        }
        params.push((name, value));
    }
    Ok(params)
}

fn is_quoted(value: &str) -> bool {
    quoted_length(value) == Some(value.len())
}

/// Old peers leave the quotes away around base64.
fn is_loose_token(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",\\".contains(&byte))
}

/// What stands between the quotes, escapes kept: hashed and sent back as it came (`unq` of RFC 7616 3.3).
fn inner(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}

/// The strongest challenge that can be answered, the first among equals.
pub fn best<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<Challenge> {
    let mut best: Option<Challenge> = None;
    for challenge in values.into_iter().filter_map(|value| parse_challenge(value).ok()) {
        if best.as_ref().is_none_or(|known| challenge.algorithm.hash > known.algorithm.hash) {
            best = Some(challenge);
        }
    }
    best
}

/// The value of Authorization or Proxy-Authorization. `uri` is the Request-URI as sent, `cnonce` a random token of ours, and
/// `nc` counts the requests that used this nonce, this one included. Control characters in names are left out.
#[must_use]
pub fn answer(
    challenge: &Challenge,
    method: &str,
    uri: &str,
    username: &str,
    password: &str,
    cnonce: &str,
    nc: u32,
) -> String {
    let Challenge { realm, nonce, opaque, algorithm, named, qop, stale: _ } = challenge;
    let hash = |text: String| algorithm.hash.hex(&text);
    let mut secret = hash(format!("{username}:{realm}:{password}"));
    if algorithm.session {
        secret = hash(format!("{secret}:{nonce}:{cnonce}"));
    }
    let request = hash(format!("{method}:{uri}"));
    let response = if *qop {
        hash(format!("{secret}:{nonce}:{nc:08x}:{cnonce}:auth:{request}"))
    } else {
        hash(format!("{secret}:{nonce}:{request}"))
    };
    let mut out = format!("Digest username={}, realm=\"{realm}\", nonce=\"{nonce}\"", quote(username));
    // Writing into a text cannot fail.
    let _ = write!(out, ", uri={}, response=\"{response}\"", quote(uri));
    if *named {
        let _ = write!(out, ", algorithm={}", algorithm.name());
    }
    if let Some(opaque) = opaque {
        let _ = write!(out, ", opaque=\"{opaque}\"");
    }
    if *qop {
        let _ = write!(out, ", qop=auth, nc={nc:08x}, cnonce={}", quote(cnonce));
    }
    out
}

fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        if matches!(letter, '"' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
    out
}

impl Algorithm {
    fn parse(name: &str) -> Option<Self> {
        let both = |session| {
            [Hash::Md5, Hash::Sha256, Hash::Sha512Slash256]
                .into_iter()
                .map(move |hash| Self { hash, session })
        };
        both(false).chain(both(true)).find(|known| known.name().eq_ignore_ascii_case(name))
    }

    fn name(self) -> &'static str {
        match (self.hash, self.session) {
            (Hash::Md5, false) => "MD5",
            (Hash::Md5, true) => "MD5-sess",
            (Hash::Sha256, false) => "SHA-256",
            (Hash::Sha256, true) => "SHA-256-sess",
            (Hash::Sha512Slash256, false) => "SHA-512-256",
            (Hash::Sha512Slash256, true) => "SHA-512-256-sess",
        }
    }
}

impl Hash {
    fn hex(self, text: &str) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Sha256 => hex(&Sha256::digest(text)),
            Self::Sha512Slash256 => hex(&Sha512_256::digest(text)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}
