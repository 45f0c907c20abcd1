//! Reads as much Rust as it takes to see which paths a file names. Comments and literals don't count.

/// A word or a sign of the source.
#[derive(Debug)]
pub struct Token {
    pub line: usize,
    pub text: String,
    pub in_attribute: bool,
}

/// A path as written, groups of `use` taken apart. `crate`, `self` and `super` are resolved: it then begins with `crate`.
#[derive(Debug, PartialEq)]
pub struct Path {
    pub line: usize,
    pub segments: Vec<String>,
}

/// Words, `::` and single signs, with comments and literals left out.
pub fn tokens(source: &str) -> Vec<Token> {
    let text: Vec<char> = blank(source);
    let (mut tokens, mut line, mut at) = (Vec::new(), 1, 0);
    let mut attribute = 0_usize;
    while let Some(&c) = text.get(at) {
        let start = at;
        at += 1;
        if c == '\n' {
            line += 1;
        }
        if c.is_whitespace() {
            continue;
        }
        if is_word(c) {
            while text.get(at).is_some_and(|&next| is_word(next)) {
                at += 1;
            }
        } else if c == ':' && text.get(at) == Some(&':') {
            at += 1;
        }
        let opens_attribute =
            c == '[' && tokens.last().is_some_and(|last: &Token| last.text == "#" || last.text == "!");
        if attribute > 0 || opens_attribute {
            attribute = match c {
                '[' => attribute + 1,
                ']' => attribute - 1,
                _ => attribute,
            };
        }
        tokens.push(Token { line, text: text[start..at].iter().collect(), in_attribute: attribute > 0 });
    }
    tokens
}

/// All paths of two or more segments in a file that is the module `module` (`["engine", "mwi"]`; the root is empty).
pub fn paths(source: &str, module: &[&str]) -> Vec<Path> {
    let tokens = tokens(source);
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let mut found = Vec::new();
    let mut inner: Vec<(usize, String)> = Vec::new(); // modules written in the file, with the depth of their braces
    let (mut depth, mut at) = (0, 0);
    while at < tokens.len() {
        match text(at) {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inner.retain(|(opened, _)| *opened <= depth);
            }
            "mod" if text(at + 2) == "{" => {
                depth += 1;
                inner.push((depth, text(at + 1).to_owned()));
                at += 3;
                continue;
            }
            word if word.starts_with(is_word) && text(at + 1) == "::" => {
                let line = tokens[at].line;
                let mut whole = Vec::new();
                at = walk(&text, at, Vec::new(), &mut whole);
                let here: Vec<&str> =
                    module.iter().copied().chain(inner.iter().map(|(_, name)| name.as_str())).collect();
                found.extend(
                    whole.into_iter().map(|segments| Path { line, segments: resolve(segments, &here) }),
                );
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Reads one path, or each of a group, from `at` on; answers where it ends.
fn walk<'a>(
    text: &impl Fn(usize) -> &'a str,
    mut at: usize,
    mut prefix: Vec<String>,
    found: &mut Vec<Vec<String>>,
) -> usize {
    loop {
        match text(at) {
            "{" => {
                at += 1;
                while !["}", ""].contains(&text(at)) {
                    let next = walk(text, at, prefix.clone(), found);
                    at = next.max(at + 1);
                    while !["}", ",", ""].contains(&text(at)) {
                        at += 1; // `as name`
                    }
                    if text(at) == "," {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "self" if !prefix.is_empty() => at += 1,
            word if word == "*" || word.starts_with(is_word) => {
                prefix.push(word.to_owned());
                at += 1;
            }
            _ => break,
        }
        if text(at) != "::" {
            break;
        }
        at += 1;
    }
    found.push(prefix);
    at
}

fn resolve(segments: Vec<String>, here: &[&str]) -> Vec<String> {
    let supers = segments.iter().take_while(|segment| *segment == "super" || *segment == "self").count();
    if supers == 0 {
        return segments;
    }
    let up = segments.iter().take(supers).filter(|segment| *segment == "super").count();
    let base = here.iter().take(here.len().saturating_sub(up)).map(|name| (*name).to_owned());
    std::iter::once("crate".to_owned()).chain(base).chain(segments.into_iter().skip(supers)).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The source with comments and literals as spaces, lines kept.
fn blank(source: &str) -> Vec<char> {
    let text: Vec<char> = source.chars().collect();
    let mut out = text.clone();
    let mut at = 0;
    while at < text.len() {
        let end = literal_or_comment(&text, at);
        for c in out.iter_mut().take(end).skip(at).filter(|c| **c != '\n') {
            *c = ' ';
        }
        at = end.max(at + 1);
    }
    out
}

/// Where the literal or comment that begins at `at` ends; `at` itself if none begins there.
fn literal_or_comment(text: &[char], at: usize) -> usize {
    let is = |place: usize, wanted: char| text.get(place) == Some(&wanted);
    let after_word = at > 0 && is_word(text[at - 1]);
    match text[at] {
        '/' if is(at + 1, '/') => (at..text.len()).find(|&end| text[end] == '\n').unwrap_or(text.len()),
        '/' if is(at + 1, '*') => block_comment_end(text, at),
        '"' => quoted_end(text, at, '"'),
        '\'' if is(at + 1, '\\') || is(at + 2, '\'') => quoted_end(text, at, '\''),
        'r' if !after_word || (is(at - 1, 'b') || is(at - 1, 'c')) => {
            let hashes = text.iter().skip(at + 1).take_while(|c| **c == '#').count();
            if is(at + 1 + hashes, '"') { raw_end(text, at + 2 + hashes, hashes) } else { at }
        }
        _ => at,
    }
}

fn block_comment_end(text: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            ('/', Some('*')) => depth += 1,
            ('*', Some('/')) => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted_end(text: &[char], start: usize, quote: char) -> usize {
    let mut at = start + 1;
    while at < text.len() && text[at] != quote {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

fn raw_end(text: &[char], start: usize, hashes: usize) -> usize {
    let closes = |at: usize| text[at] == '"' && (1..=hashes).all(|n| text.get(at + n) == Some(&'#'));
    (start..text.len()).find(|&at| closes(at)).map_or(text.len(), |at| at + 1 + hashes)
}

/// The reader against a source that has all it must see and all it must pass over.
pub fn check_reader() {
    let source = r##"
        use crate::{api::{UMDialPlan, UMMailbox as Box}, sip::text::*};
        use std::time::{self, Duration};
        // use crate::comment::A; /* crate::comment::B
        /* crate::comment::C /* nested */ crate::comment::D */
        const A: &str = "crate::literal::A \" crate::literal::B";
        const B: &str = r#"crate::literal::C " crate::literal::D"#;
        const C: (char, char) = ('"', '\'');
        fn f<'a>(x: &'a crate::domain::Outcome) -> Vec<crate::net::Hop> { super::lamp::new::<crate::clock::Now>(x) }
        mod inner { use super::super::gateway::Gateway; mod deep { use super::*; } }
        use self::view::View;
    "##;
    let seen: Vec<String> =
        paths(source, &["engine", "mwi"]).iter().map(|path| path.segments.join("::")).collect();
    let wanted = [
        "crate::api::UMDialPlan",
        "crate::api::UMMailbox",
        "crate::sip::text::*",
        "std::time",
        "std::time::Duration",
        "crate::domain::Outcome",
        "crate::net::Hop",
        "crate::engine::lamp::new",
        "crate::clock::Now",
        "crate::engine::gateway::Gateway",
        "crate::engine::mwi::inner::*",
        "crate::engine::mwi::view::View",
    ];
    assert_eq!(seen, wanted);
    assert_eq!(paths(source, &[]).first().map(|path| path.line), Some(2));
}
