//! The answer of `why` as programs get it: the chains of switches and the settings of each feature of one object, with the place of each
//! in the manifests. `chains` and `dialing` fill it in.

use serde::Serialize;
use serde_json::Value;

use super::places::{Place, Places};
use super::{chains, dialing};
use crate::domain::status::sentence;
use crate::domain::{Feature, Kind, Outcome, Severity};
use crate::source::collect::Collected;

/// What is asked.
pub struct Question<'a> {
    pub kind: Kind,
    pub namespace: &'a str,
    pub name: &'a str,
    pub feature: Option<Feature>,
    pub number: Option<&'a str>,
}

/// Everything about one object.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub kind: &'static str,
    pub namespace: String,
    pub name: String,
    /// None: it is made by default, or stands in a cluster.
    pub place: Option<Place>,
    /// Whether the objects are those of manifests.
    #[serde(skip)]
    pub is_of_files: bool,
    /// The policy of a mailbox.
    pub policy: Option<String>,
    /// The dial plan of a mailbox or policy, those that a gateway serves.
    pub dial_plans: Vec<String>,
    pub findings: Vec<FindingShown>,
    pub features: Vec<FeatureShown>,
    /// The number that was asked.
    pub number: Option<String>,
    pub dial: Vec<DialShown>,
}

#[derive(Serialize)]
pub struct FindingShown {
    pub severity: &'static str,
    pub code: &'static str,
    pub text: String,
    pub place: Option<Place>,
}

#[derive(Serialize)]
pub struct FeatureShown {
    pub feature: &'static str,
    /// Whether it is allowed, as far as the object, and those that it hangs on, decide; none where nothing switches it.
    pub allowed: Option<bool>,
    pub chains: Vec<ChainShown>,
    pub settings: Vec<SettingShown>,
    /// Groups of dialing rules, where dialing is asked about.
    pub groups: Vec<GroupShown>,
}

/// The switches of a feature, or of a part of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainShown {
    pub key: &'static str,
    pub allowed: bool,
    /// The code that forbids, or `Allowed`; none where a gateway alone forbids, which others may carry.
    pub reason: Option<&'static str>,
    pub meaning: String,
    pub steps: Vec<StepShown>,
    /// What it means for others.
    pub remarks: Vec<String>,
}

/// One switch, or several of which one must let the feature through.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepShown {
    pub passes: bool,
    /// The first that stops the feature.
    pub decides: bool,
    /// One switch, or those of several gateways of which one is enough.
    pub one_of: Vec<SwitchShown>,
    pub is_choice: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SwitchShown {
    pub object: String,
    pub path: String,
    pub value: Value,
    /// Whether the manifest has the field; else the value is the default.
    pub is_set: bool,
    pub passes: bool,
    /// It is a means of delivery, not a setting of the feature.
    pub is_means: bool,
    /// An error stands there, and the value is what it says.
    pub is_error: bool,
    pub place: Option<Place>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingShown {
    pub key: &'static str,
    pub value: Value,
    pub from: String,
    /// Whether the manifest has the field; else the value is the default.
    pub is_set: bool,
    pub place: Option<Place>,
}

/// A group of dialing rules.
#[derive(Serialize)]
pub struct GroupShown {
    /// The field of the dial plan that has its rules.
    pub list: &'static str,
    pub group: String,
    pub allowed: bool,
    pub rules: Vec<RuleShown>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleShown {
    /// The field of the dial plan that has it.
    pub list: &'static str,
    pub group: String,
    pub number_mask: String,
    pub dialed_number: String,
    pub place: Option<Place>,
}

/// What becomes of a number.
#[derive(Serialize)]
pub struct DialShown {
    pub caller: &'static str,
    pub number: String,
    pub allowed: bool,
    pub dial: Option<String>,
    pub reason: &'static str,
    pub meaning: &'static str,
    /// The object that decides, and the field of it.
    pub from: String,
    pub place: Option<Place>,
    pub rule: Option<RuleShown>,
    /// Every other rule that is for the number.
    pub others: Vec<OtherRule>,
}

/// A rule that is for a number and does not open it.
#[derive(Serialize)]
pub struct OtherRule {
    #[serde(flatten)]
    pub rule: RuleShown,
    /// What it would dial.
    pub dial: String,
    /// Whether its group is allowed; then another rule came before it.
    pub allowed: bool,
    pub text: String,
}

/// The answer; none: there is no such object in this namespace.
pub fn answer(outcome: &Outcome, collected: Option<&Collected>, question: &Question<'_>) -> Option<Answer> {
    let Question { kind, namespace, name, feature, number } = question;
    let places = Places { collected, namespace };
    let features: Vec<Feature> = match feature {
        Some(feature) => vec![*feature],
        None if number.is_some() => Vec::new(),
        None => Feature::ALL.to_vec(),
    };
    let view = outcome.view(*kind, name);
    let gateway = outcome.linked.gateway(name).filter(|_| *kind == Kind::Gateway);
    let shown = |feature: &Feature| match (&view, gateway) {
        (Some(view), _) => chains::of_view(view, *feature, &places),
        (None, Some(gateway)) => chains::of_gateways_own(outcome, gateway, *feature, &places),
        (None, None) => None,
    };
    if view.is_none() && gateway.is_none() {
        return None;
    }
    let plans: Vec<u32> = match gateway {
        Some(node) => node.value.1.clone(),
        None => view.and_then(|view| view.plan_at).filter(|_| *kind != Kind::DialPlan).into_iter().collect(),
    };
    let policy = view.filter(|_| *kind == Kind::Mailbox).and_then(|view| view.policy);
    Some(Answer {
        kind: kind.as_str(),
        namespace: (*namespace).to_owned(),
        name: (*name).to_owned(),
        place: places.of(*kind, name, ""),
        is_of_files: collected.is_some(),
        policy: policy.map(|node| node.name.to_string()),
        dial_plans: plans
            .into_iter()
            .filter_map(|at| Some(outcome.linked.dial_plan(at)?.name.to_string()))
            .collect(),
        findings: findings(outcome, *kind, name, &places),
        features: features.iter().filter_map(shown).collect(),
        number: number.map(str::to_owned),
        dial: view.zip(*number).map(|(view, number)| dialing::of(&view, number, &places)).unwrap_or_default(),
    })
}

fn findings(outcome: &Outcome, kind: Kind, name: &str, places: &Places<'_>) -> Vec<FindingShown> {
    let about = outcome.findings().filter(|(of, found, _)| *of == kind && *found == name);
    let shown = |(_, _, finding): (Kind, &str, &crate::domain::Finding)| FindingShown {
        severity: if finding.code.severity() == Severity::Error { "error" } else { "warning" },
        code: finding.code.as_str(),
        text: sentence(finding),
        place: places.of(kind, name, &finding.path),
    };
    about.map(shown).collect()
}
