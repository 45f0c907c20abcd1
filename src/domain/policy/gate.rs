//! The chain of switches of each feature: all must be on, each on the object that has it, as Exchange joined them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::chain::{Chain, Step, Switch, means, origin, presence, setting, with_code};
use super::view::View;
use crate::domain::finding::{Code, Kind};
use crate::domain::link::Node;
use crate::domain::object::{Gateway, Mode, Status, UriType};
use crate::domain::route;

/// A feature that several objects switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// Message waiting lamp.
    Mwi,
    /// Text messages.
    Sms,
    /// Mail about missed calls.
    MissedCall,
    /// Fax.
    Fax,
    /// Voice mail without a PIN.
    Pinless,
    /// Messages played on a telephone.
    PlayOnPhone,
    /// Call answering rules.
    CallAnsweringRules,
    /// Outlook Voice Access.
    VoiceAccess,
    /// Calendar by telephone.
    Calendar,
    /// Mail by telephone.
    Email,
    /// Speech recognition.
    Speech,
    /// Analysis of messages.
    Analysis,
}

impl Gate {
    /// Every gate.
    pub const ALL: [Self; 12] = [
        Self::Mwi,
        Self::Sms,
        Self::MissedCall,
        Self::Fax,
        Self::Pinless,
        Self::PlayOnPhone,
        Self::CallAnsweringRules,
        Self::VoiceAccess,
        Self::Calendar,
        Self::Email,
        Self::Speech,
        Self::Analysis,
    ];

    /// Name under which it is served: the mailbox's field, else the policy's.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Mwi => "allowMessageWaitingIndicator",
            Self::Sms => "umSMSNotificationOption",
            Self::MissedCall => "missedCallNotificationEnabled",
            Self::Fax => "faxEnabled",
            Self::Pinless => "pinlessAccessToVoiceMailEnabled",
            Self::PlayOnPhone => "playOnPhoneEnabled",
            Self::CallAnsweringRules => "callAnsweringRulesEnabled",
            Self::VoiceAccess => "subscriberAccessEnabled",
            Self::Calendar => "tuiAccessToCalendarEnabled",
            Self::Email => "tuiAccessToEmailEnabled",
            Self::Speech => "automaticSpeechRecognitionEnabled",
            Self::Analysis => "voiceMailAnalysisEnabled",
        }
    }
}

impl View<'_> {
    /// The switches of a feature as they stand for this object.
    #[must_use]
    pub fn chain(&self, gate: Gate) -> Chain {
        let steps = match gate {
            Gate::Mwi => self.mwi(),
            Gate::Sms => self.sms(),
            Gate::MissedCall => self.missed_call(),
            Gate::Fax => self.fax(),
            Gate::Pinless => vec![
                self.policy_flag("allowPinlessVoiceMailAccess", |policy| policy.pinless),
                self.wish(gate, |wishes| wishes.pinless, false),
            ],
            Gate::PlayOnPhone => self.play_on_phone(),
            Gate::CallAnsweringRules => vec![
                self.plan_flag("callAnsweringRulesEnabled", |plan| plan.call_answering_rules),
                self.policy_flag("allowCallAnsweringRules", |policy| policy.call_answering_rules),
                self.wish(gate, |wishes| wishes.call_answering_rules, true),
            ],
            Gate::VoiceAccess => self.voice_access(),
            Gate::Calendar => vec![
                self.policy_flag("allowTUIAccessToCalendar", |policy| policy.tui_calendar),
                self.wish(gate, |wishes| wishes.tui_calendar, true),
            ],
            Gate::Email => vec![
                self.policy_flag("allowTUIAccessToEmail", |policy| policy.tui_email),
                self.wish(gate, |wishes| wishes.tui_email, true),
            ],
            Gate::Speech => vec![
                self.plan_flag("automaticSpeechRecognitionEnabled", |plan| plan.speech),
                self.policy_flag("allowAutomaticSpeechRecognition", |policy| policy.speech),
                self.wish(gate, |wishes| wishes.speech, true),
            ],
            Gate::Analysis => self.analysis(),
        };
        // A mailbox's errors stand in the chain of its lamps already.
        let broken = (gate != Gate::Mwi || self.mailbox.is_none()).then(|| self.broken_reference()).flatten();
        Chain { gate, steps: broken.into_iter().chain(steps.into_iter().flatten()).collect() }
    }

    /// The reference that leads to no dial plan: without one, nobody can say what is allowed.
    fn broken_reference(&self) -> Option<Step> {
        fn of<T>(kind: Kind, node: &Node<T>, path: &str) -> Option<Step> {
            let finding = node.notes.all().iter().find(|finding| finding.path == path)?;
            let (code, value) = (finding.code, json!(finding.message));
            Some(means(origin(kind, node), path, value, false, code))
        }
        if self.plan.is_some() {
            return None;
        }
        match (self.mailbox, self.policy) {
            (Some(mailbox), _) => of(Kind::Mailbox, mailbox, "spec.mailboxPolicyRef.name"),
            (None, Some(policy)) => of(Kind::MailboxPolicy, policy, "spec.dialPlanRef.name"),
            (None, None) => None,
        }
    }

    /// Errors that keep lamps as they are, then policy, mode and gateways, as [`super::mwi()`] decides.
    fn mwi(&self) -> Vec<Option<Step>> {
        let stop = self.mailbox.and_then(|node| Some((node, node.notes.first_stop()?)));
        let error = stop.map(|(node, finding)| {
            let object = (Kind::Mailbox, Arc::clone(&node.name));
            means(object, &finding.path, json!(finding.message), false, finding.code)
        });
        let mode = self.plan.map(|plan| {
            let mode = plan.value.notifier.mode;
            let code = if mode == Mode::Dark { Code::NotifierDark } else { Code::NotifierObserves };
            means(
                origin(Kind::DialPlan, plan),
                "spec.notifier.mode",
                json!(mode.as_str()),
                mode == Mode::Active,
                code,
            )
        });
        let gateways: Vec<Switch> = self.gateways().map(gateway_mwi).collect();
        vec![
            error,
            self.policy_flag("allowMessageWaitingIndicator", |policy| policy.allow_mwi)
                .map(|step| with_code(step, Code::MWIForbiddenByPolicy)),
            mode,
            self.plan.map(|_| Step::Any(gateways, Code::NoGatewayForMWI)),
        ]
    }

    fn sms(&self) -> Vec<Option<Step>> {
        let allowed = self
            .policy_flag("allowSMSNotification", |policy| policy.sms)
            .map(|step| with_code(step, Code::SMSForbiddenByPolicy));
        let asked = self.mailbox.map(|node| {
            let option = node.value.own.wishes.sms;
            let object = origin(Kind::Mailbox, node);
            setting(
                object,
                "spec.umSMSNotificationOption",
                json!(option.as_str()),
                option.asks(),
                Code::DeclinedByMailbox,
            )
        });
        let provider = self.plan.map(|plan| {
            let has = plan.value.notifier.has_sms;
            let object = origin(Kind::DialPlan, plan);
            means(object, "spec.notifier.sms", presence(has), has, Code::SMSNotConfigured)
        });
        vec![allowed, asked, provider]
    }

    fn missed_call(&self) -> Vec<Option<Step>> {
        let server = self.plan.map(|plan| {
            let has = plan.value.notifier.has_mail;
            let object = origin(Kind::DialPlan, plan);
            means(object, "spec.notifier.mail", presence(has), has, Code::MailNotConfigured)
        });
        let address = self.mailbox.map(|node| {
            let mail = &node.value.own.mail;
            let object = origin(Kind::Mailbox, node);
            means(object, "spec.primarySmtpAddress", json!(mail), mail.is_some(), Code::MailAddressMissing)
        });
        vec![
            self.policy_flag("allowMissedCallNotifications", |policy| policy.missed_calls),
            self.wish(Gate::MissedCall, |wishes| wishes.missed_calls, true),
            server,
            address,
        ]
    }

    fn fax(&self) -> Vec<Option<Step>> {
        let uri_type = self.plan.map(|plan| {
            let carries = plan.value.uri_type != UriType::SipName;
            let object = origin(Kind::DialPlan, plan);
            setting(
                object,
                "spec.uriType",
                json!(plan.value.uri_type.as_str()),
                carries,
                Code::FaxOnSipNamePlan,
            )
        });
        let tls = self.plan.is_some_and(|plan| plan.value.security.is_tls());
        let server = self.policy.map(|policy| {
            let servers = &policy.value.0.fax_servers;
            let written: Vec<&str> = servers.iter().map(|server| &*server.uri).collect();
            let fits = servers.iter().any(|server| server.tls == tls);
            let code = if servers.is_empty() { Code::FaxWithoutServer } else { Code::FaxServerUnfit };
            let object = origin(Kind::MailboxPolicy, policy);
            setting(object, "spec.faxServerURI", json!(written.join(", ")), fits, code)
        });
        vec![
            self.plan_flag("faxEnabled", |plan| plan.fax),
            uri_type,
            self.policy_flag("allowFax", |policy| policy.fax),
            server,
            self.wish(Gate::Fax, |wishes| wishes.fax, true),
        ]
    }

    fn play_on_phone(&self) -> Vec<Option<Step>> {
        let gateways: Vec<Switch> = self.gateways().map(gateway_outcalls).collect();
        vec![
            self.policy_flag("allowPlayOnPhone", |policy| policy.play_on_phone),
            self.wish(Gate::PlayOnPhone, |wishes| wishes.play_on_phone, true),
            self.plan.map(|_| Step::Any(gateways, Code::NoGatewayForOutcalls)),
        ]
    }

    fn voice_access(&self) -> Vec<Option<Step>> {
        let number = self.plan.map(|plan| {
            let numbers: Vec<&str> =
                plan.value.access_numbers.iter().flatten().map(|number| &**number).collect();
            let object = origin(Kind::DialPlan, plan);
            setting(
                object,
                "spec.accessTelephoneNumbers",
                json!(numbers),
                !numbers.is_empty(),
                Code::NoAccessNumber,
            )
        });
        vec![
            number,
            self.policy_flag("allowSubscriberAccess", |policy| policy.subscriber_access),
            self.wish(Gate::VoiceAccess, |wishes| wishes.subscriber_access, true),
        ]
    }

    fn analysis(&self) -> Vec<Option<Step>> {
        let protection = self.policy.filter(|policy| policy.value.0.all_protected).map(|policy| {
            let object = origin(Kind::MailboxPolicy, policy);
            let code = Code::AnalysisOfProtectedMessages;
            setting(object, "spec.protectUnauthenticatedVoiceMail", json!("All"), false, code)
        });
        vec![
            self.policy_flag("allowVoiceMailAnalysis", |policy| policy.analysis),
            protection,
            self.wish(Gate::Analysis, |wishes| wishes.analysis, false),
        ]
    }

    fn plan_flag(
        &self,
        field: &str,
        flag: impl Fn(&crate::domain::object::DialPlan) -> bool,
    ) -> Option<Step> {
        let plan = self.plan?;
        let on = flag(&plan.value);
        let object = origin(Kind::DialPlan, plan);
        Some(setting(object, &format!("spec.{field}"), json!(on), on, Code::ForbiddenByDialPlan))
    }

    fn policy_flag(
        &self,
        field: &str,
        flag: impl Fn(&crate::domain::object::MailboxPolicy) -> bool,
    ) -> Option<Step> {
        let policy = self.policy?;
        let on = flag(&policy.value.0);
        let object = origin(Kind::MailboxPolicy, policy);
        Some(setting(object, &format!("spec.{field}"), json!(on), on, Code::ForbiddenByPolicy))
    }

    fn wish(
        &self,
        gate: Gate,
        wish: impl Fn(&crate::domain::object::Wishes) -> Option<bool>,
        absent: bool,
    ) -> Option<Step> {
        let mailbox = self.mailbox?;
        let said = wish(&mailbox.value.own.wishes);
        let object = origin(Kind::Mailbox, mailbox);
        let path = format!("spec.{}", gate.key());
        Some(setting(object, &path, json!(said), said.unwrap_or(absent), Code::DeclinedByMailbox))
    }
}

/// What a gateway says about a feature that gateways carry; none: it has no part in it.
#[must_use]
pub fn of_gateway(node: &Node<(Gateway, Vec<u32>)>, gate: Gate) -> Option<Switch> {
    match gate {
        Gate::Mwi => Some(gateway_mwi(node)),
        Gate::PlayOnPhone => Some(gateway_outcalls(node)),
        _ => None,
    }
}

fn gateway_mwi(node: &Node<(Gateway, Vec<u32>)>) -> Switch {
    let gateway = &node.value.0;
    let object = origin(Kind::Gateway, node);
    let switch = |path: &str, value: Value, passes: bool, code: Code, is_setting: bool| Switch {
        object: object.clone(),
        path: path.to_owned(),
        value,
        passes,
        code,
        is_setting,
    };
    if !gateway.mwi_allowed {
        return switch(
            "spec.messageWaitingIndicatorAllowed",
            json!(false),
            false,
            Code::NoGatewayForMWI,
            true,
        );
    }
    if gateway.status == Status::Disabled {
        return switch("spec.status", json!(gateway.status.as_str()), false, Code::NoGatewayForMWI, true);
    }
    if let Some(error) = route::obstacle(node) {
        return switch(&error.path, json!(error.message), false, error.code, false);
    }
    switch("spec.messageWaitingIndicatorAllowed", json!(true), true, Code::Allowed, true)
}

fn gateway_outcalls(node: &Node<(Gateway, Vec<u32>)>) -> Switch {
    let gateway = &node.value.0;
    let object = origin(Kind::Gateway, node);
    let code = Code::NoGatewayForOutcalls;
    if let Some(error) = route::obstacle(node) {
        let (path, value) = (error.path.clone(), json!(error.message));
        return Switch { object, path, value, passes: false, code: error.code, is_setting: false };
    }
    let (path, value, passes) = if gateway.status == Status::Enabled {
        ("spec.outcallsAllowed", json!(gateway.outcalls_allowed), gateway.outcalls_allowed)
    } else {
        ("spec.status", json!(gateway.status.as_str()), false)
    };
    Switch { object, path: path.to_owned(), value, passes, code, is_setting: true }
}
