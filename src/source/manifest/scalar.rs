//! What a scalar without quotes means to Kubernetes, whose YAML library follows YAML 1.1 where YAML 1.2 does not.

use serde_json::Number;

/// The meaning of a plain scalar.
#[derive(Debug, PartialEq)]
pub(super) enum Meaning {
    Null,
    Bool(bool),
    /// `yes`, `on` and the like: a truth value to Kubernetes, text to YAML 1.2.
    LegacyBool(bool),
    Number(Number),
    /// A number in a spelling that people read otherwise: octal, hexadecimal, binary, with underscores.
    OddNumber(Number),
    /// `.inf` or `.nan`, for which JSON has no word.
    NotFinite,
    Text,
}

/// Resolves a scalar that stands without quotes.
pub(super) fn meaning(text: &str) -> Meaning {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
        "true" | "True" | "TRUE" => Meaning::Bool(true),
        "false" | "False" | "FALSE" => Meaning::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Meaning::LegacyBool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Meaning::LegacyBool(false),
        ".nan" | ".NaN" | ".NAN" => Meaning::NotFinite,
        _ => number(text),
    }
}

fn number(text: &str) -> Meaning {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if matches!(digits, ".inf" | ".Inf" | ".INF") {
        return Meaning::NotFinite;
    }
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Meaning::Text;
    }
    let joined: String = digits.chars().filter(|c| *c != '_').collect();
    let odd = joined.len() != digits.len();
    let lower = joined.to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2), ("0", 8)] {
        if let Some(rest) = lower.strip_prefix(prefix).filter(|rest| !rest.is_empty())
            && rest.chars().all(|c| c.is_digit(radix))
            && let Ok(value) = u64::from_str_radix(rest, radix)
        {
            return signed(negative, value).map_or(Meaning::Text, Meaning::OddNumber);
        }
    }
    let Some(value) = decimal(negative, &joined) else {
        return Meaning::Text;
    };
    let leading_zero =
        joined.len() > 1 && joined.chars().all(|c| c.is_ascii_digit()) && joined.starts_with('0');
    if odd || leading_zero { Meaning::OddNumber(value) } else { Meaning::Number(value) }
}

/// Decimal digits with an optional fraction and exponent.
fn decimal(negative: bool, digits: &str) -> Option<Number> {
    if digits.chars().all(|c| c.is_ascii_digit())
        && let Ok(value) = digits.parse::<u64>()
        && let Some(number) = signed(negative, value)
    {
        return Some(number);
    }
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && all_digits(e)
    });
    if !exponent_fits
        || !all_digits(whole)
        || !all_digits(fraction)
        || (whole.is_empty() && fraction.is_empty())
    {
        return None;
    }
    let value: f64 = digits.parse().ok()?;
    Number::from_f64(if negative { -value } else { value })
}

fn signed(negative: bool, value: u64) -> Option<Number> {
    if !negative {
        return Some(value.into());
    }
    0_i64.checked_sub_unsigned(value).map(Number::from)
}
