//! The documentation: its generated parts are fresh, its links lead somewhere, its index is complete.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes;
use crate::markdown::{headings, links};
use crate::tables;
use crate::tree::{self, File};
use crate::values;

const BEGIN: &str = "<!-- generated: ";
const END: &str = "<!-- end -->";
const INDEX: &str = "docs/README.md";

/// All Markdown files, their generated parts as they ought to be.
pub fn pages() -> Vec<File> {
    let pages = tree::all().into_iter().filter(|file| file.path.ends_with(".md"));
    pages.map(|File { path, text }| File { text: fresh(&path, &text), path }).collect()
}

/// Complaints about generated parts that are not what they ought to be. `UPDATE=1` rewrites them.
pub fn check_generated() -> Vec<String> {
    let mut complaints = Vec::new();
    let mut parts = 0;
    for File { path, text } in pages() {
        parts += text.lines().filter(|line| line.starts_with(BEGIN)).count();
        let found = tree::read(&path);
        if found == text {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(tree::root().join(&path), text).unwrap();
            continue;
        }
        let line = found.lines().zip(text.lines()).take_while(|(a, b)| a == b).count() + 1;
        complaints.push(format!(
            "{path}:{line}: not what is generated: `UPDATE=1 cargo test --test tidy` rewrites it"
        ));
    }
    assert!(parts > 5, "{INDEX}:1: only {parts} generated parts were found: mend the reader in this test");
    complaints
}

/// The text with its generated parts written anew. A marker stands at the beginning of its line.
fn fresh(path: &str, text: &str) -> String {
    let (mut out, mut lines) = (String::new(), text.split_inclusive('\n').enumerate());
    while let Some((index, line)) = lines.next() {
        out.push_str(line);
        let Some(what) = line.strip_prefix(BEGIN) else { continue };
        let what = what.trim_end().trim_end_matches("-->").trim();
        let part = part(what, text).unwrap_or_else(|| {
            panic!(
                "{path}:{}: nothing generates `{what}`: take `fields KIND`, `status KIND`, `findings`, `problems` or `values`",
                index + 1
            )
        });
        let (_, end) = lines.find(|(_, line)| line.starts_with(END)).unwrap_or_else(|| {
            panic!("{path}:{}: the generated part has no end: write `{END}` below it", index + 1)
        });
        out.push_str(&format!("\n{}\n\n{end}", part.trim()));
    }
    out
}

fn part(what: &str, text: &str) -> Option<String> {
    match what.split_once(' ') {
        Some(("fields", kind)) => tables::of(kind, "spec"),
        Some(("status", kind)) => tables::of(kind, "status"),
        None if what == "findings" => Some(codes::findings()),
        None if what == "problems" => Some(codes::problems(text)),
        None if what == "values" => Some(values::table()),
        _ => None,
    }
}

/// Complaints about links whose file or heading is not there. Addresses of the web are not looked up.
pub fn check_links() -> Vec<String> {
    let pages = pages();
    let names: BTreeSet<String> = tree::names().into_iter().collect();
    let anchors: BTreeMap<&str, Vec<String>> = pages
        .iter()
        .map(|page| {
            (page.path.as_str(), headings(&page.text).into_iter().map(|heading| heading.anchor).collect())
        })
        .collect();
    let (mut complaints, mut seen) = (Vec::new(), 0);
    for page in &pages {
        for link in links(&page.text) {
            if ["https://", "http://", "mailto:"].iter().any(|web| link.target.starts_with(web)) {
                continue;
            }
            seen += 1;
            let place = format!("{}:{}", page.path, link.line);
            let (file, heading) = link.target.split_once('#').unwrap_or((link.target.as_str(), ""));
            let path = if file.is_empty() { page.path.clone() } else { beside(&page.path, file) };
            let is_folder = || names.iter().any(|name| name.starts_with(&format!("{path}/")));
            if !names.contains(&path) && !is_folder() {
                complaints.push(format!("{place}: there is no {path}: mend the link"));
            } else if !heading.is_empty()
                && !anchors.get(path.as_str()).is_some_and(|all| all.iter().any(|one| one == heading))
            {
                complaints.push(format!(
                    "{place}: {path} has no heading with the anchor `{heading}`: mend the link"
                ));
            }
        }
    }
    assert!(seen > 20, "README.md:1: only {seen} links were found: mend the reader in this test");
    complaints
}

/// The path of a link, from the top of the repository.
fn beside(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// Complaints about pages that the index does not name.
pub fn check_index() -> Vec<String> {
    let index = tree::read(INDEX);
    let linked: Vec<String> = links(&index).into_iter().map(|link| beside(INDEX, &link.target)).collect();
    let is_named = |path: &str| linked.iter().any(|link| link.split('#').next() == Some(path));
    let pages = tree::names().into_iter().filter(|path| path.starts_with("docs/") && path.ends_with(".md"));
    pages
        .filter(|path| path != INDEX && !is_named(path))
        .map(|path| format!("{INDEX}:1: {path} is not in the index: add a line that links to it"))
        .collect()
}
