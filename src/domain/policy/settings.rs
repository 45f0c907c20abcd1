//! Effective settings: each value with the object that it comes from, as the settings API serves them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::chain::{Chain, Step};
use super::gate::Gate;
use super::view::View;
use crate::domain::dialing::Permissions;
use crate::domain::finding::Kind;
use crate::domain::link::{LinkedMailbox, Node};
use crate::domain::object::{DialPlan, Gateway, MailboxPolicy};
use crate::domain::route::port;

/// The object that a value comes from.
pub type Origin = (Kind, Arc<str>);

/// One effective setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The mailbox's field, else the policy's, else the dial plan's.
    pub key: &'static str,
    /// Its value.
    pub value: Value,
    /// The object that turned it off, else the nearest that set it.
    pub from: Origin,
}

/// Settings by their names.
#[derive(Default)]
struct Settings(BTreeMap<&'static str, Setting>);

impl Settings {
    /// Sets a value, in place of one that stood there.
    fn set(&mut self, key: &'static str, value: impl Into<Value>, from: &Origin) {
        self.0.insert(key, Setting { key, value: value.into(), from: from.clone() });
    }

    fn permissions(&mut self, permissions: &Permissions, from: &Origin) {
        let Permissions { subscribers, extensions, in_country, international } = permissions;
        self.set("allowDialPlanSubscribers", *subscribers, from);
        self.set("allowExtensions", *extensions, from);
        self.set("allowedInCountryOrRegionGroups", json!(in_country), from);
        self.set("allowedInternationalGroups", json!(international), from);
    }
}

impl View<'_> {
    /// The effective settings of the object, sorted by name, each once. Of a dial plan, those of callers who have not signed in.
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        let mut settings = Settings::default();
        if let Some(plan) = self.plan {
            self.of_plan(&mut settings, plan);
        }
        if let Some(policy) = self.policy {
            self.of_policy(&mut settings, policy);
        }
        if let Some(mailbox) = self.mailbox {
            self.of_mailbox(&mut settings, mailbox);
        }
        for gate in Gate::ALL {
            let chain = self.chain(gate);
            let asked =
                self.policy.is_some() || matches!(gate, Gate::Fax | Gate::CallAnsweringRules | Gate::Speech);
            if let Some(setting) = self.gate(&chain).filter(|_| asked) {
                settings.0.insert(setting.key, setting);
            }
        }
        settings.0.into_values().collect()
    }

    fn of_plan(&self, settings: &mut Settings, node: &Node<DialPlan>) {
        let (from, plan) = ((Kind::DialPlan, Arc::clone(&node.name)), &node.value);
        for (key, value) in &plan.served {
            settings.set(key, value.clone(), &from);
        }
        settings.permissions(&plan.dial.unauthenticated, &from);
        if self.policy.is_none() {
            settings.set("displayName", plan.display_name.as_str(), &from);
            settings.set("audioCodec", plan.audio_codec, &from);
            let gateways = self.gateways().map(|gateway| shown(gateway, node));
            settings.set("gateways", gateways.collect::<Vec<_>>(), &from);
        }
    }

    fn of_policy(&self, settings: &mut Settings, node: &Node<(MailboxPolicy, Option<u32>)>) {
        let (from, policy) = ((Kind::MailboxPolicy, Arc::clone(&node.name)), &node.value.0);
        for (key, value) in &policy.served {
            settings.set(key, value.clone(), &from);
        }
        settings.permissions(&policy.permissions, &from);
        settings.set("dialPlanRef", json!({"name": policy.dial_plan}), &from);
        // The address that fits is served; without a dial plan nobody can say which that is.
        let tls = self.plan.is_some_and(|plan| plan.value.security.is_tls());
        let fitting = policy.fax_servers.iter().find(|server| server.tls == tls);
        settings.set("faxServerURI", fitting.map(|server| &*server.uri).unwrap_or_default(), &from);
        if self.mailbox.is_none() {
            settings.set("displayName", policy.display_name.as_str(), &from);
        }
    }

    fn of_mailbox(&self, settings: &mut Settings, node: &Node<LinkedMailbox>) {
        let (from, own) = ((Kind::Mailbox, Arc::clone(&node.name)), &node.value.own);
        let extensions: Vec<&str> =
            own.extensions.iter().flatten().map(|extension| extension.as_str()).collect();
        let lamps: Vec<&str> = own.lamps.iter().map(|lamp| lamp.as_str()).collect();
        settings.set("displayName", json!(own.display_name.as_deref().unwrap_or(&node.name)), &from);
        settings.set("mailboxPolicyRef", json!({"name": own.policy}), &from);
        settings.set("extensions", extensions, &from);
        settings.set("messageWaitingIndicatorExtensions", lamps, &from);
        settings.set("sipResourceIdentifier", json!(own.resource.as_ref().map(ToString::to_string)), &from);
        settings.set("primarySmtpAddress", json!(own.mail), &from);
        settings.set("anonymousCallersCanLeaveMessages", own.wishes.anonymous_callers.unwrap_or(true), &from);
        let calls = if own.wishes.calls_from_non_users.unwrap_or(true) { "SearchEnabled" } else { "None" };
        settings.set("allowUMCallsFromNonUsers", calls, &from);
        let plan = self.plan.map(|plan| ((Kind::DialPlan, Arc::clone(&plan.name)), &plan.value));
        let more = own.more.as_deref();
        let mut nearest = |key, own: Option<Value>, of_plan: &dyn Fn(&DialPlan) -> Value| match (own, &plan) {
            (Some(value), _) => settings.set(key, value, &from),
            (None, Some((from, plan))) => settings.set(key, of_plan(plan), from),
            (None, None) => settings.set(key, Value::Null, &from),
        };
        let codec = more.and_then(|more| more.audio_codec);
        nearest("callAnsweringAudioCodec", codec.map(Value::from), &|plan| json!(plan.audio_codec));
        let operator = more.and_then(|more| more.operator.as_deref());
        nearest("operatorNumber", operator.map(Value::from), &|plan| json!(plan.operator));
        let pilot = more.and_then(|more| more.pilot.as_deref());
        nearest("pilotNumber", pilot.map(Value::from), &|plan| {
            json!(plan.access_numbers.iter().flatten().next())
        });
    }

    /// The value of a switched feature, and who decides it.
    fn gate(&self, chain: &Chain) -> Option<Setting> {
        let key = chain.gate.key();
        let value = |on: bool| match (chain.gate, self.mailbox) {
            (Gate::Sms, Some(mailbox)) if on => json!(mailbox.value.own.wishes.sms.as_str()),
            (Gate::Sms, _) => json!(if on { "VoiceMailAndMissedCalls" } else { "None" }),
            _ => json!(on),
        };
        if let Some(step) = chain.off() {
            return Some(Setting { key, value: value(false), from: self.decider(step)? });
        }
        // The nearest that says something: the last of the chain that is no gateway and not silent.
        let said = chain.steps.iter().rev().find_map(|step| match step {
            Step::One(switch) if switch.is_setting && !switch.value.is_null() => Some(&switch.object),
            _ => None,
        });
        Some(Setting { key, value: value(true), from: said?.clone() })
    }

    /// The object of a step; of several gateways, their dial plan.
    fn decider(&self, step: &Step) -> Option<Origin> {
        match step {
            Step::One(switch) => Some(switch.object.clone()),
            Step::Any(switches, _) => match switches.as_slice() {
                [only] => Some(only.object.clone()),
                _ => self.plan.map(|plan| (Kind::DialPlan, Arc::clone(&plan.name))),
            },
        }
    }
}

/// What a voice-mail server knows of a gateway, with the pilot identifiers that lead to the dial plan.
fn shown(node: &Node<(Gateway, Vec<u32>)>, plan: &Node<DialPlan>) -> Value {
    let gateway = &node.value.0;
    let groups = gateway.groups.iter().filter(|group| group.dial_plan == *plan.name);
    let pilots: Vec<&String> = groups.flat_map(|group| &group.pilots).collect();
    json!({
        "name": &*node.name,
        "displayName": gateway.display_name,
        "address": gateway.address.as_ref().map(ToString::to_string),
        "port": port(plan.value.security, gateway),
        "status": gateway.status.as_str(),
        "outcallsAllowed": gateway.outcalls_allowed,
        "messageWaitingIndicatorAllowed": gateway.mwi_allowed,
        "delayedSourcePartyInfoEnabled": gateway.delayed_source_party_info,
        "pilotIdentifiers": pilots,
    })
}
