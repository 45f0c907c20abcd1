//! What validation has to say about an object, and the codes that users meet everywhere: as condition reason, Event
//! reason, metric label, anchor in `docs/findings.md` and, in kebab case, as name of the golden case.

use std::fmt;

/// The four kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `UMDialPlan`
    DialPlan,
    /// `UMMailboxPolicy`
    MailboxPolicy,
    /// `UMIPGateway`
    Gateway,
    /// `UMMailbox`
    Mailbox,
}

impl Kind {
    /// All four, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::DialPlan, Self::MailboxPolicy, Self::Gateway, Self::Mailbox];

    /// The kind as manifests have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DialPlan => "UMDialPlan",
            Self::MailboxPolicy => "UMMailboxPolicy",
            Self::Gateway => "UMIPGateway",
            Self::Mailbox => "UMMailbox",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The object, or what the field says, is not in force.
    Error,
    /// In force; probably not what was meant.
    Warning,
    /// Not a finding about an object: a reason why something is so, shown where one asks.
    Reason,
}

/// The condition that a finding of severity error makes false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// `Accepted`: what the object itself says.
    Accepted,
    /// `ResolvedRefs`: what it points at.
    ResolvedRefs,
    /// `Programmed`: whether it can be put in force.
    Programmed,
}

/// What a finding of severity error means for the lamps that hang on the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lamps {
    /// They stay as they are, for nobody can say any more what they should show.
    Stay,
    /// They go on: the error has nothing to do with them.
    GoOn,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $code:ident: $severity:ident, $aspect:ident, $lamps:ident;)+) => {
        /// A stable code. See `docs/findings.md` for causes and remedies.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $code,)+ }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// The code in CamelCase, as reasons and labels have it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)+ }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$code => concat!($($doc),+).trim(),)+ }
            }

            /// How much it matters.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)+ }
            }

            /// The condition that it makes false when it is an error.
            #[must_use]
            pub const fn aspect(self) -> Aspect {
                match self { $(Self::$code => Aspect::$aspect,)+ }
            }

            /// What it means for lamps when it is an error.
            #[must_use]
            pub const fn lamps(self) -> Lamps {
                match self { $(Self::$code => Lamps::$lamps,)+ }
            }
        }
    };
}

codes! {
    /// `metadata.name` of a dial plan is longer than 40 characters or no DNS label.
    NameInvalid: Error, Accepted, Stay;
    /// `displayName` is empty, too long or holds a forbidden character.
    DisplayNameInvalid: Error, Accepted, GoOn;
    /// Two dial plans, policies or gateways have the same display name.
    DuplicateDisplayName: Error, Accepted, GoOn;
    /// A word is none of those that the field allows.
    ValueNotAllowed: Error, Accepted, Stay;
    /// A number is outside of the range of its field, or a list is too long.
    ValueOutOfRange: Error, Accepted, Stay;
    /// A time is not written as in `6h`, or is too short or too long.
    DurationInvalid: Error, Accepted, Stay;
    /// A gateway has no `address` and is no simulator.
    AddressMissing: Error, Accepted, Stay;
    /// `address`, or another host, is neither a host name nor an IP address.
    AddressInvalid: Error, Accepted, Stay;
    /// An IPv6 address needs `ipAddressFamily: IPv6Only` or `Any`; an IPv4 address does not go with `IPv6Only`.
    AddressFamilyMismatch: Error, Accepted, Stay;
    /// A gateway of a secured dial plan has an IP address where a host name is needed for its certificate.
    HostNameRequired: Error, Accepted, Stay;
    /// A simulator can't serve a secured dial plan.
    SimulatorNotSecured: Error, Accepted, Stay;
    /// A pilot identifier is neither an extension, a number, a name nor a SIP address.
    PilotIdentifierInvalid: Error, Accepted, GoOn;
    /// A gateway names a pilot identifier twice.
    DuplicatePilotIdentifier: Error, Accepted, GoOn;
    /// A URI of the `identity` block does not make a SIP URI, or has an unknown placeholder.
    IdentityInvalid: Error, Accepted, Stay;
    /// A mailbox has no extension.
    ExtensionMissing: Error, Accepted, Stay;
    /// An extension is not made of digits.
    ExtensionInvalid: Error, Accepted, Stay;
    /// An extension has not the number of digits of its dial plan.
    ExtensionDigitsMismatch: Error, Accepted, Stay;
    /// An older mailbox of the dial plan, or this one, already has the extension.
    DuplicateExtension: Error, Accepted, Stay;
    /// A mailbox of a SipName or E164 plan has no `sipResourceIdentifier`.
    SipResourceIdentifierMissing: Error, Accepted, Stay;
    /// `sipResourceIdentifier` has not the form that the dial plan's `uriType` wants.
    SipResourceIdentifierInvalid: Error, Accepted, Stay;
    /// An older mailbox of the dial plan already has the SIP address or number.
    DuplicateSipResourceIdentifier: Error, Accepted, Stay;
    /// An entry of `messageWaitingIndicatorExtensions` has not the form that the dial plan's `uriType` wants.
    LampAddressInvalid: Error, Accepted, Stay;
    /// A dial plan has more than 200 gateways.
    TooManyGateways: Error, Accepted, Stay;
    /// A text is longer than its field allows, or holds control characters.
    TextTooLong: Error, Accepted, GoOn;
    /// A dial code is not made of digits, or has too many.
    DialCodeInvalid: Error, Accepted, GoOn;
    /// A number format is not made of digits and then `x`, or a numbering plan mask not of digits and `x`.
    NumberFormatInvalid: Error, Accepted, GoOn;
    /// A dialing rule has no name, or its mask or dialed number is neither digits and `x` nor `*`.
    DialingRuleInvalid: Error, Accepted, GoOn;
    /// A dialing rule's dialed number has another number of `x` than its mask.
    DialingRuleMismatch: Error, Accepted, GoOn;
    /// A group of dialing rules is allowed and does not exist on the dial plan.
    DialingGroupNotFound: Error, Accepted, GoOn;
    /// `maxRecordingDuration` is not less than `maxCallDuration`.
    RecordingTooLong: Error, Accepted, GoOn;
    /// `contactScope` names a place that the field for it does not give.
    ContactScopeIncomplete: Error, Accepted, GoOn;
    /// An access number is empty, too long, has a blank at either end or holds control characters.
    AccessNumberInvalid: Error, Accepted, GoOn;
    /// An access number belongs to an older dial plan, or stands twice.
    DuplicateAccessNumber: Error, Accepted, GoOn;
    /// A telephone number has not the form that its field wants.
    PhoneNumberInvalid: Error, Accepted, GoOn;
    /// A phone context is empty, too long, or has a blank at an end or a control character.
    PhoneContextInvalid: Error, Accepted, GoOn;
    /// A language is not written as in `en-US`.
    LanguageInvalid: Error, Accepted, GoOn;
    /// A greeting's file is no path of at most 255 characters, or the welcome greeting no `.wav`.
    GreetingFilenameInvalid: Error, Accepted, GoOn;
    /// `logonFailuresBeforePINReset` is not less than `maxLogonAttempts`.
    PINResetAfterLockout: Error, Accepted, GoOn;
    /// Voice mail analysis is allowed while all messages are protected.
    AnalysisOfProtectedMessages: Error, Accepted, GoOn;
    /// A mail address is not written as in `lina@example.com`.
    MailAddressInvalid: Error, Accepted, GoOn;
    /// `faxServerURI` is neither one nor two addresses as in `sip:fax.example.com:5061;transport=tls`.
    FaxServerURIInvalid: Error, Accepted, GoOn;
    /// More than one replica of a notifier can't share SQLite.
    ReplicasNeedPostgreSQL: Error, Accepted, GoOn;
    /// PostgreSQL has no `connectionSecretRef`.
    ConnectionMissing: Error, Accepted, GoOn;
    /// `sms` names neither `smpp` nor `webhook`, or both.
    SMSProviderInvalid: Error, Accepted, GoOn;
    /// The address of a web service is not `https://…` or `http://…`.
    WebhookURLInvalid: Error, Accepted, GoOn;
    /// An entry of `allowedPeers` is no network as in `192.0.2.0/24`.
    NetworkInvalid: Error, Accepted, GoOn;
    /// An HTTP client has no scope, the name of another, or no usable name.
    HTTPClientInvalid: Error, Accepted, GoOn;
    /// The size of the volume is not written as in `1Gi`, or is 0.
    SizeInvalid: Error, Accepted, GoOn;
    /// A block of `notifier.pod` has not the form that a Pod wants, or has a field that a Pod does not.
    PodInvalid: Error, Accepted, GoOn;
    /// The PIN in the Secret of a mailbox breaks a rule of its policy.
    PINRefused: Error, Accepted, GoOn;
    /// The dial plan that is named does not exist.
    DialPlanNotFound: Error, ResolvedRefs, Stay;
    /// The dial plan that is named exists and has errors of its own.
    DialPlanInvalid: Error, ResolvedRefs, Stay;
    /// The mailbox policy that is named does not exist.
    MailboxPolicyNotFound: Error, ResolvedRefs, Stay;
    /// The mailbox policy that is named exists and has errors of its own.
    MailboxPolicyInvalid: Error, ResolvedRefs, Stay;
    /// A Secret or ConfigMap that is named, or the key in it, is not there.
    SecretNotFound: Error, ResolvedRefs, GoOn;
    /// The mailboxes of a dial plan name more than 200 Secrets.
    TooManySecrets: Error, ResolvedRefs, GoOn;
    /// The certificates of a gateway, or of a port of the notifier, are there and can't be used.
    CertificateInvalid: Error, ResolvedRefs, GoOn;
    /// The token of an HTTP client is there and can't be used.
    TokenInvalid: Error, ResolvedRefs, GoOn;
    /// A gateway of a secured dial plan has no `tls` block.
    TlsMissing: Error, ResolvedRefs, Stay;
    /// An object of the notifier can't be made: the name that it would have belongs to an object of somebody else.
    ChildNameTaken: Error, Programmed, GoOn;
    /// The API server refuses an object of the notifier, as where a permission is missing.
    ChildRefused: Error, Programmed, GoOn;
    /// The objects of a kind can't be listed, so what they say is not known.
    ListRefused: Error, Programmed, GoOn;
    /// No gateway serves the dial plan.
    NoGateway: Warning, Accepted, GoOn;
    /// The lamp is allowed, and no gateway of the dial plan takes NOTIFY.
    NoGatewayForMWI: Warning, Accepted, GoOn;
    /// No mailbox policy belongs to the dial plan.
    NoMailboxPolicy: Warning, Accepted, GoOn;
    /// The gateway serves no dial plan.
    NoDialPlan: Warning, Accepted, GoOn;
    /// Two gateways have the same address and port.
    DuplicateGatewayAddress: Warning, Accepted, GoOn;
    /// A gateway of a secured dial plan has a port other than 5061.
    UnusualPort: Warning, Accepted, GoOn;
    /// `sipResourceIdentifier` has no effect on a TelExtn plan.
    SipResourceIdentifierIgnored: Warning, Accepted, GoOn;
    /// Callers who have not signed in may reach any extension, which invites toll fraud.
    AnyExtensionAllowed: Warning, Accepted, GoOn;
    /// The dial plan has no access number, so nobody can call in to Outlook Voice Access.
    NoAccessNumber: Warning, Accepted, GoOn;
    /// An access number has more than 20 characters.
    AccessNumberLong: Warning, Accepted, GoOn;
    /// The dial plan has no operator.
    NoOperatorExtension: Warning, Accepted, GoOn;
    /// The display name of a SipName plan has spaces, which Lync does not take.
    DisplayNameHasSpaces: Warning, Accepted, GoOn;
    /// Several gateways of a SipName plan allow outgoing calls, of which Lync wants one.
    SeveralOutcallGateways: Warning, Accepted, GoOn;
    /// A greeting or announcement is switched on and has no file.
    GreetingMissing: Warning, Accepted, GoOn;
    /// More than 100 mailboxes use the default policy of a dial plan.
    DefaultPolicyUsedByMany: Warning, Accepted, GoOn;
    /// `minPINLength` is below 6.
    ShortPINAllowed: Warning, Accepted, GoOn;
    /// `logonFailuresBeforePINReset` is 0.
    PINResetOff: Warning, Accepted, GoOn;
    /// `pinLifetime` is 0.
    PINNeverExpires: Warning, Accepted, GoOn;
    /// Fax is allowed and there is no `faxServerURI`.
    FaxWithoutServer: Warning, Accepted, GoOn;
    /// The dial plan is of uriType SipName, where fax does not work.
    FaxOnSipNamePlan: Warning, Accepted, GoOn;
    /// No entry of `faxServerURI` fits the security of the dial plan.
    FaxServerUnfit: Warning, Accepted, GoOn;
    /// A text for mails holds markup that is left out.
    MarkupLeftOut: Warning, Accepted, GoOn;
    /// The policy forbids text messages.
    SMSForbiddenByPolicy: Warning, Accepted, GoOn;
    /// The dial plan has no `notifier.sms`, so no text message can be sent.
    SMSNotConfigured: Warning, Accepted, GoOn;
    /// The dial plan has no `notifier.mail`, so no mail can be sent.
    MailNotConfigured: Warning, Accepted, GoOn;
    /// The mailbox has no address for mail.
    MailAddressMissing: Warning, Accepted, GoOn;
    /// A setting of `notifier.service` has no effect with its type.
    ServiceSettingIgnored: Warning, Accepted, GoOn;
    /// The feature is allowed.
    Allowed: Reason, Accepted, GoOn;
    /// `allowMessageWaitingIndicator: false` on the policy.
    MWIForbiddenByPolicy: Reason, Accepted, GoOn;
    /// `notifier.mode: Dark` on the dial plan.
    NotifierDark: Reason, Accepted, GoOn;
    /// `notifier.mode: Observe` on the dial plan: NOTIFY is logged, not sent.
    NotifierObserves: Reason, Accepted, GoOn;
    /// A setting of the dial plan forbids it.
    ForbiddenByDialPlan: Reason, Accepted, GoOn;
    /// A setting of the policy forbids it.
    ForbiddenByPolicy: Reason, Accepted, GoOn;
    /// The mailbox does not want it, or does not ask for it.
    DeclinedByMailbox: Reason, Accepted, GoOn;
    /// No gateway of the dial plan is enabled and allows outgoing calls.
    NoGatewayForOutcalls: Reason, Accepted, GoOn;
    /// What was dialed is no number.
    NumberInvalid: Reason, Accepted, GoOn;
    /// The extension belongs to a mailbox of the dial plan, and the caller may not reach those.
    DialPlanSubscribersNotAllowed: Reason, Accepted, GoOn;
    /// The extension belongs to no mailbox, and the caller may reach only extensions of mailboxes.
    ExtensionsNotAllowed: Reason, Accepted, GoOn;
    /// The mailbox takes no calls from callers who are no users (`allowUMCallsFromNonUsers: None`).
    CallsFromNonUsersNotAllowed: Reason, Accepted, GoOn;
    /// No dialing rule that the caller may use matches the number.
    NoAllowedRule: Reason, Accepted, GoOn;
}

impl Code {
    /// The code in kebab case: name of its golden case and its anchor in the docs.
    #[must_use]
    pub fn kebab(self) -> String {
        let text = self.as_str();
        let mut out = String::with_capacity(text.len() + 8);
        let letters: Vec<char> = text.chars().collect();
        for (at, letter) in letters.iter().enumerate() {
            let before_is_small =
                at.checked_sub(1).and_then(|i| letters.get(i)).is_some_and(|c| c.is_lowercase());
            let next_is_small = letters.get(at + 1).is_some_and(|c| c.is_lowercase());
            if letter.is_uppercase() && at > 0 && (before_is_small || next_is_small) {
                out.push('-');
            }
            out.push(letter.to_ascii_lowercase());
        }
        out
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One finding about one object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What it is.
    pub code: Code,
    /// The field, as in `spec.extensions[1]`.
    pub path: String,
    /// What is wrong, with names and values.
    pub message: String,
    /// What to do.
    pub advice: String,
}

/// Fields without which nobody can say what a lamp should show or how to tell it; a wrong value elsewhere stops no lamp.
const LAMP_FIELDS: [&str; 16] = [
    "spec.numberOfDigitsInExtension",
    "spec.uriType",
    "spec.voipSecurity",
    "spec.notifier.mode",
    "spec.notifier.sip.port",
    "spec.notifier.sip.tls.port",
    "spec.notifier.sip.advertisedAddress",
    "spec.extensions",
    "spec.messageWaitingIndicatorExtensions",
    "spec.address",
    "spec.outboundProxy",
    "spec.port",
    "spec.ipAddressFamily",
    "spec.transport",
    "spec.status",
    "spec.huntGroups",
];

impl Finding {
    /// Whether it keeps the lamps that hang on the object as they are.
    #[must_use]
    pub fn stops_lamps(&self) -> bool {
        let about_lamps = match self.code {
            Code::ValueNotAllowed
            | Code::ValueOutOfRange
            | Code::AddressInvalid
            | Code::ExtensionInvalid
            | Code::ExtensionDigitsMismatch => LAMP_FIELDS.iter().any(|field| self.path.starts_with(field)),
            _ => true,
        };
        self.code.severity() == Severity::Error && self.code.lamps() == Lamps::Stay && about_lamps
    }
}

/// The findings of one object, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes(Vec<Finding>);

impl Notes {
    /// Takes down one finding.
    pub fn add(
        &mut self,
        code: Code,
        path: impl Into<String>,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.0.push(Finding { code, path: path.into(), message: message.into(), advice: advice.into() });
    }

    /// All findings.
    #[must_use]
    pub fn all(&self) -> &[Finding] {
        &self.0
    }

    /// The first error that makes the condition false.
    #[must_use]
    pub fn first_error(&self, aspect: Aspect) -> Option<&Finding> {
        self.0.iter().find(|f| f.code.severity() == Severity::Error && f.code.aspect() == aspect)
    }

    /// The first error of any aspect.
    #[must_use]
    pub fn any_error(&self) -> Option<&Finding> {
        let of = |aspect| self.first_error(aspect);
        of(Aspect::Accepted).or_else(|| of(Aspect::ResolvedRefs)).or_else(|| of(Aspect::Programmed))
    }

    /// The first error that keeps lamps as they are.
    #[must_use]
    pub fn first_stop(&self) -> Option<&Finding> {
        let of = |aspect| self.0.iter().filter(|f| f.stops_lamps()).find(|f| f.code.aspect() == aspect);
        of(Aspect::Accepted).or_else(|| of(Aspect::ResolvedRefs))
    }

    /// Errors first, then by field: the order in which people and files get them.
    pub fn sort(&mut self) {
        self.0.sort_by(|a, b| {
            let by_severity = a.code.severity().cmp(&b.code.severity());
            let by_path = || pieces(&a.path).cmp(pieces(&b.path));
            by_severity.then_with(by_path).then_with(|| (a.code, &a.message).cmp(&(b.code, &b.message)))
        });
    }
}

/// A path in pieces that sort as its fields do: each index as a number, then the text up to the next index.
fn pieces(path: &str) -> impl Iterator<Item = (Option<u64>, &str)> {
    path.split('[').map(|piece| {
        let index = piece.split_once(']').and_then(|(index, rest)| Some((index.parse().ok()?, rest)));
        index.map_or((None, piece), |(index, rest)| (Some(index), rest))
    })
}

#[cfg(test)]
mod tests;
