//! Where things stand in the manifests, if there are any. Knows no setting.

use serde::Serialize;
use serde_json::Value;

use crate::domain::Kind;
use crate::domain::dialing::{Entry, Range};
use crate::source::collect::Collected;
use crate::source::manifest::Document;

/// A file as the user can open it, and a line in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    pub file: String,
    /// From 1.
    pub line: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// The manifests of one namespace.
pub struct Places<'a> {
    /// None: the objects are those of a cluster, and nobody knows their files.
    pub collected: Option<&'a Collected>,
    pub namespace: &'a str,
}

impl Places<'_> {
    /// The place of a field, or of its nearest parent that is there: there one would write it. None: the object is in no file.
    pub fn of(&self, kind: Kind, name: &str, path: &str) -> Option<Place> {
        let document = self.document(kind, name)?;
        let place = document.place_of(if path.is_empty() { "metadata.name" } else { path });
        Some(Place { file: place.file.to_string(), line: place.line })
    }

    /// Whether the manifest has the field of a path such as `spec.notifier.mode`. An API server fills in defaults, so of its objects nobody
    /// can tell, and nothing is said to be one.
    pub fn is_set(&self, kind: Kind, name: &str, path: &str) -> bool {
        if self.collected.is_none() {
            return true;
        }
        self.document(kind, name).is_some_and(|document| {
            let field = path.split('.').try_fold(&document.value, |value, field| value.get(field));
            field.is_some_and(|value| !value.is_null())
        })
    }

    /// The place of a dialing rule of a dial plan.
    pub fn of_rule(&self, dial_plan: &str, range: Range, entry: &Entry) -> Option<Place> {
        let document = self.document(Kind::DialPlan, dial_plan)?;
        let rules = document.value.get("spec")?.get(list_of(range))?.as_array()?;
        let (mask, dialed) = (entry.mask.to_string(), entry.dialed.to_string());
        let has =
            |rule: &Value, field: &str, text: &str| rule.get(field).and_then(Value::as_str) == Some(text);
        let at = rules.iter().position(|rule| {
            has(rule, "name", &entry.group)
                && has(rule, "numberMask", &mask)
                && has(rule, "dialedNumber", &dialed)
        })?;
        self.of(Kind::DialPlan, dial_plan, &format!("spec.{}[{at}]", list_of(range)))
    }

    fn document(&self, kind: Kind, name: &str) -> Option<&Document> {
        self.collected?.document(kind, self.namespace, name)
    }
}

/// The list of the dial plan that has the rules.
pub const fn list_of(range: Range) -> &'static str {
    match range {
        Range::InCountry => "configuredInCountryOrRegionGroups",
        Range::International => "configuredInternationalGroups",
    }
}
