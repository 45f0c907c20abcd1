//! KIND/NAME and FEATURE on the command line. Knows no manifest: whether the object is there is for `missing` to say.

use crate::api::{GROUP, VERSION};
use crate::domain::{Feature, Kind};

const WANTED: &str = "expected KIND/NAME, as in UMMailbox/lina, ummb/lina or umgw/pbx-a";

/// Reads a kind as kubectl takes it, and a name. The kind may be written in capitals, as one or many, short, and with its group or with
/// version and group, as in `ummailboxes.v1alpha1.um.lamplighter.dev`.
///
/// # Errors
/// A sentence that says what was expected.
pub fn object(text: &str) -> Result<(Kind, String), String> {
    let (written, name) = text.split_once('/').ok_or(WANTED)?;
    let lower = written.to_ascii_lowercase();
    let word = match lower.split_once('.') {
        Some((word, group))
            if group == GROUP || group.strip_prefix(VERSION) == Some(&format!(".{GROUP}")) =>
        {
            word
        }
        Some(_) => return Err(format!("{written} is not of the group {GROUP}; {WANTED}")),
        None => &lower,
    };
    let kind = Kind::ALL.into_iter().find(|kind| words(*kind).contains(&word));
    let kind = kind.ok_or_else(|| {
        let all: Vec<&str> = Kind::ALL.into_iter().map(Kind::as_str).collect();
        format!("there is no kind `{written}`; there are {}; {WANTED}", all.join(", "))
    })?;
    if name.is_empty() || name.contains('/') {
        return Err(WANTED.to_owned());
    }
    Ok((kind, name.to_owned()))
}

/// One, many, and short, as the resource definitions have them.
const fn words(kind: Kind) -> [&'static str; 3] {
    match kind {
        Kind::DialPlan => ["umdialplan", "umdialplans", "umdp"],
        Kind::MailboxPolicy => ["ummailboxpolicy", "ummailboxpolicies", "ummbp"],
        Kind::Gateway => ["umipgateway", "umipgateways", "umgw"],
        Kind::Mailbox => ["ummailbox", "ummailboxes", "ummb"],
    }
}

/// Reads the word of a feature.
///
/// # Errors
/// A sentence with all words.
pub fn feature(text: &str) -> Result<Feature, String> {
    let known = Feature::ALL.into_iter().find(|feature| feature.as_str() == text);
    known.ok_or_else(|| {
        let words: Vec<&str> = Feature::ALL.iter().map(|feature| feature.as_str()).collect();
        format!("choose one of {}", words.join(", "))
    })
}
