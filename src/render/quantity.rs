//! Quantities of Kubernetes by their value: an API server writes `1024Mi` as `1Gi` and `0.5` as `500m`.

/// How many nano-units make one; what is smaller, an API server rounds up.
const NANO: i128 = 1_000_000_000;

/// The value of a quantity in billionths; none where the text is none.
pub fn nanos(text: &str) -> Option<i128> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && part.is_empty()) || part.contains('.') || text.len() > 40 {
        return None;
    }
    let digits: i128 = format!("{whole}{part}").parse().ok()?;
    let (worth, parts) = unit(suffix)?;
    // The number is digits / 10^places, and the unit is worth / parts.
    let below = 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?.checked_mul(parts)?;
    let above = digits.checked_mul(worth)?.checked_mul(NANO)?;
    let value = above.checked_add(below - 1)?.checked_div(below)?;
    Some(if negative { -value } else { value })
}

/// What a suffix is worth, as a fraction.
fn unit(suffix: &str) -> Option<(i128, i128)> {
    let decimal = |power: u32| 10_i128.checked_pow(power);
    let whole = |worth: Option<i128>| worth.map(|worth| (worth, 1));
    match suffix {
        "" => Some((1, 1)),
        "n" => Some((1, NANO)),
        "u" => Some((1, 1_000_000)),
        "m" => Some((1, 1_000)),
        "k" => whole(decimal(3)),
        "M" => whole(decimal(6)),
        "G" => whole(decimal(9)),
        "T" => whole(decimal(12)),
        "P" => whole(decimal(15)),
        "E" => whole(decimal(18)),
        "Ki" => whole(Some(1 << 10)),
        "Mi" => whole(Some(1 << 20)),
        "Gi" => whole(Some(1 << 30)),
        "Ti" => whole(Some(1 << 40)),
        "Pi" => whole(Some(1 << 50)),
        "Ei" => whole(Some(1 << 60)),
        _ => {
            let power: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            let worth = decimal(power.unsigned_abs())?;
            Some(if power < 0 { (1, worth) } else { (worth, 1) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_equal_by_their_value() {
        for same in [
            &["1Gi", "1024Mi", "1073741824", "1048576Ki", "1.0Gi", "01Gi", "+1Gi"][..],
            &["500m", "0.5", ".5", "0.50", "500000u", "500000000n", "5e-1", "0.0005k"],
            &["1k", "1000", "1e3", "1E3", "1000000m", "1e+3"],
            &["1.5Gi", "1536Mi"],
            &["0", "0Gi", "0m", "0."],
            &["1E", "1e18", "1000P"],
            &["0.0000000001", "1n"],
            &["-1", "-1000m"],
        ] {
            let values: Vec<_> = same.iter().map(|text| nanos(text)).collect();
            assert!(
                values.iter().all(|value| value.is_some() && *value == values[0]),
                "{same:?}: {values:?}"
            );
        }
    }

    #[test]
    fn other_values_and_texts_are_not() {
        for (a, b) in [("1Gi", "1G"), ("1M", "1m"), ("1", "2"), ("100m", "1"), ("1", "-1")] {
            assert_ne!(nanos(a), nanos(b), "{a} {b}");
        }
        for text in ["", ".", "Gi", "1 Gi", "1gi", "1.2.3", "1GiB", "one", "1e", "--1", "1é", "1e99"] {
            assert_eq!(nanos(text), None, "{text}");
        }
        assert_eq!(nanos("99999999999999999999999999999999999999E"), None);
    }
}
