//! Groups of dialing rules, and what becomes of a number, for people.

use super::super::answer::{Answer, DialShown, GroupShown, RuleShown};
use super::super::chains::lower;
use super::{LONGEST, Lines, mark, plain};

/// Most rules that are named for a number beside the one that wins.
const MOST_OTHERS: usize = 5;

/// Which groups there are, and the rules of those that are allowed.
pub fn write_groups(lines: &mut Lines, answer: &Answer, groups: &[GroupShown]) {
    for group in groups {
        let words =
            if group.list == "configuredInternationalGroups" { "international" } else { "in-country" };
        let count = group.rules.len();
        if !group.allowed {
            let rules = if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") };
            let place = group.rules.first().and_then(|rule| rule.place.as_ref());
            lines.at(format!("  no {words} group {}: not allowed ({rules})", group.group), place);
            continue;
        }
        lines.add(format!("  ok {words} group {}", group.group));
        for rule in &group.rules {
            lines.at(format!("     {} -> {}", rule.number_mask, rule.dialed_number), rule.place.as_ref());
        }
    }
    let none = "     there are no dialing rules, so extensions are all that can be dialed";
    match (answer.dial_plans.first(), answer.kind) {
        (Some(plan), _) => {
            if groups.is_empty() {
                lines.add(none);
            }
            lines.add(format!("     callers who have not signed in go by UMDialPlan/{plan}"));
        }
        (None, "UMDialPlan") => {
            if groups.is_empty() {
                lines.add(none);
            }
            lines.add("     that is for callers who have not signed in; the others go by their policies");
        }
        (None, _) => lines.add("     there is no dial plan, so nothing can be dialed"),
    }
}

/// What becomes of the number for one sort of caller.
pub fn write_number(lines: &mut Lines, dial: &DialShown) {
    let caller = match dial.caller {
        "unauthenticated" => "before signing in",
        "signedIn" => "signed in",
        _ => "Play on Phone",
    };
    let verdict = match &dial.dial {
        Some(digits) => format!("yes, dials {digits}"),
        None => format!("no, {}: {}", dial.reason, lower(dial.meaning)),
    };
    lines.add(format!("dial {}, {caller}: {verdict}", plain(&dial.number, LONGEST)));
    if let Some(text) = decider(dial) {
        lines.at(format!("  {} {} {text}", mark(dial.allowed), dial.from), dial.place.as_ref());
    }
    if let Some(rule) = &dial.rule {
        lines.at(format!("  ok {}", rule_text(rule)), rule.place.as_ref());
    }
    for other in dial.others.iter().take(MOST_OTHERS) {
        lines.at(format!("     {} {}", rule_text(&other.rule), other.text), other.rule.place.as_ref());
    }
    if dial.others.len() > MOST_OTHERS {
        lines.add(format!("     and {} more rules match", dial.others.len() - MOST_OTHERS));
    }
    if dial.others.is_empty() && dial.reason == "NoAllowedRule" {
        lines.add("     no rule of the dial plan is for this number, whatever its group");
    }
}

/// What the object that decides says.
fn decider(dial: &DialShown) -> Option<String> {
    let text = match (dial.reason, &dial.rule) {
        ("Allowed", Some(rule)) => return Some(format!("allows group {}", rule.group)),
        ("Allowed", None) => "allows this extension",
        ("NoAllowedRule", _) => "allows no group that has a rule for it",
        ("DialPlanSubscribersNotAllowed", _) => "allowDialPlanSubscribers: false",
        ("ExtensionsNotAllowed", _) => "allowExtensions: false",
        ("CallsFromNonUsersNotAllowed", _) => "allowUMCallsFromNonUsers: None",
        ("NumberInvalid", _) => return None,
        _ => "stops Play on Phone; ask for the feature play-on-phone",
    };
    Some(text.to_owned())
}

fn rule_text(rule: &RuleShown) -> String {
    format!("rule {} -> {} of group {}", rule.number_mask, rule.dialed_number, rule.group)
}
