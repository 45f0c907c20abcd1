//! Findings for people: as rustc shows them, and a summary.

use std::collections::BTreeMap;
use std::path::Path;

use crate::domain::Severity;
use crate::source::manifest::{Look, Source, render, text_of};

use super::verdict::Verdict;

/// The report. `stdin` is its text, where it was read.
pub fn write(verdict: &Verdict, stdin: Option<&str>, colour: bool) -> String {
    let mut texts: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for told in &verdict.told {
        let file = &*told.problem.place.file;
        texts.entry(file).or_insert_with(|| match stdin {
            Some(stdin) if file == super::input::STDIN => Some(stdin.to_owned()),
            _ => text_of(Path::new(file)),
        });
    }
    let sources: BTreeMap<&str, Source<'_>> =
        texts.iter().filter_map(|(file, text)| Some((*file, Source::new(text.as_deref()?)))).collect();
    let mut out = String::new();
    for told in &verdict.told {
        let look = Look { is_warning: told.severity != Severity::Error, notes: &told.notes, colour };
        out.push_str(&render(&told.problem, sources.get(&*told.problem.place.file), look));
        out.push_str("\n\n");
    }
    out.push_str(&verdict.summary());
    out.push('\n');
    out
}
