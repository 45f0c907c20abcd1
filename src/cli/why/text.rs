//! The answer of `why` for people.

use std::fmt::Write as _;

use serde_json::Value;

use super::answer::{Answer, ChainShown, DialShown, FeatureShown, SwitchShown};
use crate::domain::Feature;

/// Column at which places begin, where the text before is shorter.
const PLACES: usize = 84;

/// Writes the whole answer.
pub fn write(answer: &Answer) -> String {
    let mut out = String::new();
    let place = answer.place.as_deref().unwrap_or("made by default, in no file");
    line(
        &mut out,
        &format!("{}/{} in namespace {}", answer.kind, answer.name, answer.namespace),
        Some(place),
    );
    let by = [("policy", "UMMailboxPolicy", &answer.policy), ("dial plan", "UMDialPlan", &answer.dial_plan)];
    let by: Vec<String> = by
        .into_iter()
        .filter_map(|(word, kind, name)| name.as_ref().map(|name| format!("{word} {kind}/{name}")))
        .collect();
    if !by.is_empty() && answer.kind != "UMDialPlan" {
        let _ = writeln!(out, "{}", by.join(", "));
    }
    for finding in &answer.findings {
        line(
            &mut out,
            &format!("{}[{}] {}", finding.severity, finding.code, finding.text),
            finding.place.as_deref(),
        );
    }
    answer.features.iter().for_each(|feature| write_feature(&mut out, feature));
    if !answer.dial.is_empty() {
        out.push('\n');
    }
    answer.dial.iter().for_each(|dial| write_dial(&mut out, dial));
    out
}

fn write_feature(out: &mut String, feature: &FeatureShown) {
    out.push('\n');
    // A PIN is always there; what is switched is doing without.
    let is_switched = !feature.chains.is_empty() && feature.feature != Feature::Pin.as_str();
    if !is_switched {
        let _ = writeln!(out, "{}", feature.feature);
    }
    for (at, chain) in feature.chains.iter().enumerate() {
        write_chain(out, if at == 0 && is_switched { feature.feature } else { chain.key }, chain);
    }
    for setting in &feature.settings {
        let text = format!("    {}: {}, from {}", setting.key, shown(&setting.value), setting.from);
        line(out, &text, setting.place.as_deref());
    }
}

fn write_chain(out: &mut String, name: &str, chain: &ChainShown) {
    let verdict = if chain.allowed { "yes".to_owned() } else { format!("no, {}", chain.reason) };
    let _ = writeln!(out, "{name}: {verdict}");
    if !chain.allowed {
        let _ = writeln!(out, "  {}", chain.meaning);
    }
    for step in &chain.steps {
        let stops = if step.decides { "  <- stops it" } else { "" };
        if step.is_choice && step.one_of.len() != 1 {
            let _ = writeln!(out, "  {} one of {} gateways{stops}", mark(step.passes), step.one_of.len());
            step.one_of.iter().for_each(|one| write_switch(out, "    ", one, ""));
        } else {
            step.one_of.iter().for_each(|one| write_switch(out, "  ", one, stops));
        }
    }
    if let Some(remark) = &chain.remark {
        let _ = writeln!(out, "  {remark}");
    }
}

fn write_switch(out: &mut String, indent: &str, switch: &SwitchShown, stops: &str) {
    let SwitchShown { object, path, value, passes, is_means: _, place } = switch;
    let field = path.strip_prefix("spec.").unwrap_or(path);
    let text = format!("{indent}{} {object} {field}: {}{stops}", mark(*passes), shown(value));
    line(out, &text, place.as_deref());
}

fn write_dial(out: &mut String, dial: &DialShown) {
    let _ = match (&dial.dial, &dial.group) {
        (Some(digits), Some(group)) => writeln!(
            out,
            "{} dials {}: {digits}, by rule {} -> {} of group {group}, which {} allows",
            dial.caller,
            dial.number,
            dial.number_mask.as_deref().unwrap_or_default(),
            dial.dialed_number.as_deref().unwrap_or_default(),
            dial.from
        ),
        (Some(digits), None) => {
            writeln!(
                out,
                "{} dials {}: {digits}, an extension, which {} allows",
                dial.caller, dial.number, dial.from
            )
        }
        (None, _) => writeln!(
            out,
            "{} dials {}: refused by {}, {}\n  {}",
            dial.caller, dial.number, dial.from, dial.reason, dial.meaning
        ),
    };
}

const fn mark(passes: bool) -> char {
    if passes { '+' } else { '-' }
}

/// A value as people write it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "not set".to_owned(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) => list.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A line, and the place that it speaks of at its end.
fn line(out: &mut String, text: &str, place: Option<&str>) {
    let _ = match place {
        Some(place) => writeln!(out, "{text:<PLACES$}  {place}"),
        None => writeln!(out, "{text}"),
    };
}
