//! Which number a caller may dial, and what is dialed for it (Exchange dialing rules). Knows no resource, no mailbox and no clock:
//! the rules of the dial plan and what the caller is allowed are arguments.
//!
//! How a number is decided; `docs/dialing.md` says it with examples:
//!
//! 1. **Reading.** Separators that people write are stripped: blank, `-`, `.`, `/`, `(`, `)`, and the dashes and no-break or thin spaces
//!    of copied numbers. A leading `+` marks a number as E.164 has it: 1 to 15 digits, the first not 0; `(0)` right after the country code is
//!    dropped. Nothing but separators, more than 32 digits or any other character is [`Refusal::NumberInvalid`]; `*` and `#` are
//!    keys with a meaning of their own, so they are not passed over.
//! 2. **Extensions.** Without `+`, a number of exactly the dial plan's digit count is an extension. Only the two flags decide:
//!    [`Permissions::subscribers`] where it belongs to a mailbox of the dial plan, else [`Permissions::extensions`]. One that begins with
//!    the outside line and belongs to no mailbox is looked up first, and the flags decide where no rule opens it. A rule never opens an
//!    extension: where what a rule dials has that digit count, the flags have to allow it as well, unless it begins with the outside
//!    line or the entry writes all of it out.
//! 3. **Range.** `+` and the country code, where one is set: in-country. Any other `+`: international. Digits that begin with outside
//!    line and international access code, or with the international access code: international only; the latter not where it may be
//!    the outside line and the beginning of a national number. Other digits: in-country only. Where no international access
//!    code is set, digits without `+` are looked up in-country first, then international.
//! 4. **What is matched.** Digits without `+` as they are. A `+` number as a phone would dial it: outside line, national prefix and the
//!    number without country code, or outside line, international access code and all digits; there is no latter without an
//!    international access code. Where no allowed entry matches that, its digits as they stand, but only by entries that write out
//!    the country code in the mask and do not dial `*`: no phone dials a bare country code.
//! 5. **Which entry wins.** Only entries of allowed groups count; names are compared exactly. The longest literal prefix wins (digits
//!    before the first `x`; `*` has 0), then the first in order. None: [`Refusal::NoAllowedRule`].
//! 6. **What is dialed.** Each `x` of the dialed string is filled from the left with the digits that stood at the mask's `x`s; `*` is the
//!    number that was matched. Nothing else is added. An in-country entry does not count where the caller's digits would
//!    make an international call of it: what step 3 says of digits, not written out in the entry.

mod lookup;
mod number;
mod pattern;
#[cfg(test)]
mod tests;

use super::scalar::Extension;
use number::Number;
pub use pattern::{DialString, Mask, NumberFormat, fits};

/// One dialing rule (Exchange `DialGroupEntry`, without its comment).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name of the group; entries of one name form one group, which the `allowed…Groups` name.
    pub group: Box<str>,
    /// Numbers that the entry is for (Exchange `NumberMask`).
    pub mask: Mask,
    /// What is dialed for them (Exchange `DialedNumber`). An entry whose two sides don't go together, see [`fits`], has no effect.
    pub dialed: DialString,
}

/// What of a dial plan dialing goes by. Codes are digits, empty where they are not set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialing {
    /// Digits of each extension, 1 to 20 (Exchange `NumberOfDigitsInExtension`).
    pub digits: u8,
    /// Country code without `+`, as in 49 (Exchange `CountryOrRegionCode`).
    pub country_code: Box<str>,
    /// What gets a trunk line (Exchange `OutsideLineAccessCode`).
    pub outside_line: Box<str>,
    /// What comes before a country code, as in 00 or 011 (Exchange `InternationalAccessCode`).
    pub international_access: Box<str>,
    /// What comes before an area code, as in 0 or 1 (Exchange `NationalNumberPrefix`).
    pub national_prefix: Box<str>,
    /// Rules for numbers of the same country, in the order of the manifest (Exchange `ConfiguredInCountryOrRegionGroups`).
    pub in_country: Vec<Entry>,
    /// Rules for all other numbers, in the order of the manifest (Exchange `ConfiguredInternationalGroups`).
    pub international: Vec<Entry>,
}

/// What a caller may dial: of the dial plan for callers who have not signed in, of the mailbox policy for those who have and for Play
/// on Phone. The default allows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Extensions of mailboxes of the dial plan (Exchange `AllowDialPlanSubscribers`).
    pub subscribers: bool,
    /// Extensions that no mailbox of the dial plan has (Exchange `AllowExtensions`).
    pub extensions: bool,
    /// Names of in-country groups (Exchange `AllowedInCountryOrRegionGroups`).
    pub in_country: Vec<Box<str>>,
    /// Names of international groups (Exchange `AllowedInternationalGroups`).
    pub international: Vec<Box<str>>,
}

/// The list of the dial plan that a rule stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Range {
    /// `configuredInCountryOrRegionGroups`
    InCountry,
    /// `configuredInternationalGroups`
    International,
}

/// What becomes of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    /// It is an extension that the caller may reach.
    Extension {
        /// What is to be dialed: 1 to 20 digits.
        dial: String,
    },
    /// A rule opens it.
    Rule {
        /// What is to be dialed: 1 to 64 digits.
        dial: String,
        /// The list that the rule stands in.
        range: Range,
        /// The rule.
        entry: &'a Entry,
    },
    /// It is not to be dialed.
    Refused(Refusal),
}

/// Why a number is not to be dialed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// It is empty, too long, no E.164 number after `+`, or has a character that numbers don't have.
    NumberInvalid,
    /// It is the extension of a mailbox of the dial plan, and the caller may not reach these.
    DialPlanSubscribersNotAllowed,
    /// It is an extension that no mailbox of the dial plan has, and the caller may not reach these.
    ExtensionsNotAllowed,
    /// No rule of a group that the caller is allowed matches.
    NoAllowedRule,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 4] = [
        Self::NumberInvalid,
        Self::DialPlanSubscribersNotAllowed,
        Self::ExtensionsNotAllowed,
        Self::NoAllowedRule,
    ];

    /// The code in CamelCase, as answers have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NumberInvalid => "NumberInvalid",
            Self::DialPlanSubscribersNotAllowed => "DialPlanSubscribersNotAllowed",
            Self::ExtensionsNotAllowed => "ExtensionsNotAllowed",
            Self::NoAllowedRule => "NoAllowedRule",
        }
    }
}

/// The code.
impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Decides about a number as a caller typed it; `is_subscriber` says which extensions have a mailbox of the dial plan.
///
/// Total and deterministic. It takes time with the length of `number` and with the count of entries times that of allowed groups.
pub fn decide<'a>(
    dialing: &'a Dialing,
    permissions: &Permissions,
    number: &str,
    is_subscriber: &dyn Fn(&Extension) -> bool,
) -> Decision<'a> {
    let Some(number) = number::read(number) else { return Decision::Refused(Refusal::NumberInvalid) };
    let extension = match &number {
        Number::Typed(digits) if dialing.is_extension(digits) => digits.clone(),
        _ => return by_rule(dialing, permissions, number, is_subscriber),
    };
    // With outside line 0, 0112 is a call to 112, unless it is somebody's extension.
    if dialing.leaves_house(&extension) && !has_mailbox(&extension, is_subscriber) {
        let decision = by_rule(dialing, permissions, number, is_subscriber);
        if matches!(decision, Decision::Rule { .. }) {
            return decision;
        }
    }
    match may_reach(permissions, &extension, is_subscriber) {
        Ok(()) => Decision::Extension { dial: extension },
        Err(refusal) => Decision::Refused(refusal),
    }
}

/// The digits of a number with `+`, country code first, 1 to 15; absent where it is no such number. It is read as [`decide`] does.
#[must_use]
pub fn full_digits(number: &str) -> Option<String> {
    match number::read(number)? {
        Number::Full(digits) => Some(digits),
        Number::Typed(_) => None,
    }
}

fn by_rule<'a>(
    dialing: &'a Dialing,
    permissions: &Permissions,
    number: Number,
    is_subscriber: &dyn Fn(&Extension) -> bool,
) -> Decision<'a> {
    let Some(lookup) = dialing.lookup(number) else { return Decision::Refused(Refusal::NumberInvalid) };
    let found = lookup.forms.iter().find_map(|form| {
        lookup.ranges.iter().find_map(|range| {
            let (entry, dial) = dialing.best(permissions, *range, form)?;
            Some((*range, entry, dial))
        })
    });
    match found {
        None => Decision::Refused(Refusal::NoAllowedRule),
        Some((range, entry, dial)) => {
            let refusal = if dialing.becomes_extension(entry, &dial) {
                may_reach(permissions, &dial, is_subscriber).err()
            } else {
                None
            };
            refusal.map_or(Decision::Rule { dial, range, entry }, Decision::Refused)
        }
    }
}

/// Whether the flags let the caller reach an extension.
fn may_reach(
    permissions: &Permissions,
    digits: &str,
    is_subscriber: &dyn Fn(&Extension) -> bool,
) -> Result<(), Refusal> {
    match has_mailbox(digits, is_subscriber) {
        true if !permissions.subscribers => Err(Refusal::DialPlanSubscribersNotAllowed),
        false if !permissions.extensions => Err(Refusal::ExtensionsNotAllowed),
        _ => Ok(()),
    }
}

/// Whether digits are the extension of a mailbox of the dial plan.
fn has_mailbox(digits: &str, is_subscriber: &dyn Fn(&Extension) -> bool) -> bool {
    digits.parse().is_ok_and(|extension| is_subscriber(&extension))
}

impl Dialing {
    /// The entries of one list.
    #[must_use]
    pub fn entries(&self, range: Range) -> &[Entry] {
        match range {
            Range::InCountry => &self.in_country,
            Range::International => &self.international,
        }
    }
}

impl Permissions {
    /// Whether a group of a list is allowed; names are compared exactly.
    #[must_use]
    pub fn allows(&self, range: Range, group: &str) -> bool {
        let allowed = match range {
            Range::InCountry => &self.in_country,
            Range::International => &self.international,
        };
        allowed.iter().any(|name| **name == *group)
    }
}
