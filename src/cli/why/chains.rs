//! The switches and settings of a feature, as the domain has them, with places and words. Decides nothing.

use serde_json::{Value, json};

use super::answer::{ChainShown, FeatureShown, SettingShown, StepShown, SwitchShown};
use super::dialing;
use super::places::Places;
use crate::domain::object::Gateway;
use crate::domain::policy::{Chain, Setting, Step, Switch, View, of_gateway};
use crate::domain::{Code, Feature, Gate, Kind, Node, Outcome, Severity};

/// A feature of a mailbox, policy or dial plan; none: the object has no say in it.
pub fn of_view(view: &View<'_>, feature: Feature, places: &Places<'_>) -> Option<FeatureShown> {
    let chains = feature.gates().iter().map(|gate| view.chain(*gate)).filter(|chain| !chain.steps.is_empty());
    let chains: Vec<ChainShown> = chains.map(|chain| of_chain(view, &chain, places)).collect();
    let all = view.settings();
    let keys = feature.settings().iter();
    let mut settings: Vec<SettingShown> = keys
        .filter_map(|key| all.iter().find(|setting| setting.key == *key))
        .map(|setting| of_setting(setting, places))
        .collect();
    if feature == Feature::Pin {
        settings.extend(pin_requests(view, places));
    }
    let groups = if feature == Feature::Dial { dialing::groups(view, places) } else { Vec::new() };
    let is_empty = chains.is_empty() && settings.is_empty() && groups.is_empty();
    (!is_empty).then(|| shown(feature, chains, settings, groups))
}

/// What a gateway says itself: it has no policy, and only two features go through it.
pub fn of_gateways_own(
    outcome: &Outcome,
    node: &Node<(Gateway, Vec<u32>)>,
    feature: Feature,
    places: &Places<'_>,
) -> Option<FeatureShown> {
    let of = |gate: &Gate| of_gateway(node, *gate).map(|switch| (*gate, switch));
    let (gate, switch) = feature.gates().iter().find_map(of)?;
    let is_error = switch.code.severity() == Severity::Error;
    let reason = match switch.passes {
        true => Some(Code::Allowed),
        false => is_error.then_some(switch.code),
    };
    let meaning = match switch.passes {
        true => "this gateway carries it",
        false => "this gateway does not carry it",
    };
    let chain = ChainShown {
        key: gate.key(),
        allowed: switch.passes,
        reason: reason.map(Code::as_str),
        meaning: meaning.to_owned(),
        remarks: if switch.passes { Vec::new() } else { left_dark(outcome, node, gate) },
        steps: vec![StepShown {
            passes: switch.passes,
            decides: !switch.passes,
            one_of: vec![of_switch(&switch, places)],
            is_choice: false,
        }],
    };
    Some(shown(feature, vec![chain], Vec::new(), Vec::new()))
}

fn shown(
    feature: Feature,
    chains: Vec<ChainShown>,
    settings: Vec<SettingShown>,
    groups: Vec<super::answer::GroupShown>,
) -> FeatureShown {
    // A PIN is always there; what is switched is doing without.
    let switched = chains.first().filter(|_| feature != Feature::Pin);
    FeatureShown {
        feature: feature.as_str(),
        allowed: switched.map(|chain| chain.allowed),
        chains,
        settings,
        groups,
    }
}

fn of_chain(view: &View<'_>, chain: &Chain, places: &Places<'_>) -> ChainShown {
    let stop = chain.stop();
    let step = |step: &Step| StepShown {
        passes: step.passes(),
        decides: stop.is_some_and(|stop| std::ptr::eq(stop, step)),
        one_of: switches(step).iter().map(|one| of_switch(one, places)).collect(),
        is_choice: matches!(step, Step::Any(..)),
    };
    ChainShown {
        key: chain.gate.key(),
        allowed: stop.is_none(),
        reason: Some(chain.reason().as_str()),
        meaning: stop.map_or_else(|| lower(Code::Allowed.meaning()), |stop| meaning(view, stop)),
        steps: chain.steps.iter().map(step).collect(),
        remarks: stop.and_then(|stop| remark(view, chain.gate, stop)).into_iter().collect(),
    }
}

fn switches(step: &Step) -> &[Switch] {
    match step {
        Step::One(one) => std::slice::from_ref(one),
        Step::Any(several, _) => several,
    }
}

/// Why the feature is stopped, with the names of the objects.
fn meaning(view: &View<'_>, stop: &Step) -> String {
    let of_switch = |switch: &Switch| {
        let object = format!("{}/{}", switch.object.0, switch.object.1);
        match switch.code {
            Code::MWIForbiddenByPolicy => Some(format!("{object} allows no lamps")),
            Code::SMSForbiddenByPolicy => Some(format!("{object} allows no text messages")),
            Code::ForbiddenByPolicy | Code::ForbiddenByDialPlan => {
                Some(format!("{object} does not allow it"))
            }
            Code::DeclinedByMailbox if switch.value == json!(false) => {
                Some(format!("{object} does not want it"))
            }
            Code::DeclinedByMailbox => Some(format!("{object} does not ask for it")),
            _ => None,
        }
    };
    let plan =
        view.plan.map_or_else(|| "the dial plan".to_owned(), |plan| format!("UMDialPlan/{}", plan.name));
    let named = match stop {
        Step::One(switch) => of_switch(switch),
        Step::Any(_, Code::NoGatewayForMWI) => Some(format!("no gateway of {plan} takes NOTIFY")),
        Step::Any(_, Code::NoGatewayForOutcalls) => {
            Some(format!("no gateway of {plan} makes outgoing calls"))
        }
        Step::Any(..) => None,
    };
    named.unwrap_or_else(|| lower(stop.code().meaning()))
}

/// A sentence as part of another one.
pub fn lower(sentence: &str) -> String {
    let mut letters = sentence.trim_end_matches('.').chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// What it means for others, or for the lamps as they stand.
fn remark(view: &View<'_>, gate: Gate, stop: &Step) -> Option<String> {
    if gate == Gate::Mwi && stop.code().severity() == Severity::Error {
        return Some(
            "until that is mended, the lamps stay as they are: on stays on, off stays off".to_owned(),
        );
    }
    let (Step::Any(switches, _), Some(plan)) = (stop, view.plan) else { return None };
    let all = mailboxes(view.outcome, view.plan_at?);
    Some(match switches.as_slice() {
        [] => format!("no gateway serves UMDialPlan/{}, so {all} without", plan.name),
        [only] => format!(
            "{}/{} is the only gateway of UMDialPlan/{}, so {all} without",
            only.object.0, only.object.1, plan.name
        ),
        several => format!(
            "none of the {} gateways of UMDialPlan/{} carries it, so {all} without",
            several.len(),
            plan.name
        ),
    })
}

/// Dial plans that have no other gateway for what this one does not carry.
fn left_dark(outcome: &Outcome, node: &Node<(Gateway, Vec<u32>)>, gate: Gate) -> Vec<String> {
    let of = |at: &u32| {
        let plan = outcome.linked.dial_plan(*at)?;
        let chain = outcome.view(Kind::DialPlan, &plan.name)?.chain(gate);
        let dark = chain.steps.iter().any(|step| matches!(step, Step::Any(..)) && !step.passes());
        dark.then(|| {
            format!("UMDialPlan/{} has no other that does, so {} without", plan.name, mailboxes(outcome, *at))
        })
    };
    node.value.1.iter().filter_map(of).collect()
}

fn mailboxes(outcome: &Outcome, plan: u32) -> String {
    let count = outcome.linked.mailboxes.iter().filter(|node| node.value.dial_plan == Some(plan)).count();
    match count {
        0 => "its mailboxes, of which there are none yet, go".to_owned(),
        1 => "its one mailbox goes".to_owned(),
        _ => format!("all its {count} mailboxes go"),
    }
}

fn of_switch(switch: &Switch, places: &Places<'_>) -> SwitchShown {
    let Switch { object: (kind, name), path, value, passes, code, is_setting } = switch;
    SwitchShown {
        object: format!("{kind}/{name}"),
        path: path.clone(),
        value: value.clone(),
        is_set: places.is_set(*kind, name, path),
        passes: *passes,
        is_means: !is_setting,
        is_error: !passes && code.severity() == Severity::Error,
        place: places.of(*kind, name, path),
    }
}

fn of_setting(setting: &Setting, places: &Places<'_>) -> SettingShown {
    let Setting { key, value, from: (kind, name) } = setting;
    let path = format!("spec.{key}");
    SettingShown {
        key,
        value: value.clone(),
        is_set: places.is_set(*kind, name, &path),
        place: places.of(*kind, name, &path),
        from: format!("{kind}/{name}"),
    }
}

/// Whether the mailbox asks for a PIN at all, and whether it is locked.
fn pin_requests(view: &View<'_>, places: &Places<'_>) -> Vec<SettingShown> {
    let Some(node) = view.mailbox else { return Vec::new() };
    let pin = node.value.own.more.as_ref().and_then(|more| more.pin.as_ref());
    let shown = |key: &'static str, value: Value| {
        of_setting(&Setting { key, value, from: (Kind::Mailbox, node.name.clone()) }, places)
    };
    let mut settings = vec![shown("pin", json!(if pin.is_some() { "present" } else { "absent" }))];
    if pin.is_some_and(|pin| pin.locked_out) {
        settings.push(shown("pin.lockedOut", json!(true)));
    }
    settings
}
