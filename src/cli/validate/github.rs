//! Findings as workflow commands, which GitHub Actions shows at the lines of a pull request.

use super::verdict::Verdict;

/// One command a finding, and the summary as a line of the log.
pub fn write(verdict: &Verdict) -> String {
    let mut out = String::new();
    for told in &verdict.told {
        let place = &told.problem.place;
        out.push_str(&format!(
            "::{} file={},line={},col={},title={}::{}\n",
            told.word(),
            property(super::relative(&place.file)),
            place.line,
            place.column,
            property(told.problem.code),
            data(&super::sentence(told)),
        ));
    }
    out.push_str(&verdict.summary());
    out.push('\n');
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
