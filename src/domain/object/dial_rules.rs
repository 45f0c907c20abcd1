//! Dial codes, dialing rules and what callers who have not signed in may dial (Exchange `ConfiguredInCountryOrRegionGroups` and
//! its siblings).

use std::collections::BTreeSet;

use serde_json::json;

use super::reader::{Reader, too_many};
use crate::api::dial_plan::DialGroupEntry;
use crate::domain::dialing::{DialString, Dialing, Entry, Mask, NumberFormat, Permissions, fits};
use crate::domain::finding::{Code, Notes};
use crate::domain::scalar::Expected;
use crate::domain::shown::short;

/// Most rules of one kind.
const MOST_RULES: usize = 200;
/// Most characters of a number format.
const LONGEST_FORMAT: usize = 32;
/// Most groups that one list allows.
const MOST_GROUPS: usize = 50;

/// Dialing of a dial plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DialRules {
    /// Codes and rules.
    pub dialing: Dialing,
    /// How people of other dial plans in the country dial a user of this one.
    pub in_country_format: Option<NumberFormat>,
    /// How people of dial plans in other countries dial a user of this one.
    pub international_format: Option<NumberFormat>,
    /// Names of the groups that exist, whether their rules are sound or not: in the country, then international.
    pub groups: [BTreeSet<Box<str>>; 2],
    /// What callers who have not signed in may dial.
    pub unauthenticated: Permissions,
}

/// Dial codes and number formats as they stand in the spec.
pub struct DialCodes<'a> {
    pub country: &'a str,
    pub outside_line: &'a str,
    pub international: &'a str,
    pub national: &'a str,
    pub in_country_format: &'a str,
    pub international_format: &'a str,
}

/// Which extensions may be called.
#[derive(Clone, Copy)]
pub struct Flags {
    pub subscribers: bool,
    pub extensions: bool,
}

impl DialRules {
    /// Reads what a dial plan says about dialing.
    pub fn read(
        r: &mut Reader<'_>,
        digits: u8,
        codes: &DialCodes<'_>,
        rules: [&[DialGroupEntry]; 2],
        allowed: [&[String]; 2],
        flags: Flags,
    ) -> Self {
        let DialCodes {
            country,
            outside_line,
            international,
            national,
            in_country_format,
            international_format,
        } = codes;
        let [in_country_rules, international_rules] = rules;
        let (in_country_key, international_key) =
            ("configuredInCountryOrRegionGroups", "configuredInternationalGroups");
        let dialing = Dialing {
            digits,
            country_code: code(r, "countryOrRegionCode", country, 4),
            outside_line: code(r, "outsideLineAccessCode", outside_line, 16),
            international_access: code(r, "internationalAccessCode", international, 4),
            national_prefix: code(r, "nationalNumberPrefix", national, 4),
            in_country: entries(r, in_country_key, in_country_rules),
            international: entries(r, international_key, international_rules),
        };
        let groups = rules.map(|rules| rules.iter().map(|rule| rule.name.as_str().into()).collect());
        let permissions = permissions(r.notes, allowed, flags);
        groups_exist(r.notes, &permissions, &groups, "of this dial plan");
        if flags.extensions {
            let message =
                "callers who have not signed in may reach any extension, which invites toll fraud".to_owned();
            r.find(
                Code::AnyExtensionAllowed,
                "allowExtensions",
                message,
                "set allowExtensions: false unless you are sure",
            );
        }
        Self {
            dialing,
            in_country_format: format(r, "inCountryOrRegionNumberFormat", in_country_format),
            international_format: format(r, "internationalNumberFormat", international_format),
            groups,
            unauthenticated: permissions,
        }
    }
}

fn code(r: &mut Reader<'_>, key: &'static str, text: &str, most: usize) -> Box<str> {
    let sound = text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
    if !sound {
        let message = format!("`{}` can't be a dial code", short(text));
        r.find(
            Code::DialCodeInvalid,
            key,
            message,
            format!("expected 1 to {most} digits, in quotes, or nothing"),
        );
    }
    let text = if sound { text } else { "" };
    r.serve(key, text);
    text.into()
}

fn format(r: &mut Reader<'_>, key: &'static str, text: &str) -> Option<NumberFormat> {
    let format = r.parsed(key, text, Code::NumberFormatInvalid, |text| {
        let format = text.parse::<NumberFormat>().ok().filter(|_| text.len() <= LONGEST_FORMAT);
        format.ok_or(Expected("digits, then at least one `x`, 32 characters at most, as in 020xxxxxxx"))
    });
    r.serve(key, format.as_ref().map(ToString::to_string).unwrap_or_default());
    format
}

fn entries(r: &mut Reader<'_>, key: &'static str, rules: &[DialGroupEntry]) -> Vec<Entry> {
    too_many(r.notes, &format!("spec.{key}"), rules.len(), MOST_RULES);
    let mut served = Vec::new();
    let mut entries = Vec::new();
    for (at, rule) in rules.iter().take(MOST_RULES).enumerate() {
        let Some(entry) = entry(r, &format!("{key}[{at}]"), rule) else { continue };
        served.push(json!({
            "name": entry.group,
            "numberMask": entry.mask.to_string(),
            "dialedNumber": entry.dialed.to_string(),
            "comment": rule.comment.as_deref().unwrap_or_default(),
        }));
        entries.push(entry);
    }
    r.serve(key, served);
    entries
}

fn entry(r: &mut Reader<'_>, key: &str, rule: &DialGroupEntry) -> Option<Entry> {
    let DialGroupEntry { name, number_mask, dialed_number, comment } = rule;
    let named = group_name(name).is_ok();
    if let Err(expected) = group_name(name) {
        let message = format!("`{}` can't be the name of a group", short(name));
        r.find(Code::DialingRuleInvalid, &format!("{key}.name"), message, format!("expected {}", expected.0));
    }
    if let Some(comment) = comment {
        r.bounded(&format!("{key}.comment"), comment, 256, false);
    }
    let mask = pattern::<Mask>(r, &format!("{key}.numberMask"), number_mask);
    let dialed = pattern::<DialString>(r, &format!("{key}.dialedNumber"), dialed_number);
    let (mask, dialed) = (mask?, dialed?);
    if !fits(&mask, &dialed) {
        let message =
            format!("{dialed} does not fit the mask {mask}: each `x` stands for one digit of the number");
        let advice = "write as many `x` as in numberMask, or `*` for the number as it is";
        r.find(Code::DialingRuleMismatch, &format!("{key}.dialedNumber"), message, advice);
        return None;
    }
    named.then(|| Entry { group: name.as_str().into(), mask, dialed })
}

fn pattern<T: std::str::FromStr<Err = Expected>>(r: &mut Reader<'_>, key: &str, text: &str) -> Option<T> {
    super::reader::one(r.notes, &format!("spec.{key}"), text, Code::DialingRuleInvalid, str::parse)
}

fn group_name(name: &str) -> Result<(), Expected> {
    let sound = (1..=32).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(|c| c == ',' || c.is_control());
    if sound { Ok(()) } else { Err(Expected("1 to 32 characters, no comma, and no blank at either end")) }
}

/// What a dial plan or a policy allows; the lists are in the country, then international.
pub fn permissions(notes: &mut Notes, allowed: [&[String]; 2], flags: Flags) -> Permissions {
    let [in_country, international] = allowed;
    let mut groups = |key: &str, names: &[String]| {
        too_many(notes, &format!("spec.{key}"), names.len(), MOST_GROUPS);
        for (at, name) in names.iter().enumerate().take(MOST_GROUPS) {
            super::reader::one(
                notes,
                &format!("spec.{key}[{at}]"),
                name,
                Code::DialingRuleInvalid,
                group_name,
            );
        }
        names.iter().take(MOST_GROUPS).map(|name| name.as_str().into()).collect()
    };
    Permissions {
        subscribers: flags.subscribers,
        extensions: flags.extensions,
        in_country: groups("allowedInCountryOrRegionGroups", in_country),
        international: groups("allowedInternationalGroups", international),
    }
}

/// A finding for each group that is allowed and does not exist.
pub fn groups_exist(
    notes: &mut Notes,
    permissions: &Permissions,
    groups: &[BTreeSet<Box<str>>; 2],
    whose: &str,
) {
    let [in_country, international] = groups;
    let lists = [
        ("InCountryOrRegion", &permissions.in_country, in_country),
        ("International", &permissions.international, international),
    ];
    for (kind, allowed, exist) in lists {
        for (at, name) in allowed.iter().enumerate().filter(|(_, name)| !exist.contains(*name)) {
            let known: Vec<String> = exist.iter().take(8).map(|name| short(name)).collect();
            let advice = if known.is_empty() {
                "add its rules to the dial plan, which has no group of this kind".to_owned()
            } else {
                format!("name a group that exists ({}), or add its rules to the dial plan", known.join(", "))
            };
            notes.add(
                Code::DialingGroupNotFound,
                format!("spec.allowed{kind}Groups[{at}]"),
                format!("configured{kind}Groups {whose} has no group `{}`", short(name)),
                advice,
            );
        }
    }
}
