//! Text of users as messages repeat it: on one line, as it was written, and not long.

/// Characters of a value that a message repeats, at most.
const MOST: usize = 64;

/// A value for a message: what can't be seen is escaped, the end is cut off where it is long.
#[must_use]
pub fn short(text: &str) -> String {
    shown_to(text, MOST)
}

/// As [`short`], with room for `most` characters.
#[must_use]
pub fn shown_to(text: &str, most: usize) -> String {
    let mut shown: String = text.chars().take(most).flat_map(escape).collect();
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

/// Quotes, apostrophes and backslashes stand as they are: people look for what they wrote.
fn escape(c: char) -> impl Iterator<Item = char> {
    let invisible = c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let (escaped, plain) = if invisible { (Some(c.escape_default()), None) } else { (None, Some(c)) };
    escaped.into_iter().flatten().chain(plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn a_value_stands_as_it_was_written_and_what_can_not_be_seen_is_escaped() {
        for text in ["O'Brien", "say \"hi\"", r"a\b", "Größe 3", "<a href=\"x\">", ""] {
            assert_eq!(short(text), text);
        }
        assert_eq!(short("a\r\nb\tc\u{0}\u{202e}\u{feff}"), r"a\r\nb\tc\u{0}\u{202e}\u{feff}");
    }

    #[test]
    fn a_long_value_loses_its_end() {
        assert_eq!(short(&"é".repeat(64)), "é".repeat(64));
        assert_eq!(short(&"é".repeat(65)), format!("{}…", "é".repeat(64)));
        assert_eq!(shown_to("4201", 2), "42…");
    }
}
