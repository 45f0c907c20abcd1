//! A chain of switches: what it holds, and what of it decides. Which switches a feature has is for `gate`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::gate::Gate;
use super::settings::Origin;
use crate::domain::finding::{Code, Kind};
use crate::domain::link::Node;

/// One switch of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// The object that has it.
    pub object: Origin,
    /// Its field; empty: the object as a whole.
    pub path: String,
    /// What it says; null: nothing, so what comes after it counts.
    pub value: Value,
    /// Whether it lets the feature through.
    pub passes: bool,
    /// What forbids it when it does not.
    pub code: Code,
    /// Whether it says what is wanted; otherwise it is a means that delivery needs, which no voice-mail server asks about.
    pub is_setting: bool,
}

/// What must hold for a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// This switch.
    One(Switch),
    /// One of these switches; none of them: the code says why.
    Any(Vec<Switch>, Code),
}

/// The switches of a feature, in the order in which they decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The feature.
    pub gate: Gate,
    /// What must hold.
    pub steps: Vec<Step>,
}

impl Step {
    /// Whether it holds.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::One(switch) => switch.passes,
            Self::Any(switches, _) => switches.iter().any(|switch| switch.passes),
        }
    }

    /// What forbids the feature when it does not hold.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::One(switch) => switch.code,
            Self::Any(_, code) => *code,
        }
    }

    /// Whether it says what is wanted.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        match self {
            Self::One(switch) => switch.is_setting,
            Self::Any(switches, _) => switches.iter().all(|switch| switch.is_setting),
        }
    }
}

impl Chain {
    /// The step that stops the feature.
    #[must_use]
    pub fn stop(&self) -> Option<&Step> {
        self.steps.iter().find(|step| !step.passes())
    }

    /// [`Code::Allowed`], or what stops the feature.
    #[must_use]
    pub fn reason(&self) -> Code {
        self.stop().map_or(Code::Allowed, Step::code)
    }

    /// The setting that stops the feature; means don't count.
    #[must_use]
    pub fn off(&self) -> Option<&Step> {
        self.steps.iter().find(|step| !step.passes() && step.is_setting())
    }
}

pub(super) fn origin<T>(kind: Kind, node: &Node<T>) -> Origin {
    (kind, Arc::clone(&node.name))
}

pub(super) fn presence(has: bool) -> Value {
    json!(if has { "present" } else { "absent" })
}

pub(super) fn setting(object: Origin, path: &str, value: Value, passes: bool, code: Code) -> Step {
    Step::One(Switch { object, path: path.to_owned(), value, passes, code, is_setting: true })
}

pub(super) fn means(object: Origin, path: &str, value: Value, passes: bool, code: Code) -> Step {
    Step::One(Switch { object, path: path.to_owned(), value, passes, code, is_setting: false })
}

pub(super) fn with_code(step: Step, code: Code) -> Step {
    match step {
        Step::One(switch) => Step::One(Switch { code, ..switch }),
        Step::Any(switches, _) => Step::Any(switches, code),
    }
}
