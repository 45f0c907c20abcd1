//! Which PINs a mailbox policy accepts when one is chosen or changed. Knows no hash, no store and no counter of attempts: whether a PIN
//! was used before is an argument.

use std::fmt;

/// No policy asks for less (Exchange `MinPINLength`).
const SHORTEST: u8 = 4;
/// No PIN is longer (Exchange `PIN`).
const LONGEST: u8 = 24;
/// Shorter extensions forbid nothing: too many PINs would hold them.
const SHORTEST_EXTENSION: usize = 4;

/// What a mailbox policy and a mailbox say about a PIN.
#[derive(Clone, Copy, Debug)]
pub struct PinRules<'a> {
    /// Fewest digits, 4 to 24; what is outside of that counts as the nearer of both (Exchange `MinPINLength`).
    pub min_length: u8,
    /// Whether PINs such as 1234, 65432 or 8888 are accepted (Exchange `AllowCommonPatterns`).
    pub allow_common_patterns: bool,
    /// All extensions of the mailbox.
    pub extensions: &'a [&'a str],
}

/// The first rule that a PIN breaks. None holds a digit of the PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BrokenRule {
    /// There is something else than digits.
    NotDigits,
    /// There are too few digits.
    TooShort {
        /// Fewest digits, 4 to 24.
        min: u8,
    },
    /// There are more than 24 digits.
    TooLong,
    /// All digits are the same, or each is one more, or each one less, than that before it. 9 and 0 are no neighbours.
    CommonPattern,
    /// It is the end of an extension, or begins or ends with one, of 4 digits at least.
    ExtensionPart,
    /// It is one of those that the history still holds.
    UsedBefore,
}

impl BrokenRule {
    /// The rule in CamelCase, as answers have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotDigits => "NotDigits",
            Self::TooShort { .. } => "TooShort",
            Self::TooLong => "TooLong",
            Self::CommonPattern => "CommonPattern",
            Self::ExtensionPart => "ExtensionPart",
            Self::UsedBefore => "UsedBefore",
        }
    }
}

/// A sentence for the user.
impl fmt::Display for BrokenRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDigits => f.write_str("The PIN may hold digits only: choose one of the digits 0 to 9."),
            Self::TooShort { min } => write!(f, "The PIN is too short: choose one of at least {min} digits."),
            Self::TooLong => write!(f, "The PIN is too long: choose one of at most {LONGEST} digits."),
            Self::CommonPattern => f.write_str(
                "The PIN is too easy to guess: choose one whose digits are neither all the same nor in sequence.",
            ),
            Self::ExtensionPart => {
                f.write_str("The PIN resembles your extension: choose one that has nothing to do with it.")
            }
            Self::UsedBefore => f.write_str("The PIN was used before: choose a new one."),
        }
    }
}

impl std::error::Error for BrokenRule {}

/// Checks a PIN; `used_before` is asked last, and only about a PIN that breaks no other rule, since its answer is costly.
///
/// # Errors
/// The first rule that it breaks, in the order digits, length, common pattern, extension, history.
pub fn check(rules: &PinRules<'_>, pin: &str, used_before: &dyn Fn(&str) -> bool) -> Result<(), BrokenRule> {
    let min = rules.min_length.clamp(SHORTEST, LONGEST);
    if !pin.bytes().all(|b| b.is_ascii_digit()) {
        Err(BrokenRule::NotDigits)
    } else if pin.len() < usize::from(min) {
        Err(BrokenRule::TooShort { min })
    } else if pin.len() > usize::from(LONGEST) {
        Err(BrokenRule::TooLong)
    } else if !rules.allow_common_patterns && is_common_pattern(pin) {
        Err(BrokenRule::CommonPattern)
    } else if rules.extensions.iter().any(|extension| resembles(pin, extension)) {
        Err(BrokenRule::ExtensionPart)
    } else if used_before(pin) {
        Err(BrokenRule::UsedBefore)
    } else {
        Ok(())
    }
}

/// Whether the step from each digit to the next is the same, and 0, 1 or -1.
fn is_common_pattern(pin: &str) -> bool {
    let all = |step: fn(u8, u8) -> bool| pin.bytes().zip(pin.bytes().skip(1)).all(|(a, b)| step(a, b));
    all(|a, b| a == b) || all(|a, b| b == a.saturating_add(1)) || all(|a, b| a == b.saturating_add(1))
}

/// Whether whoever knows the extension would try the PIN.
fn resembles(pin: &str, extension: &str) -> bool {
    // By now it has four digits at least.
    let is_its_end = extension.ends_with(pin);
    let holds_it =
        extension.len() >= SHORTEST_EXTENSION && (pin.starts_with(extension) || pin.ends_with(extension));
    is_its_end || holds_it
}

#[cfg(test)]
mod tests;
