//! `Delivered`: what notifiers found of delivery, as entries and conditions of statuses, and the sum of a gateway. It never enters `Ready`.
//! Texts have neither counts nor changing times, so that a status changes only when its meaning does.

use std::net::IpAddr;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use super::status::Verdict;
use crate::api::condition::Condition;
use crate::api::ip_gateway::GatewayPlanStatus;
use crate::sip::answer::phrase;

/// Type of the condition.
pub const DELIVERED: &str = "Delivered";

/// Whether delivery works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// NOTIFY is confirmed.
    True,
    /// Five minutes of delivery failed.
    False,
    /// What was said before holds no more, and nothing is known yet.
    Unknown,
}

/// How a gateway failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It gave this final answer.
    Answer(u16),
    /// It gave none, or could not be reached.
    Silence,
}

/// What a notifier found of a gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Whether it takes NOTIFY. None: nothing was heard yet.
    pub delivered: Option<Delivered>,
    /// The address that NOTIFY leaves from.
    pub source: Option<IpAddr>,
    /// The answer by which it refused last, and when first, in milliseconds since 1970.
    pub refusal: Option<(u16, i64)>,
}

impl Delivered {
    /// As in a condition.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::True => DELIVERED,
            Self::False => "NotDelivered",
            Self::Unknown => "NothingConfirmed",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::True, Self::False, Self::Unknown].into_iter().find(|one| one.as_str() == text)
    }

    fn verdict(self, message: String) -> Verdict {
        Verdict { type_: DELIVERED, status: self.as_str(), reason: self.reason(), message }
    }
}

/// What is to be said where that was found and this stands. What is not known yet takes back only what is bad: whoever has just started
/// would otherwise unsay everything.
fn settled(found: Option<Delivered>, standing: Option<Delivered>) -> Option<Delivered> {
    match (found, standing) {
        (Some(Delivered::Unknown), Some(Delivered::False)) => found,
        (None | Some(Delivered::Unknown), standing) => standing,
        (found, _) => found,
    }
}

/// The entry of a dial plan in a gateway's status, where this one stands. None: nothing is to be said, since nothing was ever sent.
#[must_use]
pub fn entry(plan: &str, found: &Found, standing: Option<&GatewayPlanStatus>) -> Option<GatewayPlanStatus> {
    let said = standing.and_then(|entry| entry.delivered.as_deref()).and_then(Delivered::parse);
    let refusal = found.refusal.map(|(status, at)| refusal(status, at));
    let first = refusal.as_ref().map(|_| Delivered::Unknown);
    let delivered = settled(found.delivered, said).or(first)?;
    let source = found.source.map(|source| source.to_string());
    Some(GatewayPlanStatus {
        name: plan.to_owned(),
        delivered: Some(delivered.as_str().to_owned()),
        source_address: source.or_else(|| standing?.source_address.clone()),
        last_refusal: refusal.or_else(|| standing?.last_refusal.clone()),
    })
}

fn refusal(status: u16, at: i64) -> String {
    match Timestamp::from_second(at.div_euclid(1000)) {
        Ok(time) => format!("{} ({time})", answer(status)),
        Err(_) => answer(status),
    }
}

fn answer(status: u16) -> String {
    format!("{status} {}", phrase(status)).trim_end().to_owned()
}

/// Whether a notifier has said something in this entry; the operator says only the name.
#[must_use]
pub fn is_reported(entry: &GatewayPlanStatus) -> bool {
    let GatewayPlanStatus { name: _, delivered, source_address, last_refusal } = entry;
    delivered.is_some() || source_address.is_some() || last_refusal.is_some()
}

/// The condition of a gateway that serves these dial plans. None: no notifier has said anything yet.
#[must_use]
pub fn of_gateway<'a>(plans: impl Iterator<Item = &'a GatewayPlanStatus>) -> Option<Verdict> {
    let said = |entry: &'a GatewayPlanStatus| {
        Some((entry.name.as_str(), Delivered::parse(entry.delivered.as_deref()?)?))
    };
    let mut said: Vec<(&str, Delivered)> = plans.filter_map(said).collect();
    said.sort_unstable_by_key(|(name, _)| *name);
    let first = |wanted: Delivered| said.iter().find(|(_, one)| *one == wanted).map(|(name, _)| *name);
    if let Some(plan) = first(Delivered::False) {
        let message = format!(
            "NOTIFY of UMDialPlan/{plan} to it has failed for five minutes; see status.plans and the notifier's log"
        );
        return Some(Delivered::False.verdict(message));
    }
    if first(Delivered::True).is_some() {
        return Some(Delivered::True.verdict("It confirms NOTIFY".into()));
    }
    first(Delivered::Unknown)
        .map(|_| Delivered::Unknown.verdict("It has not confirmed any NOTIFY yet".into()))
}

/// The condition of a dial plan, where these stand. `cause` is the gateway that failed first, and how. None: nothing is to be said.
#[must_use]
pub fn of_plan(
    found: Option<Delivered>,
    cause: Option<(&str, Failure)>,
    standing: &[Condition],
) -> Option<Verdict> {
    let said = standing.iter().find(|condition| condition.type_ == DELIVERED);
    let said = said.and_then(|condition| Delivered::parse(&condition.status));
    let delivered = settled(Some(found?), said)?;
    let message = match (delivered, cause) {
        (Delivered::True, _) => "NOTIFY is confirmed".to_owned(),
        (Delivered::False, Some((gateway, failure))) => {
            format!("No NOTIFY was confirmed for five minutes: UMIPGateway/{gateway} {}", failure.words())
        }
        (Delivered::False, None) => "No NOTIFY was confirmed for five minutes".to_owned(),
        (Delivered::Unknown, _) => "No NOTIFY was confirmed yet on the way that is used now".to_owned(),
    };
    Some(delivered.verdict(message))
}

/// The condition of a mailbox whose lamp fails while others do not.
#[must_use]
pub fn of_mailbox(lamp: &str, gateway: &str, failure: Failure) -> Verdict {
    let message =
        format!("{lamp}: UMIPGateway/{gateway} {}, while NOTIFY for others is confirmed", failure.words());
    Delivered::False.verdict(message)
}

impl Failure {
    fn words(self) -> String {
        match self {
            Self::Answer(status) => format!("answered {}", answer(status)),
            Self::Silence => "did not answer".to_owned(),
        }
    }
}

/// The condition to be written in place of what stands; none if that is the same. The transition time moves only with the status.
#[must_use]
pub fn condition(verdict: Verdict, standing: &[Condition], generation: i64, now: &Time) -> Option<Condition> {
    let Verdict { type_, status, reason, message } = verdict;
    let before = standing.iter().find(|condition| condition.type_ == type_);
    let since = before.filter(|before| before.status == status);
    let condition = Condition {
        type_: type_.into(),
        status: status.into(),
        reason: reason.into(),
        message,
        observed_generation: Some(generation),
        last_transition_time: since.map_or_else(|| now.clone(), |before| before.last_transition_time.clone()),
    };
    (before != Some(&condition)).then_some(condition)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    /// 2026-11-22T10:00:00.9Z.
    const AT: i64 = 1_795_341_600_900;

    fn standing(delivered: &str) -> GatewayPlanStatus {
        let (source_address, last_refusal) = (Some("192.0.2.1".into()), Some("500 (then)".into()));
        GatewayPlanStatus {
            name: "hq".into(),
            delivered: Some(delivered.into()),
            source_address,
            last_refusal,
        }
    }

    fn said(found: Option<Delivered>, earlier: Option<&str>) -> Option<String> {
        let found = Found { delivered: found, ..Found::default() };
        let earlier = earlier.map(standing);
        entry("hq", &found, earlier.as_ref()).and_then(|entry| entry.delivered)
    }

    #[test]
    fn what_is_not_known_yet_takes_back_only_what_is_bad() {
        let [yes, no, unknown] = [Delivered::True, Delivered::False, Delivered::Unknown].map(Some);
        for (found, before, after) in [
            (None, None, None),
            (unknown, None, None),
            (yes, None, Some("True")),
            (no, None, Some("False")),
            (None, Some("True"), Some("True")),
            (None, Some("False"), Some("False")),
            (unknown, Some("True"), Some("True")),
            (unknown, Some("False"), Some("Unknown")),
            (unknown, Some("Unknown"), Some("Unknown")),
            (no, Some("True"), Some("False")),
            (yes, Some("False"), Some("True")),
        ] {
            assert_eq!(said(found, before).as_deref(), after, "{found:?} over {before:?}");
        }
    }

    #[test]
    fn an_entry_keeps_what_nobody_knows_better_and_a_refusal_is_told_at_once() {
        let found = Found { refusal: Some((403, AT)), ..Found::default() };
        let first = entry("hq", &found, None).unwrap();
        assert_eq!(first.delivered.as_deref(), Some("Unknown"));
        assert_eq!(first.last_refusal.as_deref(), Some("403 Forbidden (2026-11-22T10:00:00Z)"));
        let found = Found {
            delivered: Some(Delivered::True),
            source: Some("2001:db8::1".parse().unwrap()),
            refusal: None,
        };
        let next = entry("hq", &found, Some(&first)).unwrap();
        assert_eq!(next.source_address.as_deref(), Some("2001:db8::1"));
        assert_eq!(next.last_refusal, first.last_refusal);
        assert_eq!(entry("hq", &Found::default(), Some(&next)), Some(next));
        let nameless = Found { refusal: Some((599, AT)), ..Found::default() };
        let text = entry("hq", &nameless, None).unwrap().last_refusal.unwrap();
        assert_eq!(text, "599 (2026-11-22T10:00:00Z)");
    }

    #[test]
    fn a_condition_is_written_only_when_it_changes_and_its_time_moves_with_the_status() {
        let at = |second: i64| Time(Timestamp::from_second(second).unwrap());
        let fails = |failure| of_plan(Some(Delivered::False), Some(("pbx", failure)), &[]).unwrap();
        let first = condition(fails(Failure::Silence), &[], 1, &at(10)).unwrap();
        assert_eq!((first.status.as_str(), first.reason.as_str()), ("False", "NotDelivered"));
        assert_eq!(first.message, "No NOTIFY was confirmed for five minutes: UMIPGateway/pbx did not answer");
        let standing = [first];
        assert_eq!(condition(fails(Failure::Silence), &standing, 1, &at(20)), None);
        let other = condition(fails(Failure::Answer(403)), &standing, 1, &at(20)).unwrap();
        assert_eq!(other.last_transition_time, at(10));
        let well = of_plan(Some(Delivered::True), None, &standing).unwrap();
        assert_eq!(condition(well, &standing, 1, &at(30)).unwrap().last_transition_time, at(30));
        assert!(of_plan(None, None, &standing).is_none(), "nothing was heard yet");
        assert!(of_plan(Some(Delivered::Unknown), None, &[]).is_none(), "nothing was ever said");
    }
}
