//! Numbers as callers type them. Knows no rule and no dial plan.

use crate::domain::scalar::E164;

/// Most digits that are looked up.
const MOST_DIGITS: usize = 32;

/// Most digits of a country code (ITU-T E.164).
const LONGEST_COUNTRY_CODE: usize = 3;

/// A number, freed of separators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// What a phone would dial: 1 to 32 digits.
    Typed(String),
    /// With `+`, as E.164 has it: country code and number, 1 to 15 digits.
    Full(String),
}

impl Number {
    /// The digits, without `+`.
    pub(super) fn into_digits(self) -> String {
        match self {
            Self::Typed(digits) | Self::Full(digits) => digits,
        }
    }
}

/// Reads a number; absent where it is none.
pub(super) fn read(text: &str) -> Option<Number> {
    let text = text.trim_start_matches(is_separator);
    let Some(full) = text.strip_prefix('+') else {
        let digits = digits(text.chars())?;
        return (!digits.is_empty()).then_some(Number::Typed(digits));
    };
    let (country_code, rest) = without_home_zero(full);
    let digits = digits(country_code.chars().chain(rest.chars()))?;
    format!("+{digits}").parse::<E164>().is_ok().then_some(Number::Full(digits))
}

/// What people put between digits to read them more easily, and what stands in its place in numbers that are copied from a page:
/// spaces of fixed width that don't break, hyphens, dashes, the minus sign.
fn is_separator(letter: char) -> bool {
    matches!(
        letter,
        ' ' | '-' | '.' | '/' | '(' | ')'
            | '\u{a0}' | '\u{2007}'..='\u{200a}' | '\u{202f}'
            | '\u{2010}'..='\u{2015}' | '\u{2212}'
    )
}

/// The digits without separators; absent where there is anything else, or more than are looked up.
fn digits(letters: impl Iterator<Item = char>) -> Option<String> {
    let mut digits = String::new();
    for letter in letters.filter(|letter| !is_separator(*letter)) {
        if !letter.is_ascii_digit() || digits.len() == MOST_DIGITS {
            return None;
        }
        digits.push(letter);
    }
    Some(digits)
}

/// Parts a number behind its `+` in two, without the `(0)` that stands after the country code in letterheads: it is dialed at home,
/// instead of the country code and not after it (ITU-T E.123 advises against it).
fn without_home_zero(full: &str) -> (&str, &str) {
    let full = full.trim_start_matches(is_separator);
    let code_ends = full.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(full.len());
    let Some((code, behind)) = full.split_at_checked(code_ends) else { return (full, "") };
    let rest = behind.trim_start_matches(|letter| letter != '(' && is_separator(letter));
    match rest.strip_prefix("(0)") {
        Some(rest) if (1..=LONGEST_COUNTRY_CODE).contains(&code.len()) => (code, rest),
        _ => (code, behind),
    }
}
