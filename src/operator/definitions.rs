//! Whether the definitions that the API server serves are those of this program. Where they are older, the API server drops what people
//! write into fields that it does not know, and says nothing; where they are newer, it takes what nobody acts by.

use std::collections::BTreeSet;
use std::time::Duration;

use hyper::http::Request;
use kube::{Client, Resource};
use serde_json::Value;

use crate::api::UMDialPlan;
use crate::api::schema::{crds, kind, open_api_schema, walk};
use crate::cluster::{CallError, within};

/// Definitions and program are often renewed together, one after the other: what differs is said when it still does after several looks.
const LOOKS: usize = 3;
/// Pause between two of them.
const PAUSE: Duration = Duration::from_secs(10);
/// Fields that are named.
const MOST_NAMED: usize = 10;

/// The fields of one kind that are not on both sides.
#[derive(Debug, PartialEq, Eq)]
struct Difference {
    kind: String,
    /// The program has them, the API server has not.
    unserved: Vec<String>,
    /// The API server has them, the program has not.
    unknown: Vec<String>,
}

/// Looks once after the start, and says in the log what differs.
pub async fn check(client: Client) {
    let mut found = Vec::new();
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        match served(&client).await {
            Ok(served) => {
                found = differences(&served);
                if found.is_empty() {
                    return;
                }
            }
            Err(error) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "the definitions could not be compared"
                );
            }
        }
    }
    for Difference { kind, unserved, unknown } in found {
        if !unserved.is_empty() {
            let fields = named(&unserved);
            tracing::warn!(%kind, %fields, "the definition in the cluster is older than this program: the API server drops these fields. Apply the definitions of this version (crds.enabled=true in the chart, or kubectl apply --server-side -f crds/)");
        }
        if !unknown.is_empty() {
            let fields = named(&unknown);
            tracing::warn!(%kind, %fields, "the definition in the cluster is newer than this program: nobody acts by these fields. Run the version of the operator that belongs to the definitions");
        }
    }
}

async fn served(client: &Client) -> Result<Value, CallError> {
    let path = format!("/openapi/v3/apis/{}", UMDialPlan::api_version(&()));
    let ask = async {
        let request = Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
        client.request(request).await
    };
    within(ask).await
}

/// What differs between the program's definitions and an OpenAPI document of their group. A kind that is not served at all is no business of
/// this: that has its condition.
fn differences(served: &Value) -> Vec<Difference> {
    let own = crds().unwrap_or_default();
    let difference = |crd: &Value| {
        let kind = kind(crd);
        let (ours, theirs) = (fields(open_api_schema(crd)?), fields(schema_of(served, kind)?));
        let without = |all: &BTreeSet<String>, others: &BTreeSet<String>| -> Vec<String> {
            all.difference(others).cloned().collect()
        };
        let (unserved, unknown) = (without(&ours, &theirs), without(&theirs, &ours));
        let kind = kind.to_owned();
        (ours != theirs).then_some(Difference { kind, unserved, unknown })
    };
    own.iter().filter_map(difference).collect()
}

fn schema_of<'a>(served: &'a Value, kind: &str) -> Option<&'a Value> {
    let is_it = |schema: &&Value| {
        let of = schema.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
        of.into_iter().flatten().any(|of| of["kind"] == kind)
    };
    served.pointer("/components/schemas")?.as_object()?.values().find(is_it)
}

/// The fields of `spec` and `status`, as in `spec.auth.username`.
fn fields(schema: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    walk(schema, "", &mut |path, _| {
        if (path.starts_with(".spec.") || path.starts_with(".status.")) && !path.ends_with("[]") {
            all.insert(path.trim_start_matches('.').to_owned());
        }
    });
    all
}

fn named(fields: &[String]) -> String {
    let first = fields.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match fields.len().saturating_sub(MOST_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use serde_json::json;

    use super::*;

    fn served(change: impl Fn(&str, &mut Value)) -> Value {
        let mut schemas = serde_json::Map::new();
        for crd in crds().unwrap() {
            let mut schema = open_api_schema(&crd).unwrap().clone();
            change(kind(&crd), &mut schema);
            schema["x-kubernetes-group-version-kind"] =
                json!([{"group": "um.lamplighter.dev", "version": "v1alpha1", "kind": kind(&crd)}]);
            schemas.insert(kind(&crd).to_owned(), schema);
        }
        json!({"components": {"schemas": schemas}})
    }

    #[test]
    fn what_one_side_lacks_is_named_by_kind_and_field() {
        assert_eq!(differences(&served(|_, _| ())), []);
        assert_eq!(differences(&json!({})), [], "what is not served at all is said elsewhere");
        let found = differences(&served(|kind, schema| match kind {
            "UMIPGateway" => {
                let auth = schema.pointer_mut("/properties/spec/properties/auth/properties").unwrap();
                auth.as_object_mut().unwrap().remove("username");
            }
            "UMDialPlan" => schema["properties"]["spec"]["properties"]["later"] = json!({"type": "string"}),
            _ => {}
        }));
        let difference = |kind: &str, unserved: &[&str], unknown: &[&str]| Difference {
            kind: kind.to_owned(),
            unserved: unserved.iter().map(|field| (*field).to_owned()).collect(),
            unknown: unknown.iter().map(|field| (*field).to_owned()).collect(),
        };
        assert_eq!(
            found,
            [
                difference("UMDialPlan", &[], &["spec.later"]),
                difference("UMIPGateway", &["spec.auth.username"], &[]),
            ]
        );
    }

    #[test]
    fn of_many_fields_the_first_are_named() {
        let many: Vec<String> = (10..22).map(|number| format!("spec.f{number}")).collect();
        assert_eq!(
            named(&many),
            "spec.f10, spec.f11, spec.f12, spec.f13, spec.f14, spec.f15, spec.f16, spec.f17, spec.f18, spec.f19 and 2 more"
        );
        assert_eq!(named(&many[..1]), "spec.f10");
    }
}
