//! The answer of `why` for people. Knows the answer only, no resource.

mod dialing;

use serde_json::Value;

use super::answer::{Answer, ChainShown, FeatureShown, SettingShown, SwitchShown};
use super::places::Place;

/// Places stand in a column, unless the text before is longer than this.
const WIDEST: usize = 100;

/// Most characters of a text that are shown.
const LONGEST: usize = 60;

/// Lines, each with the place that it speaks of.
#[derive(Default)]
struct Lines(Vec<(String, Option<String>)>);

impl Lines {
    fn add(&mut self, text: impl Into<String>) {
        self.0.push((text.into(), None));
    }

    fn at(&mut self, text: impl Into<String>, place: Option<&Place>) {
        self.0.push((text.into(), place.map(ToString::to_string)));
    }

    fn written(self) -> String {
        let with_place = self.0.iter().filter(|(_, place)| place.is_some());
        let widths = with_place.map(|(text, _)| text.chars().count());
        let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or_default();
        let line = |(text, place): (String, Option<String>)| match place {
            Some(place) => format!("{text:<width$}  {place}\n"),
            None => format!("{text}\n"),
        };
        self.0.into_iter().map(line).collect()
    }
}

/// Writes the whole answer.
pub fn write(answer: &Answer) -> String {
    let mut lines = Lines::default();
    let title = format!("{}/{} in namespace {}", answer.kind, answer.name, answer.namespace);
    match &answer.place {
        Some(place) => lines.at(title, Some(place)),
        None if answer.is_of_files => lines.add(format!("{title}, made by default, in no file")),
        None => lines.add(title),
    }
    if let Some(hangs_on) = hangs_on(answer) {
        lines.add(format!("  {hangs_on}"));
    }
    for finding in &answer.findings {
        let text = format!("  {}[{}] {}", finding.severity, finding.code, finding.text);
        lines.at(text, finding.place.as_ref());
    }
    for feature in &answer.features {
        lines.add("");
        write_feature(&mut lines, answer, feature);
    }
    for dial in &answer.dial {
        lines.add("");
        dialing::write_number(&mut lines, dial);
    }
    if let Some(number) = answer.number.as_ref().filter(|_| answer.dial.is_empty()) {
        lines.add(format!("\ndial {}: no, there is no dial plan", plain(number, LONGEST)));
    }
    lines.written()
}

/// The objects that the object hangs on, or that hang on it.
fn hangs_on(answer: &Answer) -> Option<String> {
    let plans: Vec<String> = answer.dial_plans.iter().map(|plan| format!("UMDialPlan/{plan}")).collect();
    let plans = plans.join(", ");
    match (&answer.policy, plans.is_empty(), answer.kind) {
        (Some(policy), false, _) => Some(format!("with UMMailboxPolicy/{policy}, in {plans}")),
        (Some(policy), true, _) => Some(format!("with UMMailboxPolicy/{policy}")),
        (None, false, "UMIPGateway") => Some(format!("serves {plans}")),
        (None, false, _) => Some(format!("in {plans}")),
        (None, true, _) => None,
    }
}

fn write_feature(lines: &mut Lines, answer: &Answer, feature: &FeatureShown) {
    let settings_first = feature.allowed.is_none();
    if settings_first {
        lines.add(feature.feature);
        feature.settings.iter().for_each(|setting| write_setting(lines, setting));
    }
    for (at, chain) in feature.chains.iter().enumerate() {
        let name = match at {
            0 if !settings_first => feature.feature.to_owned(),
            _ => format!("{}, {}", feature.feature, chain.key),
        };
        write_chain(lines, answer, &name, chain);
    }
    if !settings_first {
        let switches: Vec<&SwitchShown> =
            feature.chains.iter().flat_map(|chain| &chain.steps).flat_map(|step| &step.one_of).collect();
        // What a switch has said already is not said again.
        let is_said = |setting: &&SettingShown| {
            switches.iter().any(|switch| {
                switch.object == setting.from && switch.path.strip_prefix("spec.") == Some(setting.key)
            })
        };
        let rest = feature.settings.iter().filter(|setting| !is_said(setting));
        rest.for_each(|setting| write_setting(lines, setting));
    }
    if feature.feature == "dial" {
        dialing::write_groups(lines, answer, &feature.groups);
    }
}

fn write_chain(lines: &mut Lines, answer: &Answer, name: &str, chain: &ChainShown) {
    lines.add(match (chain.allowed, chain.reason, answer.kind) {
        (true, _, "UMMailbox") => format!("{name}: yes"),
        (true, _, "UMIPGateway") | (false, None, _) => {
            format!("{name}: {}, {}", if chain.allowed { "yes" } else { "no" }, chain.meaning)
        }
        (true, _, "UMDialPlan") => format!("{name}: yes, as far as the dial plan and its gateways decide"),
        (true, ..) => format!("{name}: yes, as far as the policy, its dial plan and gateways decide"),
        (false, Some(reason), _) => format!("{name}: no, {reason}: {}", chain.meaning),
    });
    for step in &chain.steps {
        let stops = if step.decides { "  <- stops it" } else { "" };
        if step.is_choice && step.one_of.len() != 1 {
            let count = step.one_of.len();
            let order = if count > 1 { ", in the order in which they are tried" } else { "" };
            lines.add(format!("  {} one of {count} gateways{order}{stops}", mark(step.passes)));
            step.one_of.iter().for_each(|one| write_switch(lines, "     ", one, ""));
        } else {
            step.one_of.iter().for_each(|one| write_switch(lines, "  ", one, stops));
        }
    }
    chain.remarks.iter().for_each(|remark| lines.add(format!("     {remark}")));
}

fn write_switch(lines: &mut Lines, indent: &str, switch: &SwitchShown, stops: &str) {
    let field = switch.path.strip_prefix("spec.").unwrap_or(&switch.path);
    let field = if field.is_empty() { String::new() } else { format!(" {field}") };
    let text = format!("{indent}{} {}{field}: {}{stops}", mark(switch.passes), switch.object, state(switch));
    lines.at(text, switch.place.as_ref());
}

/// What a switch says.
fn state(switch: &SwitchShown) -> String {
    let SwitchShown { value, is_set, passes, is_means, is_error, .. } = switch;
    let is_text = ["absent", "present"].iter().any(|word| value == word);
    match value {
        Value::String(message) if *is_error => plain(message, usize::MAX),
        Value::Null if *is_means => "not set".to_owned(),
        Value::Null => format!("not set, which means {}", if *passes { "yes" } else { "no" }),
        value if *is_set || is_text || is_nothing(value) => shown(value),
        value => format!("{} (default)", shown(value)),
    }
}

fn write_setting(lines: &mut Lines, setting: &SettingShown) {
    let SettingShown { key, value, from, is_set, place } = setting;
    let text = match *key {
        "pin" if value == "absent" => format!("pin: absent, so no PIN is made for {from}"),
        "messageWaitingIndicatorExtensions" if !is_set && !is_nothing(value) => {
            format!("{key}: not set, so {}", shown(value))
        }
        _ if is_nothing(value) => format!("{key}: {} in {from}", shown(value)),
        _ if *is_set => format!("{key}: {}, from {from}", with_unit(key, value)),
        _ => format!("{key}: {}, default of {from}", with_unit(key, value)),
    };
    lines.at(format!("     {text}"), place.as_ref());
}

/// A value with its unit, where numbers alone don't speak.
fn with_unit(key: &str, value: &Value) -> String {
    let number = shown(value);
    match (key, number.as_str()) {
        ("pinLifetime", "0") => "0, so they never expire".to_owned(),
        ("logonFailuresBeforePINReset", "0") => "0, so none is made".to_owned(),
        ("minPINLength", _) => format!("{number} digits"),
        ("pinHistoryCount", _) => format!("the last {number} can't be used again"),
        ("pinLifetime", _) => format!("{number} days"),
        ("logonFailuresBeforePINReset" | "maxLogonAttempts", _) => format!("{number} failures"),
        _ => number,
    }
}

const fn mark(passes: bool) -> &'static str {
    if passes { "ok" } else { "no" }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// A value as people write it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "not set".to_owned(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) => plain(text, LONGEST),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) => list.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A text in one line, at most so many characters long.
fn plain(text: &str, most: usize) -> String {
    let letters = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut shown: String = letters.take(most).collect();
    if text.chars().count() > most {
        shown.push('…');
    }
    shown
}
