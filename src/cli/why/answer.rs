//! What decides about an object: the chains of switches and the settings of each feature, with the place of each in the manifests.

use serde::Serialize;
use serde_json::Value;

use crate::domain::policy::{Caller, Chain, Setting, Step, Switch, View, of_gateway};
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
    /// File and line of the object; none: it is made by default.
    pub place: Option<String>,
    pub policy: Option<String>,
    pub dial_plan: Option<String>,
    pub findings: Vec<FindingShown>,
    pub features: Vec<FeatureShown>,
    pub dial: Vec<DialShown>,
}

#[derive(Serialize)]
pub struct FindingShown {
    pub severity: &'static str,
    pub code: &'static str,
    pub text: String,
    pub place: Option<String>,
}

#[derive(Serialize)]
pub struct FeatureShown {
    pub feature: &'static str,
    pub chains: Vec<ChainShown>,
    pub settings: Vec<SettingShown>,
}

/// The switches of a feature.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainShown {
    pub key: &'static str,
    pub allowed: bool,
    pub reason: &'static str,
    pub meaning: &'static str,
    pub steps: Vec<StepShown>,
    pub remark: Option<String>,
}

/// One switch, or several of which one must let the feature through.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepShown {
    pub passes: bool,
    /// The first that stops the feature.
    pub decides: bool,
    /// What of: one switch is one, several are several gateways of which one is enough.
    pub one_of: Vec<SwitchShown>,
    pub is_choice: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SwitchShown {
    pub object: String,
    pub path: String,
    pub value: Value,
    pub passes: bool,
    /// It is a means of delivery, not a setting of the feature.
    pub is_means: bool,
    pub place: Option<String>,
}

#[derive(Serialize)]
pub struct SettingShown {
    pub key: &'static str,
    pub value: Value,
    pub from: String,
    pub place: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DialShown {
    pub caller: &'static str,
    pub number: String,
    pub allowed: bool,
    pub dial: Option<String>,
    pub reason: &'static str,
    pub meaning: &'static str,
    pub group: Option<String>,
    pub number_mask: Option<String>,
    pub dialed_number: Option<String>,
    pub from: String,
}

/// Where things stand in the manifests.
struct Places<'a> {
    collected: &'a Collected,
    namespace: &'a str,
}

impl Places<'_> {
    fn of(&self, kind: Kind, name: &str, path: &str) -> Option<String> {
        let document = self.collected.document(kind, self.namespace, name)?;
        let place = document.place_of(if path.is_empty() { "metadata.name" } else { path });
        Some(format!("{}:{}", place.file, place.line))
    }
}

/// The answer; none: there is no such object in this namespace.
pub fn answer(outcome: &Outcome, collected: &Collected, question: &Question<'_>) -> Option<Answer> {
    let Question { kind, namespace, name, feature, number } = question;
    let places = Places { collected, namespace };
    let features: Vec<Feature> = match feature {
        Some(feature) => vec![*feature],
        None if number.is_some() => vec![Feature::Dial],
        None => Feature::ALL.to_vec(),
    };
    let view = outcome.view(*kind, name);
    if view.is_none() && outcome.linked.gateway(name).filter(|_| *kind == Kind::Gateway).is_none() {
        return None;
    }
    let shown = |feature: &Feature| match &view {
        Some(view) => of_view(view, *feature, &places),
        None => of_gateways_own(outcome, name, *feature, &places),
    };
    Some(Answer {
        kind: kind.as_str(),
        namespace: (*namespace).to_owned(),
        name: (*name).to_owned(),
        place: places.of(*kind, name, ""),
        policy: view.and_then(|view| view.policy).map(|node| node.name.to_string()),
        dial_plan: view.and_then(|view| view.plan).map(|node| node.name.to_string()),
        findings: findings(outcome, *kind, name, &places),
        features: features.iter().map(shown).filter(FeatureShown::says_something).collect(),
        dial: view.zip(*number).map(|(view, number)| dial(&view, number)).unwrap_or_default(),
    })
}

impl FeatureShown {
    fn says_something(&self) -> bool {
        !self.chains.is_empty() || !self.settings.is_empty()
    }
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

fn of_view(view: &View<'_>, feature: Feature, places: &Places<'_>) -> FeatureShown {
    let chains = feature.gates().iter().map(|gate| chain(view, &view.chain(*gate), places)).collect();
    let keys = feature.settings();
    let settings = view.settings().into_iter().filter(|setting| keys.contains(&setting.key));
    FeatureShown {
        feature: feature.as_str(),
        chains,
        settings: settings.map(|setting| of_setting(setting, places)).collect(),
    }
}

/// What a gateway says itself: it has no policy, and only two features go through it.
fn of_gateways_own(outcome: &Outcome, name: &str, feature: Feature, places: &Places<'_>) -> FeatureShown {
    let node = outcome.linked.gateway(name);
    let switches = feature.gates().iter().filter_map(|gate| Some((*gate, of_gateway(node?, *gate)?)));
    let shown = |(gate, one): (crate::domain::Gate, Switch)| ChainShown {
        key: gate.key(),
        allowed: one.passes,
        reason: one.code.as_str(),
        meaning: if one.passes { "This gateway carries it." } else { "This gateway does not carry it." },
        remark: None,
        steps: vec![StepShown {
            passes: one.passes,
            decides: !one.passes,
            one_of: vec![switch(&one, places)],
            is_choice: false,
        }],
    };
    FeatureShown { feature: feature.as_str(), chains: switches.map(shown).collect(), settings: Vec::new() }
}

fn chain(view: &View<'_>, chain: &Chain, places: &Places<'_>) -> ChainShown {
    let stop = chain.stop();
    let step = |step: &Step| {
        let switches = match step {
            Step::One(one) => std::slice::from_ref(one),
            Step::Any(several, _) => several.as_slice(),
        };
        StepShown {
            passes: step.passes(),
            decides: stop.is_some_and(|stop| std::ptr::eq(stop, step)),
            one_of: switches.iter().map(|one| switch(one, places)).collect(),
            is_choice: matches!(step, Step::Any(..)),
        }
    };
    let reason = chain.reason();
    ChainShown {
        key: chain.gate.key(),
        allowed: stop.is_none(),
        reason: reason.as_str(),
        meaning: reason.meaning(),
        steps: chain.steps.iter().map(step).collect(),
        remark: stop.and_then(|stop| remark(view, stop)),
    }
}

/// What a switch of a gateway means for others.
fn remark(view: &View<'_>, stop: &Step) -> Option<String> {
    let (Step::Any(switches, _), Some(plan)) = (stop, view.plan) else { return None };
    Some(match switches.as_slice() {
        [] => format!("no gateway serves UMDialPlan/{}", plan.name),
        [only] => format!(
            "{}/{} is the only gateway of UMDialPlan/{}, so all its mailboxes go without",
            only.object.0, only.object.1, plan.name
        ),
        all => format!(
            "none of the {} gateways of UMDialPlan/{} carries it, so all its mailboxes go without",
            all.len(),
            plan.name
        ),
    })
}

fn switch(switch: &Switch, places: &Places<'_>) -> SwitchShown {
    let Switch { object: (kind, name), path, value, passes, code: _, is_setting } = switch;
    SwitchShown {
        object: format!("{kind}/{name}"),
        path: path.clone(),
        value: value.clone(),
        passes: *passes,
        is_means: !is_setting,
        place: places.of(*kind, name, path),
    }
}

fn of_setting(setting: Setting, places: &Places<'_>) -> SettingShown {
    let Setting { key, value, from: (kind, name) } = setting;
    SettingShown {
        key,
        value,
        place: places.of(kind, &name, &format!("spec.{key}")),
        from: format!("{kind}/{name}"),
    }
}

fn dial(view: &View<'_>, number: &str) -> Vec<DialShown> {
    let of = |caller: Caller| {
        let answer = view.dial(caller, number)?;
        let rule = answer.rule.map(|(_, entry)| entry);
        Some(DialShown {
            caller: caller.as_str(),
            number: number.to_owned(),
            allowed: answer.dial.is_some(),
            dial: answer.dial,
            reason: answer.reason.as_str(),
            meaning: answer.reason.meaning(),
            group: rule.as_ref().map(|rule| rule.group.to_string()),
            number_mask: rule.as_ref().map(|rule| rule.mask.to_string()),
            dialed_number: rule.as_ref().map(|rule| rule.dialed.to_string()),
            from: format!("{}/{}", answer.from.0, answer.from.1),
        })
    };
    Caller::ALL.into_iter().filter_map(of).collect()
}
