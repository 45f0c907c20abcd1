//! What a case asks beside its findings, in `ask.yaml`, and the answers: effective settings of an object, the chain of switches of a
//! feature, what becomes of a number.
//!
//! ```yaml
//! settings: [UMMailbox/lina, UMDialPlan/head-office]
//! only: [faxEnabled]                 # of the settings; absent: all
//! why: [UMMailbox/lina fax]          # an object and a feature
//! dial: [UMMailbox/lina signedIn 5551234]
//! ```

use std::fmt::Write as _;

use lamplighter::domain::policy::{Caller, Chain, Step, Switch};
use lamplighter::domain::{Feature, Kind, Outcome, policy::View};
use serde_json::Value;

pub fn answers(outcome: &Outcome, ask: &Value) -> String {
    for key in ask.as_object().unwrap().keys() {
        assert!(["settings", "only", "why", "dial"].contains(&key.as_str()), "ask.yaml: unknown field {key}");
    }
    let texts = |key: &str| -> Vec<String> {
        let list = ask[key].as_array().into_iter().flatten();
        list.map(|text| text.as_str().unwrap_or_else(|| panic!("ask.yaml: {text} is no text")).to_owned())
            .collect()
    };
    let only = texts("only");
    let mut out = String::new();
    for object in texts("settings") {
        let _ = writeln!(out, "settings of {object}");
        for setting in view(outcome, &object).settings() {
            if only.is_empty() || only.iter().any(|key| key == setting.key) {
                let _ = writeln!(
                    out,
                    "  {}: {} from {}/{}",
                    setting.key, setting.value, setting.from.0, setting.from.1
                );
            }
        }
    }
    for question in texts("why") {
        let (object, word) = question.split_once(' ').unwrap();
        let feature = Feature::ALL.into_iter().find(|feature| feature.as_str() == word).unwrap();
        let _ = writeln!(out, "why {question}");
        for gate in feature.gates() {
            chain(&mut out, &view(outcome, object).chain(*gate));
        }
    }
    for question in texts("dial") {
        let mut words = question.splitn(3, ' ');
        let (object, caller, number) =
            (words.next().unwrap(), words.next().unwrap(), words.next().unwrap_or_default());
        let caller = Caller::ALL.into_iter().find(|known| known.as_str() == caller).unwrap();
        let Some(answer) = view(outcome, object).dial(caller, number) else {
            let _ = writeln!(out, "dial {question}: nobody decides");
            continue;
        };
        let dial = answer.dial.map(|dial| format!(", dials {dial}")).unwrap_or_default();
        let rule =
            answer.rule.map(|(_, entry)| format!(" by {} {} -> {}", entry.group, entry.mask, entry.dialed));
        let _ = writeln!(
            out,
            "dial {question}: {} by {}/{}{dial}{}",
            answer.reason,
            answer.from.0,
            answer.from.1,
            rule.unwrap_or_default()
        );
    }
    out
}

fn view<'a>(outcome: &'a Outcome, object: &str) -> View<'a> {
    let (kind, name) = object.split_once('/').unwrap();
    let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind).unwrap();
    outcome.view(kind, name).unwrap_or_else(|| panic!("ask.yaml: there is no {object}"))
}

fn chain(out: &mut String, chain: &Chain) {
    for step in &chain.steps {
        match step {
            Step::One(one) => switch(out, "  ", one),
            Step::Any(switches, _) => {
                let _ = writeln!(
                    out,
                    "  one of {}: {}",
                    switches.len(),
                    if step.passes() { "yes" } else { "none" }
                );
                switches.iter().for_each(|one| switch(out, "    ", one));
            }
        }
    }
    let by = match chain.stop() {
        Some(Step::One(one)) => format!("{}/{}", one.object.0, one.object.1),
        Some(Step::Any(..)) => "its gateways".to_owned(),
        None => "all".to_owned(),
    };
    let _ = writeln!(out, "  {}: {} by {by}", chain.gate.key(), chain.reason());
}

fn switch(out: &mut String, indent: &str, switch: &Switch) {
    let Switch { object, path, value, passes, code: _, is_setting } = switch;
    let (mark, means) = (if *passes { "+" } else { "-" }, if *is_setting { "" } else { " (means)" });
    let _ = writeln!(out, "{indent}{mark} {}/{} {path}: {value}{means}", object.0, object.1);
}
