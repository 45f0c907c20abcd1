//! What mailboxes ask for and can't get.

use crate::domain::finding::Code;
use crate::domain::link::Linked;

/// A finding where a mailbox asks for messages that its policy forbids or its notifier can't send.
pub fn wishes_can_be_met(linked: &mut Linked) {
    let Linked { dial_plans, policies, gateways: _, mailboxes } = linked;
    for node in mailboxes {
        let own = &node.value.own;
        let (asks_sms, asks_mail) = (own.wishes.sms.asks(), own.wishes.missed_calls == Some(true));
        if !asks_sms && !asks_mail {
            continue;
        }
        let policy = node.value.policy.and_then(|at| policies.get(at as usize));
        let plan = node.value.dial_plan.and_then(|at| dial_plans.get(at as usize));
        let (Some(policy), Some(plan)) = (policy, plan) else { continue };
        if asks_sms && !policy.value.0.sms {
            let message =
                format!("text messages are asked for, and UMMailboxPolicy/{} forbids them", policy.name);
            let advice = "set allowSMSNotification: true there, or choose another policy, or None here";
            node.notes.add(Code::SMSForbiddenByPolicy, "spec.umSMSNotificationOption", message, advice);
        } else if asks_sms && !plan.value.notifier.has_sms {
            let message = format!(
                "text messages are asked for, and UMDialPlan/{} has no notifier.sms to send them",
                plan.name
            );
            node.notes.add(
                Code::SMSNotConfigured,
                "spec.umSMSNotificationOption",
                message,
                "add notifier.sms to the dial plan",
            );
        }
        if asks_mail && policy.value.0.missed_calls && !plan.value.notifier.has_mail {
            let message = format!(
                "mail about missed calls is asked for, and UMDialPlan/{} has no notifier.mail to send it",
                plan.name
            );
            node.notes.add(
                Code::MailNotConfigured,
                "spec.missedCallNotificationEnabled",
                message,
                "add notifier.mail to the dial plan",
            );
        }
    }
}
