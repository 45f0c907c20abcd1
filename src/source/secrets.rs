//! Values of Secrets and ConfigMaps where there is no cluster: manifests beside the resources, or files NAME/KEY.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use k8s_openapi::api::core::v1::{ConfigMap, Secret};

use super::manifest::Document;
use crate::domain::{KeyName, KeySource};

/// Bytes of one value, as in a Secret of Kubernetes.
const MOST_BYTES: u64 = 1024 * 1024;

/// Values of one namespace. They show nowhere.
#[derive(Default)]
pub struct Values {
    manifests: BTreeMap<KeyName, Vec<u8>>,
    /// Folders with files NAME/KEY.
    secrets: Option<PathBuf>,
    config_maps: Option<PathBuf>,
}

impl Values {
    /// Values from the manifests of a namespace, and from a folder with files NAME/KEY, which go first.
    #[must_use]
    pub fn new<'a>(documents: impl Iterator<Item = &'a Document>, folder: Option<&Path>) -> Self {
        let mut manifests = BTreeMap::new();
        for document in documents {
            // Manifests were read strictly; what does not decode here is base64 that is none, and then the key is missing.
            let value = || document.value.clone();
            let (source, values): (_, Vec<(String, Vec<u8>)>) = match document.kind.as_str() {
                "Secret" => {
                    (KeySource::Secret, serde_json::from_value(value()).map(of_secret).unwrap_or_default())
                }
                "ConfigMap" => (
                    KeySource::ConfigMap,
                    serde_json::from_value(value()).map(of_config_map).unwrap_or_default(),
                ),
                _ => continue,
            };
            let name = |key| KeyName { source, name: document.name.clone(), key };
            manifests.extend(values.into_iter().map(|(key, value)| (name(key), value)));
        }
        let folder = folder.map(Path::to_owned);
        Self { manifests, secrets: folder.clone(), config_maps: folder }
    }

    /// Values that are mounted in a pod: `secrets/NAME/KEY` and `configmaps/NAME/KEY` below that folder.
    #[must_use]
    pub fn mounted(folder: &Path) -> Self {
        Self {
            manifests: BTreeMap::new(),
            secrets: Some(folder.join("secrets")),
            config_maps: Some(folder.join("configmaps")),
        }
    }

    /// The value of a key, if it is there. Reads the file anew each time, so that a new value counts.
    #[must_use]
    pub fn get(&self, key: &KeyName) -> Option<Vec<u8>> {
        self.file(key).or_else(|| self.manifests.get(key).cloned())
    }

    fn file(&self, KeyName { source, name, key }: &KeyName) -> Option<Vec<u8>> {
        let folder = match source {
            KeySource::Secret => &self.secrets,
            KeySource::ConfigMap => &self.config_maps,
        };
        let plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        let path = folder.as_ref().filter(|_| plain(name) && plain(key))?.join(name).join(key);
        // Opening a pipe would wait for a writer.
        std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
        let mut value = Vec::new();
        File::open(path).ok()?.take(MOST_BYTES + 1).read_to_end(&mut value).ok()?;
        (value.len() as u64 <= MOST_BYTES).then_some(value)
    }
}

fn of_secret(secret: Secret) -> Vec<(String, Vec<u8>)> {
    let data = secret.data.into_iter().flatten().map(|(key, value)| (key, value.0));
    let plain = secret.string_data.into_iter().flatten().map(|(key, value)| (key, value.into_bytes()));
    data.chain(plain).collect()
}

fn of_config_map(map: ConfigMap) -> Vec<(String, Vec<u8>)> {
    let data = map.data.into_iter().flatten().map(|(key, value)| (key, value.into_bytes()));
    let binary = map.binary_data.into_iter().flatten().map(|(key, value)| (key, value.0));
    data.chain(binary).collect()
}
