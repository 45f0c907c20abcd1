//! The features that people ask about, each with the gates and settings that belong to it.

use super::gate::Gate;

/// A feature of voice mail, as `lamplighter why` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Message waiting lamp.
    Mwi,
    /// Text messages.
    Sms,
    /// Mail about missed calls.
    MissedCall,
    /// Fax.
    Fax,
    /// PIN rules, and voice mail without one.
    Pin,
    /// What may be dialed.
    Dial,
    /// Messages played on a telephone.
    PlayOnPhone,
    /// Call answering rules.
    CallAnsweringRules,
    /// Outlook Voice Access.
    VoiceAccess,
    /// Speech recognition, preview and analysis.
    Speech,
    /// Protected voice mail.
    Protection,
}

impl Feature {
    /// Every feature, in the order in which they are shown.
    pub const ALL: [Self; 11] = [
        Self::Mwi,
        Self::Sms,
        Self::MissedCall,
        Self::Fax,
        Self::Pin,
        Self::Dial,
        Self::PlayOnPhone,
        Self::CallAnsweringRules,
        Self::VoiceAccess,
        Self::Speech,
        Self::Protection,
    ];

    /// The word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mwi => "mwi",
            Self::Sms => "sms",
            Self::MissedCall => "missed-call",
            Self::Fax => "fax",
            Self::Pin => "pin",
            Self::Dial => "dial",
            Self::PlayOnPhone => "play-on-phone",
            Self::CallAnsweringRules => "call-answering-rules",
            Self::VoiceAccess => "voice-access",
            Self::Speech => "speech",
            Self::Protection => "protection",
        }
    }

    /// Its switches; the first one is the feature itself.
    #[must_use]
    pub const fn gates(self) -> &'static [Gate] {
        match self {
            Self::Mwi => &[Gate::Mwi],
            Self::Sms => &[Gate::Sms],
            Self::MissedCall => &[Gate::MissedCall],
            Self::Fax => &[Gate::Fax],
            Self::Pin => &[Gate::Pinless],
            Self::Dial | Self::Protection => &[],
            Self::PlayOnPhone => &[Gate::PlayOnPhone],
            Self::CallAnsweringRules => &[Gate::CallAnsweringRules],
            Self::VoiceAccess => &[Gate::VoiceAccess, Gate::Calendar, Gate::Email],
            Self::Speech => &[Gate::Speech, Gate::Analysis],
        }
    }

    /// Settings that belong to it, by the names under which they are served.
    #[must_use]
    pub const fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Mwi => &["messageWaitingIndicatorExtensions"],
            Self::Sms => &["allowVoiceMailPreview"],
            Self::MissedCall => &["primarySmtpAddress"],
            Self::Fax => &["faxServerURI", "faxMessageText"],
            Self::Pin => &[
                "minPINLength",
                "pinHistoryCount",
                "pinLifetime",
                "logonFailuresBeforePINReset",
                "maxLogonAttempts",
                "allowCommonPatterns",
            ],
            Self::Dial => &[
                "allowDialPlanSubscribers",
                "allowExtensions",
                "allowedInCountryOrRegionGroups",
                "allowedInternationalGroups",
            ],
            Self::PlayOnPhone => &["requireProtectedPlayOnPhone"],
            Self::CallAnsweringRules => &[],
            Self::VoiceAccess => {
                &["accessTelephoneNumbers", "allowTUIAccessToDirectory", "allowTUIAccessToPersonalContacts"]
            }
            Self::Speech => &["defaultLanguage", "allowVoiceMailPreview", "informCallerOfVoiceMailAnalysis"],
            Self::Protection => &[
                "protectAuthenticatedVoiceMail",
                "protectUnauthenticatedVoiceMail",
                "requireProtectedPlayOnPhone",
                "allowVoiceResponseToOtherMessageTypes",
                "protectedVoiceMailText",
            ],
        }
    }
}
