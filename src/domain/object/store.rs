//! Where a notifier keeps message state, read.

use super::notifier::ca_kind;
use super::reader::{one, word};
use crate::api::notifier::NotifierStore;
use crate::domain::finding::{Code, Notes};
use crate::domain::scalar::Expected;

/// Where a notifier keeps message state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// A file on a volume of its own.
    Sqlite {
        /// Size of the volume, as Kubernetes writes it.
        size: String,
        /// StorageClass of the volume; none: the cluster's default.
        class: Option<String>,
    },
    /// A database of others.
    PostgreSql,
}

impl Store {
    /// Reads the block; what is wrong becomes findings, and a nearby value stands in.
    pub fn read(notes: &mut Notes, store: Option<&NotifierStore>, replicas: i32) -> Self {
        let default = NotifierStore::default();
        let NotifierStore { type_, size, storage_class_name, connection_secret_ref, ca_ref } =
            store.unwrap_or(&default);
        if let Some(reference) = ca_ref {
            ca_kind(notes, "spec.notifier.store.caRef", reference);
        }
        let type_ = word(notes, "spec.notifier.store.type", type_, &["SQLite", "PostgreSQL"]);
        one(notes, "spec.notifier.store.size", size, Code::SizeInvalid, quantity);
        if type_ == "SQLite" {
            if replicas > 1 {
                let message = format!("{replicas} replicas can't share one SQLite file");
                let advice = "set store.type: PostgreSQL with connectionSecretRef, or replicas: 1";
                notes.add(Code::ReplicasNeedPostgreSQL, "spec.notifier.replicas", message, advice);
            }
            return Self::Sqlite { size: size.clone(), class: storage_class_name.clone() };
        }
        if connection_secret_ref.is_none() {
            let message = "store.type PostgreSQL has no connectionSecretRef";
            let advice = "name the key of a Secret that holds postgresql://user:password@host/database";
            notes.add(Code::ConnectionMissing, "spec.notifier.store.connectionSecretRef", message, advice);
        }
        Self::PostgreSql
    }
}

/// A size as Kubernetes writes it.
fn quantity(text: &str) -> Result<(), Expected> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let sound = text.len() <= 16
        && number(whole)
        && number(part)
        && digits.bytes().any(|b| (b'1'..=b'9').contains(&b))
        && ["", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"].contains(&unit);
    if sound { Ok(()) } else { Err(Expected("a size as in 500Mi, 1Gi or 2Ti")) }
}
