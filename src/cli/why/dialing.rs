//! Dialing rules and numbers, as the domain decides about them, with places and words. Decides nothing.

use super::answer::{DialShown, GroupShown, OtherRule, RuleShown};
use super::places::{Place, Places, list_of};
use crate::domain::Code;
use crate::domain::dialing::{Entry, Range};
use crate::domain::policy::{Caller, DialAnswer, MatchingRule, View};

/// All groups of the dial plan, in the order of the manifest, and which of them are allowed: for callers who have signed in, and of a dial
/// plan for those who have not.
pub fn groups(view: &View<'_>, places: &Places<'_>) -> Vec<GroupShown> {
    let caller = if view.policy.is_some() { Caller::SignedIn } else { Caller::Unauthenticated };
    let (Some(plan), Some((permissions, _))) = (view.plan, view.permissions(caller)) else {
        return Vec::new();
    };
    let mut groups: Vec<GroupShown> = Vec::new();
    for range in [Range::InCountry, Range::International] {
        for entry in plan.value.dial.dialing.entries(range) {
            let rule = of_rule(range, entry, &plan.name, places);
            match groups.iter_mut().find(|known| known.list == rule.list && known.group == rule.group) {
                Some(known) => known.rules.push(rule),
                None => groups.push(GroupShown {
                    list: rule.list,
                    group: rule.group.clone(),
                    allowed: permissions.allows(range, &entry.group),
                    rules: vec![rule],
                }),
            }
        }
    }
    groups
}

/// What becomes of a number, for each sort of caller.
pub fn of(view: &View<'_>, number: &str, places: &Places<'_>) -> Vec<DialShown> {
    let Some(plan) = view.plan else { return Vec::new() };
    let of = |caller: Caller| {
        let answer = view.dial(caller, number)?;
        let matching = view.matching_rules(caller, number);
        let winner = answer.rule.as_ref();
        let others = matching.iter().filter(|rule| winner != Some(&(rule.range, rule.entry.clone())));
        // What Play on Phone is refused for has nothing to do with rules.
        let is_about_rules = answer.rule.is_some() || answer.reason == Code::NoAllowedRule;
        let others = others.filter(|_| is_about_rules).map(|rule| OtherRule {
            rule: of_rule(rule.range, &rule.entry, &plan.name, places),
            dial: rule.dial.clone(),
            allowed: rule.is_allowed,
            text: why_not(rule, &answer),
        });
        Some(DialShown {
            caller: caller.as_str(),
            number: number.to_owned(),
            allowed: answer.dial.is_some(),
            dial: answer.dial.clone(),
            reason: answer.reason.as_str(),
            meaning: answer.reason.meaning(),
            from: format!("{}/{}", answer.from.0, answer.from.1),
            place: decider(&answer, places),
            rule: winner.map(|(range, entry)| of_rule(*range, entry, &plan.name, places)),
            others: others.collect(),
        })
    };
    Caller::ALL.into_iter().filter_map(of).collect()
}

/// Why a rule that is for the number does not open it.
fn why_not(rule: &MatchingRule, answer: &DialAnswer) -> String {
    let (kind, name) = &answer.from;
    let group = &rule.entry.group;
    if !rule.is_allowed {
        return format!("matches, and {kind}/{name} does not allow {group}");
    }
    let prefix = |entry: &Entry| entry.mask.literal_prefix().len();
    let is_closer =
        |(range, winner): &(Range, Entry)| *range == rule.range && prefix(winner) > prefix(&rule.entry);
    match &answer.rule {
        Some(winner) if is_closer(winner) => "matches too, with fewer digits before its first x".to_owned(),
        _ => "matches too, and comes later".to_owned(),
    }
}

fn of_rule(range: Range, entry: &Entry, dial_plan: &str, places: &Places<'_>) -> RuleShown {
    RuleShown {
        list: list_of(range),
        group: entry.group.to_string(),
        number_mask: entry.mask.to_string(),
        dialed_number: entry.dialed.to_string(),
        place: places.of_rule(dial_plan, range, entry),
    }
}

/// The place of the setting that decides.
fn decider(answer: &DialAnswer, places: &Places<'_>) -> Option<Place> {
    let allowed = |range: Range| match range {
        Range::InCountry => "spec.allowedInCountryOrRegionGroups",
        Range::International => "spec.allowedInternationalGroups",
    };
    let path = match (&answer.rule, answer.reason) {
        (Some((range, _)), _) => allowed(*range),
        (None, Code::DialPlanSubscribersNotAllowed) => "spec.allowDialPlanSubscribers",
        (None, Code::ExtensionsNotAllowed) => "spec.allowExtensions",
        (None, Code::CallsFromNonUsersNotAllowed) => "spec.allowUMCallsFromNonUsers",
        (None, Code::NumberInvalid) => return None,
        (None, Code::NoAllowedRule) => "spec.allowedInCountryOrRegionGroups",
        (None, _) => "",
    };
    places.of(answer.from.0, &answer.from.1, path)
}
