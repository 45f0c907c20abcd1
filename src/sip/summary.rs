//! The body that lights a lamp: `application/simple-message-summary` (RFC 3842), written exactly as all known gateways read
//! it, and read leniently. Knows no SIP message.

use serde::{Deserialize, Serialize};

/// Media type of the body.
pub const CONTENT_TYPE: &str = "application/simple-message-summary";
/// Longest account that is written or read, in characters; gateways overrun beyond.
pub const MAX_ACCOUNT: usize = 511;
/// Longest body that is read, in bytes.
pub const MAX_BODY: usize = 8_192;
/// Most lines of a body that are read.
pub const MAX_LINES: usize = 64;

/// How many voice messages wait: new and old ones, and how many of each are urgent (RFC 3842 5.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// New messages, urgent ones included.
    pub new: u32,
    /// Old messages, urgent ones included.
    pub old: u32,
    /// Urgent ones among the new; 0 when a decoded text leaves it out.
    #[serde(default)]
    pub urgent_new: u32,
    /// Urgent ones among the old; 0 when a decoded text leaves it out.
    #[serde(default)]
    pub urgent_old: u32,
}

impl Counts {
    /// No message at all.
    pub const NONE: Self = Self { new: 0, old: 0, urgent_new: 0, urgent_old: 0 };
    /// The greatest number that is written.
    pub const MAX: u32 = 999_999;

    /// Whether the lamp is on: a new message waits.
    #[must_use]
    pub fn lamp_on(&self) -> bool {
        self.new > 0
    }

    /// The sum of two mailboxes, each number at most [`Self::MAX`].
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        let add = |one: u32, two: u32| one.saturating_add(two).min(Self::MAX);
        Self {
            new: add(self.new, other.new),
            old: add(self.old, other.old),
            urgent_new: add(self.urgent_new, other.urgent_new),
            urgent_old: add(self.urgent_old, other.urgent_old),
        }
    }
}

/// Writes the body: all three lines, always, as some gateways ignore a body that lacks one. Control characters of `account`
/// are left out, and what exceeds [`MAX_ACCOUNT`].
pub fn write_summary(out: &mut Vec<u8>, account: &str, counts: &Counts) {
    let waiting = if counts.lamp_on() { "yes" } else { "no" };
    out.extend_from_slice(b"Messages-Waiting: ");
    out.extend_from_slice(waiting.as_bytes());
    out.extend_from_slice(b"\r\nMessage-Account: ");
    out.extend(account.bytes().filter(|byte| (0x20..0x7f).contains(byte)).take(MAX_ACCOUNT));
    out.extend_from_slice(b"\r\nVoice-Message: ");
    write_number(out, counts.new.min(Counts::MAX));
    out.push(b'/');
    write_number(out, counts.old.min(Counts::MAX));
    out.extend_from_slice(b" (");
    write_number(out, counts.urgent_new.min(Counts::MAX));
    out.push(b'/');
    write_number(out, counts.urgent_old.min(Counts::MAX));
    out.extend_from_slice(b")\r\n");
}

/// Decimal digits without the machinery of `fmt`: this runs for each NOTIFY.
pub(super) fn write_number(out: &mut Vec<u8>, number: u32) {
    let start = out.len();
    let mut rest = number;
    loop {
        out.push(b'0' + u8::try_from(rest % 10).unwrap_or_default());
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}

/// What a body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Whether messages of any class wait.
    pub waiting: bool,
    /// The account, as written, without control characters.
    pub account: Option<String>,
    /// The counts of voice messages, each at most [`Counts::MAX`].
    pub voice: Option<Counts>,
}

/// Why a body is no message summary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SummaryError {
    /// Longer than [`MAX_BODY`] bytes or [`MAX_LINES`] lines.
    #[error("message summary longer than {MAX_BODY} bytes or {MAX_LINES} lines")]
    TooLong,
    /// No `Messages-Waiting: yes` or `no`.
    #[error("message summary without Messages-Waiting: yes or no")]
    Waiting,
    /// The account exceeds [`MAX_ACCOUNT`] characters or holds a control character.
    #[error("malformed Message-Account")]
    Account,
    /// Voice-Message is not `new/old` or `new/old (urgent new/urgent old)`.
    #[error("malformed Voice-Message")]
    Voice,
}

/// Reads a body: any case, any order, LF or CRLF, unknown lines skipped; of a repeated line the first counts. What follows
/// an empty line describes single messages and is not read.
///
/// # Errors
/// [`SummaryError`], when it has no waiting line, or a line that matters is malformed, or it is too long.
pub fn parse_summary(body: &[u8]) -> Result<Summary, SummaryError> {
    if body.len() > MAX_BODY {
        return Err(SummaryError::TooLong);
    }
    let text = String::from_utf8_lossy(body);
    let (mut waiting, mut account, mut voice) = (None, None, None);
    for (count, line) in text.lines().take_while(|line| !line.is_empty()).enumerate() {
        if count == MAX_LINES {
            return Err(SummaryError::TooLong);
        }
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim_matches([' ', '\t']);
        match name.trim_end_matches([' ', '\t']).to_ascii_lowercase().as_str() {
            "messages-waiting" if waiting.is_none() => waiting = Some(parse_waiting(value)?),
            "message-account" if account.is_none() => account = Some(parse_account(value)?),
            "voice-message" if voice.is_none() => {
                voice = Some(parse_counts(value).ok_or(SummaryError::Voice)?)
            }
            _ => {}
        }
    }
    Ok(Summary { waiting: waiting.ok_or(SummaryError::Waiting)?, account, voice })
}

fn parse_waiting(value: &str) -> Result<bool, SummaryError> {
    match value.to_ascii_lowercase().as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(SummaryError::Waiting),
    }
}

fn parse_account(value: &str) -> Result<String, SummaryError> {
    let good = value.chars().count() <= MAX_ACCOUNT && !value.chars().any(char::is_control);
    good.then(|| value.to_owned()).ok_or(SummaryError::Account)
}

fn parse_counts(value: &str) -> Option<Counts> {
    let (plain, urgent) = match value.split_once('(') {
        Some((plain, urgent)) => (plain, Some(urgent.trim_end_matches([' ', '\t']).strip_suffix(')')?)),
        None => (value, None),
    };
    let (new, old) = parse_pair(plain)?;
    let (urgent_new, urgent_old) = urgent.map_or(Some((0, 0)), parse_pair)?;
    Some(Counts { new, old, urgent_new, urgent_old })
}

fn parse_pair(text: &str) -> Option<(u32, u32)> {
    let (one, two) = text.split_once('/')?;
    Some((parse_number(one)?, parse_number(two)?))
}

fn parse_number(text: &str) -> Option<u32> {
    let digits = text.trim_matches([' ', '\t']);
    let good = (1..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| digits.parse().unwrap_or(u32::MAX).min(Counts::MAX))
}
