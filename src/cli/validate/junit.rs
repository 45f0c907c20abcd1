//! Findings as JUnit XML: a test case for each resource, and one for each file with findings about none.

use std::collections::BTreeMap;

use crate::domain::Severity;

use super::verdict::{Resource, Told, Verdict};

/// One test suite.
pub fn write(verdict: &Verdict) -> String {
    let mut of_object: BTreeMap<_, Vec<&Told>> = BTreeMap::new();
    let mut of_file: BTreeMap<&str, Vec<&Told>> = BTreeMap::new();
    for told in &verdict.told {
        match &told.problem.object {
            Some(object) => of_object.entry(object).or_default().push(told),
            None => of_file.entry(&told.problem.place.file).or_default().push(told),
        }
    }
    let mut cases = String::new();
    let mut failures = 0;
    for (file, told) in &of_file {
        failures += usize::from(fails(told));
        cases.push_str(&case("file", file, (file, 1), told));
    }
    for Resource { key, place } in &verdict.resources {
        let told = of_object.get(key).map(Vec::as_slice).unwrap_or_default();
        failures += usize::from(fails(told));
        let name = format!("{}/{}", key.namespace, key.name);
        cases.push_str(&case(&key.kind, &name, (&place.file, place.line), told));
    }
    let tests = of_file.len() + verdict.resources.len();
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\"");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"lamplighter validate\" {counts}>\n  <testsuite name=\"manifests\" {counts} skipped=\"0\">\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

fn fails(told: &[&Told]) -> bool {
    told.iter().any(|told| told.severity == Severity::Error)
}

fn case(class: &str, name: &str, (file, line): (&str, u32), told: &[&Told]) -> String {
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{line}\"",
        escaped(class),
        escaped(name),
        escaped(super::relative(file)),
    );
    let (errors, warnings): (Vec<&Told>, Vec<&Told>) =
        told.iter().partition(|told| told.severity == Severity::Error);
    let mut body = String::new();
    // Some readers take one failure of a case only.
    if let Some(first) = errors.first() {
        let more = if errors.len() > 1 { format!(" (and {} more)", errors.len() - 1) } else { String::new() };
        body.push_str(&format!(
            "      <failure type=\"{}\" message=\"{}{more}\">{}</failure>\n",
            escaped(first.problem.code),
            escaped(&first.problem.message),
            lines(&errors)
        ));
    }
    if !warnings.is_empty() {
        body.push_str(&format!("      <system-out>{}</system-out>\n", lines(&warnings)));
    }
    if body.is_empty() { format!("{head}/>\n") } else { format!("{head}>\n{body}    </testcase>\n") }
}

fn lines(told: &[&Told]) -> String {
    let line = |told: &&Told| {
        let place = &told.problem.place;
        escaped(&format!("{place}: {}[{}] {}", told.word(), told.problem.code, super::sentence(told)))
    };
    told.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Text for an element or an attribute. Characters that XML 1.0 does not know become U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\t' | '\r' => out.push_str(&format!("&#{};", u32::from(c))),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
