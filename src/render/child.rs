//! One object of a notifier: of which kind, and what is applied.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::{Metadata, Resource};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Annotation with a digest of what was applied, so that a field that is not wanted any more makes a difference as well.
pub const RENDERED: &str = "um.lamplighter.dev/rendered";

macro_rules! kinds {
    ($($kind:ident,)+) => {
        /// The kinds of objects that a notifier consists of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each is the kind of its name")]
        pub enum ChildKind { $($kind,)+ }

        impl ChildKind {
            /// All of them, each after those that it needs.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// The kind as manifests have it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $kind::KIND,)+ }
            }

            /// Group and version, as in `apps/v1`.
            #[must_use]
            pub const fn api_version(self) -> &'static str {
                match self { $(Self::$kind => $kind::API_VERSION,)+ }
            }

            /// The group, as in `apps`; empty for the core.
            #[must_use]
            pub const fn group(self) -> &'static str {
                match self { $(Self::$kind => $kind::GROUP,)+ }
            }

            /// The version, as in `v1`.
            #[must_use]
            pub const fn version(self) -> &'static str {
                match self { $(Self::$kind => $kind::VERSION,)+ }
            }

            /// The resource, as in `statefulsets`.
            #[must_use]
            pub const fn plural(self) -> &'static str {
                match self { $(Self::$kind => $kind::URL_PATH_SEGMENT,)+ }
            }
        }
    };
}

kinds! {
    ServiceAccount,
    Role,
    RoleBinding,
    NetworkPolicy,
    PersistentVolumeClaim,
    Service,
    PodDisruptionBudget,
    StatefulSet,
}

impl ChildKind {
    /// Whether objects of this kind are ever deleted: message state outlives its dial plan.
    #[must_use]
    pub const fn is_deleted(self) -> bool {
        !matches!(self, Self::PersistentVolumeClaim)
    }
}

impl fmt::Display for ChildKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One object of a notifier.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// What it is.
    pub kind: ChildKind,
    /// `metadata.name`.
    pub name: String,
    /// All that is to be applied, with `apiVersion` and `kind`.
    pub object: Value,
}

impl Child {
    /// The object with the digest of its content.
    pub(super) fn new<T: Metadata<Ty = ObjectMeta> + Serialize>(kind: ChildKind, mut object: T) -> Self {
        // Fields are written in the order of the type, and tables are sorted, so the text is always the same.
        let digest = Sha256::digest(serde_json::to_string(&object).unwrap_or_default());
        let text: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let metadata = object.metadata_mut();
        metadata.annotations.get_or_insert_with(BTreeMap::new).insert(RENDERED.to_owned(), text);
        Self {
            kind,
            name: metadata.name.clone().unwrap_or_default(),
            object: serde_json::to_value(&object).unwrap_or_default(),
        }
    }
}
