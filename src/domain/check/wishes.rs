//! What mailboxes ask for and can't get.

use crate::domain::finding::Code;
use crate::domain::link::Linked;

/// A finding where a mailbox asks for messages that its policy forbids or its notifier can't send.
pub fn wishes_can_be_met(linked: &mut Linked) {
    let Linked { dial_plans, policies, gateways: _, mailboxes } = linked;
    for node in mailboxes {
        let own = &node.value.own;
        let (asks_sms, asks_mail) = (own.wishes.sms.asks(), own.wishes.missed_calls == Some(true));
        let mails_pin = own.more.as_ref().and_then(|more| more.pin.as_ref()).is_some_and(|pin| pin.send);
        if !asks_sms && !asks_mail && !mails_pin {
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
        if plan.value.notifier.has_mail {
            continue;
        }
        let missing = format!("and UMDialPlan/{} has no notifier.mail to send it", plan.name);
        if asks_mail && policy.value.0.missed_calls {
            let message = format!("mail about missed calls is asked for, {missing}");
            let advice = "add notifier.mail to the dial plan";
            node.notes.add(Code::MailNotConfigured, "spec.missedCallNotificationEnabled", message, advice);
        }
        if mails_pin {
            let message = format!("mail with a PIN is wanted, {missing}");
            let advice = "add notifier.mail to the dial plan, or set pin.sendEmail: false";
            node.notes.add(Code::MailNotConfigured, "spec.pin", message, advice);
        }
    }
}
