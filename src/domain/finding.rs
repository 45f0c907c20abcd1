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
}

macro_rules! codes {
    ($($(#[$doc:meta])+ $code:ident: $severity:ident, $aspect:ident;)+) => {
        /// A stable code. See `docs/findings.md` for causes and remedies.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])+ $code,)+ }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// The code in CamelCase, as reasons and labels have it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)+ }
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
        }
    };
}

codes! {
    /// `metadata.name` of a dial plan is longer than 40 characters or no DNS label.
    NameInvalid: Error, Accepted;
    /// `displayName` is empty, too long or holds a forbidden character.
    DisplayNameInvalid: Error, Accepted;
    /// Two dial plans, policies or gateways have the same display name.
    DuplicateDisplayName: Error, Accepted;
    /// A word is none of those that the field allows.
    ValueNotAllowed: Error, Accepted;
    /// A number is outside of the range of its field, or a list is too long.
    ValueOutOfRange: Error, Accepted;
    /// A time is not written as in `6h`, or is too short or too long.
    DurationInvalid: Error, Accepted;
    /// A gateway has no `address` and is no simulator.
    AddressMissing: Error, Accepted;
    /// `address` is neither a host name nor an IP address.
    AddressInvalid: Error, Accepted;
    /// An IPv6 address needs `ipAddressFamily: IPv6Only` or `Any`; an IPv4 address does not go with `IPv6Only`.
    AddressFamilyMismatch: Error, Accepted;
    /// A gateway of a secured dial plan has an IP address where a host name is needed for its certificate.
    HostNameRequired: Error, Accepted;
    /// A simulator can't serve a secured dial plan.
    SimulatorNotSecured: Error, Accepted;
    /// A pilot identifier is neither an extension, a number nor a SIP address.
    PilotIdentifierInvalid: Error, Accepted;
    /// A gateway names a pilot identifier twice.
    DuplicatePilotIdentifier: Error, Accepted;
    /// A URI of the `identity` block does not make a SIP URI, or has an unknown placeholder.
    IdentityInvalid: Error, Accepted;
    /// A mailbox has no extension.
    ExtensionMissing: Error, Accepted;
    /// An extension is not made of digits.
    ExtensionInvalid: Error, Accepted;
    /// An extension has not the number of digits of its dial plan.
    ExtensionDigitsMismatch: Error, Accepted;
    /// An older mailbox of the dial plan, or this one, already has the extension.
    DuplicateExtension: Error, Accepted;
    /// A mailbox of a SipName or E164 plan has no `sipResourceIdentifier`.
    SipResourceIdentifierMissing: Error, Accepted;
    /// `sipResourceIdentifier` has not the form that the dial plan's `uriType` wants.
    SipResourceIdentifierInvalid: Error, Accepted;
    /// An older mailbox of the dial plan already has the SIP address or number.
    DuplicateSipResourceIdentifier: Error, Accepted;
    /// An entry of `messageWaitingIndicatorExtensions` has not the form that the dial plan's `uriType` wants.
    LampAddressInvalid: Error, Accepted;
    /// A dial plan has more than 200 gateways.
    TooManyGateways: Error, Accepted;
    /// The dial plan that is named does not exist.
    DialPlanNotFound: Error, ResolvedRefs;
    /// The dial plan that is named exists and has errors of its own.
    DialPlanInvalid: Error, ResolvedRefs;
    /// The mailbox policy that is named does not exist.
    MailboxPolicyNotFound: Error, ResolvedRefs;
    /// The mailbox policy that is named exists and has errors of its own.
    MailboxPolicyInvalid: Error, ResolvedRefs;
    /// A Secret or ConfigMap that is named, or the key in it, is not there.
    SecretNotFound: Error, ResolvedRefs;
    /// The certificates that a gateway names are there and can't be used.
    CertificateInvalid: Error, ResolvedRefs;
    /// A gateway of a secured dial plan has no `tls` block.
    TlsMissing: Error, ResolvedRefs;
    /// No gateway serves the dial plan.
    NoGateway: Warning, Accepted;
    /// Gateways serve the dial plan, but none takes NOTIFY; as a reason: the lamp is allowed and no gateway can carry it.
    NoGatewayForMWI: Warning, Accepted;
    /// No mailbox policy belongs to the dial plan.
    NoMailboxPolicy: Warning, Accepted;
    /// The gateway serves no dial plan.
    NoDialPlan: Warning, Accepted;
    /// Two gateways have the same address and port.
    DuplicateGatewayAddress: Warning, Accepted;
    /// A gateway of a secured dial plan has a port other than 5061.
    UnusualPort: Warning, Accepted;
    /// `sipResourceIdentifier` has no effect on a TelExtn plan.
    SipResourceIdentifierIgnored: Warning, Accepted;
    /// The lamp is allowed.
    Allowed: Reason, Accepted;
    /// `allowMessageWaitingIndicator: false` on the policy.
    MWIForbiddenByPolicy: Reason, Accepted;
    /// `notifier.mode: Dark` on the dial plan.
    NotifierDark: Reason, Accepted;
    /// `notifier.mode: Observe` on the dial plan: NOTIFY is logged, not sent.
    NotifierObserves: Reason, Accepted;
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
        self.first_error(Aspect::Accepted).or_else(|| self.first_error(Aspect::ResolvedRefs))
    }

    /// Errors first, then by field: the order in which people and files get them.
    pub fn sort(&mut self) {
        self.0.sort_by(|a, b| {
            (a.code.severity(), &a.path, a.code, &a.message).cmp(&(
                b.code.severity(),
                &b.path,
                b.code,
                &b.message,
            ))
        });
    }
}
