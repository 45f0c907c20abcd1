//! The two sides of a dialing rule, and the formats of numbers of other dial plans. Knows neither groups nor callers.

use std::fmt;
use std::str::FromStr;

use super::number;
use crate::domain::scalar::Expected;

/// Most characters of a mask, a dialed string or a number format.
const LONGEST: usize = 64;

/// Digits and `x`, or a lone `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    /// `*`
    Any,
    /// 1 to 64 digits and `x`.
    Places(Box<str>),
}

impl Pattern {
    fn read(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let good =
            (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b == b'x' || b.is_ascii_digit());
        good.then(|| Self::Places(text.into()))
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::Places(places) => places,
        }
    }

    /// How many `x`; none where it is `*`.
    fn blanks(&self) -> Option<usize> {
        match self {
            Self::Any => None,
            Self::Places(places) => Some(places.bytes().filter(|b| *b == b'x').count()),
        }
    }

    fn literal_prefix(&self) -> &str {
        match self {
            Self::Any => "",
            Self::Places(places) => places.split_once('x').map_or(places, |(prefix, _)| prefix),
        }
    }
}

/// Allowed number string (Exchange `NumberMask`): 1 to 64 digits and `x`, each `x` one digit of whatever value, or a lone `*` for any
/// number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask(Pattern);

impl Mask {
    /// The digits before the first `x`: the longer they are, the closer the mask describes a number. None where it is `*`.
    #[must_use]
    pub fn literal_prefix(&self) -> &str {
        self.0.literal_prefix()
    }

    /// The digits of `number` that stand at the `x`s; absent where the mask is not for the number. A mask is for nothing that
    /// holds anything but digits, or more than 64.
    fn digits_at_blanks<'n>(&self, number: &'n str) -> Option<impl Iterator<Item = char> + use<'_, 'n>> {
        let in_bounds = (1..=LONGEST).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        let (places, matches) = match &self.0 {
            Pattern::Any => ("", in_bounds),
            Pattern::Places(places) => {
                let same = |(place, digit): (u8, u8)| place == b'x' || place == digit;
                let all_same = places.len() == number.len() && places.bytes().zip(number.bytes()).all(same);
                (&**places, in_bounds && all_same)
            }
        };
        let at_blanks =
            places.chars().zip(number.chars()).filter(|(place, _)| *place == 'x').map(|(_, digit)| digit);
        matches.then_some(at_blanks)
    }
}

impl FromStr for Mask {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        Pattern::read(text)
            .map(Self)
            .ok_or(Expected("1 to 64 digits and `x`, as in 1425xxxxxxx, or `*` alone for any number"))
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// Dialed string (Exchange `DialedNumber`): 1 to 64 digits and `x`, each `x` a digit that the mask let through, or a lone `*` for the
/// number as it was matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialString(Pattern);

impl DialString {
    /// The digits before the first `x`, dialed whatever the caller typed. None where it is `*`.
    #[must_use]
    pub fn literal_prefix(&self) -> &str {
        self.0.literal_prefix()
    }

    /// Whether it is digits only, the same for each caller.
    #[must_use]
    pub fn is_written_out(&self) -> bool {
        self.0.blanks() == Some(0)
    }

    /// Whether it is `*`: the number as it was matched.
    #[must_use]
    pub fn is_as_matched(&self) -> bool {
        self.0 == Pattern::Any
    }

    /// What is dialed for a number: 1 to 64 digits. Absent where the mask is not for the number or the two sides don't go together.
    #[must_use]
    pub fn fill(&self, mask: &Mask, number: &str) -> Option<String> {
        let mut digits = mask.digits_at_blanks(number)?;
        match &self.0 {
            _ if !fits(mask, self) => None,
            Pattern::Any => Some(number.to_owned()),
            Pattern::Places(places) => {
                places.chars().map(|place| if place == 'x' { digits.next() } else { Some(place) }).collect()
            }
        }
    }
}

impl FromStr for DialString {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        Pattern::read(text).map(Self).ok_or(Expected(
            "1 to 64 digits and `x`, as in 91425xxxxxxx, or `*` alone for the number as it was typed",
        ))
    }
}

impl fmt::Display for DialString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// Whether each `x` of the dialed string can be filled: `*` goes with every mask; else the same number of `x` in both; mask `*` goes
/// only with `*`.
#[must_use]
pub fn fits(mask: &Mask, dialed: &DialString) -> bool {
    dialed.0 == Pattern::Any || mask.0.blanks() == dialed.0.blanks()
}

/// How users of another dial plan are dialed: digits, then at least one `x`, 64 characters at most, as in 020xxxxxxx (Exchange
/// `InCountryOrRegionNumberFormat`, `InternationalNumberFormat`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    prefix: Box<str>,
    blanks: u8,
}

impl NumberFormat {
    /// The prefix and the last digits of a number that stands in a directory, as many as there are `x`. Absent where the number
    /// has too few, and where it is none; it is read as a caller's would be.
    #[must_use]
    pub fn apply(&self, directory_digits: &str) -> Option<String> {
        let digits = number::read(directory_digits)?.into_digits();
        let before = digits.len().checked_sub(usize::from(self.blanks))?;
        Some(format!("{}{}", self.prefix, digits.get(before..)?))
    }
}

impl FromStr for NumberFormat {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        const WANTED: Expected =
            Expected("digits, then at least one `x`, 64 characters at most, as in 020xxxxxxx");
        let prefix = text.trim_end_matches('x');
        let blanks = text.len().saturating_sub(prefix.len());
        let good = blanks > 0 && text.len() <= LONGEST && prefix.bytes().all(|b| b.is_ascii_digit());
        match u8::try_from(blanks) {
            Ok(blanks) if good => Ok(Self { prefix: prefix.into(), blanks }),
            _ => Err(WANTED),
        }
    }
}

impl fmt::Display for NumberFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, "x".repeat(usize::from(self.blanks)))
    }
}
