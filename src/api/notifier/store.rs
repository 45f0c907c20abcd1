//! Where a notifier keeps message state.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::api::reference::{CaRef, SecretKeyRef};

/// Where a notifier keeps message state. It can go from SQLite to PostgreSQL, which copies everything once, and never back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("self.type != 'PostgreSQL' || has(self.connectionSecretRef)").message("store.type PostgreSQL needs connectionSecretRef").field_path(".connectionSecretRef"))]
pub struct NotifierStore {
    /// `SQLite` (the default): a file on a volume of its own, for one replica. `PostgreSQL`: a database of yours.
    #[serde(rename = "type", default = "sqlite")]
    #[schemars(extend("enum" = ["SQLite", "PostgreSQL"]))]
    pub type_: String,
    /// Size of the volume for SQLite, as in `1Gi` (the default) or `500Mi`. Without a cluster it has no effect.
    #[serde(default = "size")]
    #[schemars(
        length(min = 1, max = 16),
        regex(pattern = r"^(0*[1-9][0-9]*([.][0-9]+)?|0+[.][0-9]*[1-9][0-9]*)(Ki|Mi|Gi|Ti|k|M|G|T)?$")
    )]
    pub size: String,
    /// StorageClass of the volume for SQLite. Absent: the cluster's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub storage_class_name: Option<String>,
    /// Where the address of the database is, as in `postgresql://user:password@db.example.com/lamplighter`. Needed for PostgreSQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_secret_ref: Option<SecretKeyRef>,
    /// CA certificates by which the database's certificate is checked. Absent: those of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_ref: Option<CaRef>,
}

impl Default for NotifierStore {
    fn default() -> Self {
        Self {
            type_: sqlite(),
            size: size(),
            storage_class_name: None,
            connection_secret_ref: None,
            ca_ref: None,
        }
    }
}

fn sqlite() -> String {
    "SQLite".into()
}

fn size() -> String {
    "1Gi".into()
}
