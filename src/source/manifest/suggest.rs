//! Words for advice: what someone may have meant, and how text from a manifest is shown.

pub(super) use crate::domain::shown::shown_to;

/// Names listed in one advice, at most.
const LISTED: usize = 12;
/// Characters of a value shown in a message, at most.
const SHOWN: usize = 60;

/// The candidate that `name` is a misspelling of: equal but for capitals, or at most two edits away.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let most = if name.chars().count() <= 3 { 1 } else { 2 };
    let near = candidates.into_iter().filter_map(|candidate| {
        let distance = distance(&lower, &candidate.to_lowercase(), most)?;
        Some((distance, candidate))
    });
    near.min().map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours between `a` and `b`, or nothing when more than `most`.
fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(65).collect(), b.chars().take(65).collect());
    if a.len().abs_diff(b.len()) > most || a.len() > 64 || b.len() > 64 {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut last_a = None;
    for (row, &in_a) in a.iter().enumerate() {
        let mut current = vec![row + 1];
        let mut last_b = None;
        for (column, &in_b) in b.iter().enumerate() {
            let at = |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&above, column) + usize::from(in_a != in_b);
            let mut best = replaced.min(at(&above, column + 1) + 1).min(at(&current, column) + 1);
            if last_a == Some(in_b) && last_b == Some(in_a) && column > 0 {
                best = best.min(at(&before, column - 1) + 1);
            }
            current.push(best);
            last_b = Some(in_b);
        }
        before = std::mem::replace(&mut above, current);
        last_a = Some(in_a);
    }
    above.last().copied().filter(|distance| *distance <= most)
}

/// `a, b, c and 3 more`.
pub(super) fn listed(names: &[&str]) -> String {
    let shown: Vec<&str> = names.iter().take(LISTED).copied().collect();
    let more = names.len().saturating_sub(LISTED);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// Text from a manifest for a message: what can't be seen is escaped, the end cut off where it is long.
pub(super) fn shown(text: &str) -> String {
    shown_to(text, SHOWN)
}

/// `text` between double quotes, as one would write it in a manifest.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text).replace('"', "\\\""))
}

/// A Kubernetes name made of `name`, where there is one.
pub(super) fn as_name(name: &str) -> Option<String> {
    let dashed: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
        .collect();
    let trimmed = dashed.trim_matches(['-', '.']);
    is_subdomain(trimmed).then(|| trimmed.to_owned())
}

/// RFC 1123 subdomain: dot-separated labels of lower-case letters, digits and `-`, at most 253 characters.
pub(super) fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(|label| is_label_of(label, 253))
}

/// RFC 1123 label: lower-case letters, digits and inner `-`, at most 63 characters.
pub(super) fn is_label(name: &str) -> bool {
    is_label_of(name, 63)
}

fn is_label_of(label: &str, most: usize) -> bool {
    !label.is_empty()
        && label.len() <= most
        && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}
