//! Words that no tracked file has. This file is exempt, since it names them.

use crate::tree::File;

/// Texts that are not ours to word.
const EXEMPT: &[&str] = &["Cargo.lock", "LICENSE", "tests/tidy/words.rs"];

struct Word {
    text: &'static str,
    any_case: bool,
    advice: &'static str,
}

const fn exact(text: &'static str, advice: &'static str) -> Word {
    Word { text, any_case: false, advice }
}

const fn any(text: &'static str, advice: &'static str) -> Word {
    Word { text, any_case: true, advice }
}

const UNFINISHED: &str = "finish it, or open an issue and remove the mark";
const PRODUCT: &str = "texts speak of the product, not of how it is written";
const PLACE: &str = "no path of one machine: take a relative path or a temporary folder";
const REGISTRY: &str = "name packages, not the hosts they come from";

const WORDS: &[Word] = &[
    exact("TODO", UNFINISHED),
    exact("FIXME", UNFINISHED),
    exact("XXX", UNFINISHED),
    exact("HACK", UNFINISHED),
    any("this session", PRODUCT),
    any("previous session", PRODUCT),
    any("earlier session", PRODUCT),
    any("last session", PRODUCT),
    any("next session", PRODUCT),
    any("helper", "name it by what it does"),
    any("workplace", PRODUCT),
    any("assistant", PRODUCT),
    any("chatbot", PRODUCT),
    exact("AI", PRODUCT),
    exact("LLM", PRODUCT),
    exact("/work/", PLACE),
    exact("/root/", PLACE),
    exact("/home/", PLACE),
    exact("/Users/", PLACE),
    any("crates.io", REGISTRY),
    any("pypi.org", REGISTRY),
    any("npmjs.org", REGISTRY),
    any("proxy.golang.org", REGISTRY),
    any("deb.debian.org", REGISTRY),
];

/// Complaints about words in one file.
pub fn check(file: &File) -> Vec<String> {
    if EXEMPT.contains(&file.path.as_str()) || file.path.ends_with("/go.sum") {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let small = line.to_lowercase();
        for word in WORDS {
            let text = if word.any_case { &small } else { line };
            if has(text, word.text) {
                complaints.push(format!(
                    "{}:{}: `{}` does not belong here: {}",
                    file.path,
                    index + 1,
                    word.text,
                    word.advice
                ));
            }
        }
    }
    complaints
}

/// Whether the line has the word, not as a part of a longer one.
fn has(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let bounded = |edge: Option<char>, inside: Option<char>| {
        !(edge.is_some_and(is_part) && inside.is_some_and(is_part))
    };
    line.match_indices(word).any(|(at, found)| {
        let (before, after) = (&line[..at], &line[at + found.len()..]);
        bounded(before.chars().next_back(), word.chars().next())
            && bounded(after.chars().next(), word.chars().next_back())
    })
}
