//! Numbers as callers type them. Knows no rule and no dial plan.

use crate::domain::scalar::E164;

/// Most digits that are looked up.
const MOST_DIGITS: usize = 32;

/// What people put between digits to read them more easily.
const SEPARATORS: &[char] = &[' ', '-', '.', '/', '(', ')'];

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
    let text = text.trim_start_matches(SEPARATORS);
    let (is_full, rest) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
    let mut digits = String::new();
    for letter in rest.chars().filter(|letter| !SEPARATORS.contains(letter)) {
        if !letter.is_ascii_digit() || digits.len() == MOST_DIGITS {
            return None;
        }
        digits.push(letter);
    }
    if is_full {
        format!("+{digits}").parse::<E164>().is_ok().then_some(Number::Full(digits))
    } else {
        (!digits.is_empty()).then_some(Number::Typed(digits))
    }
}
