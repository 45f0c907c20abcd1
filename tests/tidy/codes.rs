//! The index of `docs/findings.md`: each code that a user may meet, how much it matters and what it means in one line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use lamplighter::domain::finding::{Code, Severity};

use crate::markdown::{anchor, headings};
use crate::tables::{escape, first_sentence};
use crate::tree;

pub const MANUAL: &str = "docs/findings.md";
const FINDINGS: &str = "src/domain/finding.rs";
const PROBLEMS: &str = "src/source/manifest/problem.rs";
/// Where a manifest is compared with what it said before.
const CHANGES: &str = "src/standalone/in_force.rs";

/// The page of each kind.
const KINDS: [(&str, &str); 4] = [
    ("UMDialPlan", "docs/um-dial-plan.md"),
    ("UMMailboxPolicy", "docs/um-mailbox-policy.md"),
    ("UMIPGateway", "docs/um-ip-gateway.md"),
    ("UMMailbox", "docs/um-mailbox.md"),
];

/// The table of findings.
pub fn findings() -> String {
    let meanings = meanings(&tree::read(FINDINGS));
    let rows = Code::ALL.iter().map(|code| {
        let severity = match code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Reason => "reason",
        };
        let meaning = meanings.get(code.as_str()).unwrap_or_else(|| {
            panic!("{FINDINGS}:1: {code} has no documentation: say in one line what it means")
        });
        (code.as_str().to_owned(), severity, meaning.clone())
    });
    table(rows)
}

/// The table of what keeps a manifest from being read, by the headings that the manual has for it.
pub fn problems(manual: &str) -> String {
    table(problem_codes().into_iter().map(|code| {
        let text = below(manual, &code);
        let meaning = first_sentence(&text).to_owned();
        (code, "error", meaning)
    }))
}

/// Complaints about problems that the manual does not explain.
pub fn check_problems() -> Vec<String> {
    let manual = tree::read(MANUAL);
    let codes = problem_codes();
    assert!(
        codes.len() > 10,
        "{PROBLEMS}:1: only {} codes were found: mend the reader in this test",
        codes.len()
    );
    let without_text = codes.into_iter().filter(|code| below(&manual, code).is_empty());
    without_text
        .map(|code| {
            format!("{MANUAL}:1: {code} is not explained: add `## {code}`, what it means and what to do")
        })
        .collect()
}

/// Complaints about codes that the page of a kind does not list below "Findings". Which codes a kind has, the golden cases show;
/// reasons are about mailboxes.
pub fn check_lists() -> Vec<String> {
    let mut wanted: BTreeSet<(&str, String)> = BTreeSet::new();
    for path in tree::names().into_iter().filter(|path| path.ends_with("/out/findings.txt")) {
        for line in tree::read(&path).lines() {
            let Some((code, rest)) = line.split_once('[').and_then(|(_, rest)| rest.split_once("] ")) else {
                continue;
            };
            let page = KINDS.iter().find(|(kind, _)| rest.starts_with(&format!("{kind}/")));
            wanted.extend(page.map(|(_, page)| (*page, code.to_owned())));
        }
    }
    assert!(
        wanted.len() > 50,
        "tests/golden:1: only {} codes were found: mend the reader in this test",
        wanted.len()
    );
    let reasons = Code::ALL.iter().filter(|code| code.severity() == Severity::Reason);
    wanted.extend(reasons.map(|code| ("docs/um-mailbox.md", code.to_string())));
    let list = |page: &str| {
        let text = tree::read(page);
        text.split_once("## Findings").map(|(_, list)| list.to_owned()).unwrap_or_default()
    };
    let is_missing = |(page, code): &(&str, String)| !list(page).contains(&format!("[{code}](findings.md#"));
    let complaint = |(page, code): (&str, String)| {
        format!("{page}:1: the findings at the end lack {code}: add it where it belongs")
    };
    wanted.into_iter().filter(is_missing).map(complaint).collect()
}

fn table(rows: impl Iterator<Item = (String, &'static str, String)>) -> String {
    let mut out = String::from("| code | severity | meaning |\n| --- | --- | --- |\n");
    for (code, severity, meaning) in rows {
        let meaning = escape(meaning.trim_end_matches('.'));
        let _ = writeln!(out, "| [{code}](#{}) | {severity} | {meaning} |", anchor(&code));
    }
    out
}

/// What stands above each code in `codes!`, on one line.
fn meanings(source: &str) -> BTreeMap<String, String> {
    let (_, list) = source.rsplit_once("codes! {").expect("the list of codes");
    let (mut meanings, mut text) = (BTreeMap::new(), String::new());
    for line in list.lines().map(str::trim) {
        if let Some(more) = line.strip_prefix("///") {
            text = format!("{text} {}", more.trim()).trim().to_owned();
        } else if let Some((code, _)) = line.split_once(':') {
            meanings.insert(code.to_owned(), std::mem::take(&mut text));
        } else if line == "}" {
            break;
        }
    }
    meanings
}

/// The codes of problems, in the order of their enum, and those of changes that are refused.
fn problem_codes() -> Vec<String> {
    let named = |source: &str, before: &str, after: &str| -> Vec<String> {
        let found = source.lines().filter_map(|line| line.trim().strip_prefix(before)?.split_once(after));
        found.map(|(_, rest)| rest.split('"').next().unwrap_or_default().to_owned()).collect()
    };
    let mut codes = named(&tree::read(PROBLEMS), "Self::", " => \"");
    for code in named(&tree::read(CHANGES), "code: ", "\"") {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

/// The paragraph below the heading of a code, on one line.
fn below(manual: &str, code: &str) -> String {
    let Some(heading) = headings(manual).into_iter().find(|heading| heading.text == code) else {
        return String::new();
    };
    let lines = manual.lines().skip(heading.line).skip_while(|line| line.is_empty());
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
