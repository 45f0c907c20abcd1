//! Which markup the texts of mails may hold: `b i em strong br p`, and `a` with an address for http, https or mailto.

use super::shown::shown_to;

/// The first piece of markup that is not allowed and is left out when the text is sent, as it stands in the text.
#[must_use]
pub fn first_not_allowed(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('<') {
        // A `<` before a blank or a digit is no tag, as in `a < b`.
        let is_tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        if !is_tag {
            rest = after;
            continue;
        }
        let Some((tag, behind)) = after.split_once('>') else { return Some(as_it_stands(after)) };
        if !allowed(tag) {
            return Some(as_it_stands(tag));
        }
        rest = behind;
    }
    None
}

fn as_it_stands(tag: &str) -> String {
    format!("<{}>", shown_to(tag, 40))
}

fn allowed(tag: &str) -> bool {
    let tag = tag.strip_suffix('/').unwrap_or(tag).trim_end();
    let (closing, tag) = tag.strip_prefix('/').map_or((false, tag), |rest| (true, rest));
    let (name, attributes) = tag.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((tag, ""));
    match name.to_ascii_lowercase().as_str() {
        "b" | "i" | "em" | "strong" | "br" | "p" => attributes.trim().is_empty(),
        "a" if closing => attributes.trim().is_empty(),
        "a" => link(attributes.trim()),
        _ => false,
    }
}

/// Exactly one attribute, `href`, with one of the three schemes.
fn link(attribute: &str) -> bool {
    let Some((name, value)) = attribute.split_once('=') else { return false };
    if !name.trim_end().eq_ignore_ascii_case("href") {
        return false;
    }
    let value = value.trim_start();
    let unquoted = ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote).filter(|v| !v.contains(quote)));
    let Some(address) = unquoted else { return false };
    let scheme = address.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| ["http", "https", "mailto"].contains(&scheme.as_str()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn the_allowed_tags_and_links_pass_and_a_less_than_sign_is_no_tag() {
        for text in [
            "",
            "plain text, 3 < 4 and 5 > 4",
            "<b>Call</b> <i>us</i>, <em>now</em> <strong>or</strong><br><br/><BR /> <p>later</p>",
            r#"<a href="https://example.com/x?a=b">web</a> <A HREF='mailto:it@example.com'>mail</A>"#,
            r#"<a href = "http://example.com">spaces</a>"#,
        ] {
            assert_eq!(first_not_allowed(text), None, "{text}");
        }
    }

    #[test]
    fn everything_else_is_named_as_it_stands() {
        for (text, first) in [
            ("<script>alert(1)</script>", "<script>"),
            ("x <img src=y onerror=z>", "<img src=y onerror=z>"),
            ("<b onclick=\"x\">", "<b onclick=\"x\">"),
            ("<a href=\"javascript:x\">", "<a href=\"javascript:x\">"),
            ("<a href=https://example.com>", "<a href=https://example.com>"),
            ("<a href=\"https://e\" title=\"t\">", "<a href=\"https://e\" title=\"t\">"),
            ("<a name=\"x\">", "<a name=\"x\">"),
            ("<b>bold</b> <!-- note -->", "<!-- note -->"),
            ("<p", "<p>"),
            ("<bold>", "<bold>"),
        ] {
            assert_eq!(first_not_allowed(text).as_deref(), Some(first), "{text}");
        }
    }
}
