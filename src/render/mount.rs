//! Secrets and ConfigMaps as files of a notifier's pod: `/etc/lamplighter/secrets/NAME/KEY`, `/etc/lamplighter/configmaps/NAME/KEY`.

use k8s_openapi::api::core::v1::{ConfigMapVolumeSource, KeyToPath, SecretVolumeSource, Volume, VolumeMount};
use sha2::{Digest as _, Sha256};

use crate::domain::KeySource;
use crate::domain::mounts::Mount;

/// Readable for the group, which is `fsGroup`; the kubelet gives it that right in any case.
const MODE: i32 = 0o440;
/// Longest name of a volume (a DNS label).
const LONGEST: usize = 63;

/// The volume of a Secret or ConfigMap. What is missing keeps no pod from starting; it appears where it is made later.
pub fn volume(mount: &Mount) -> Volume {
    let Mount { source, name, keys } = mount;
    let items = keys.as_ref().map(|keys| {
        keys.iter().map(|key| KeyToPath { key: key.clone(), path: key.clone(), mode: None }).collect()
    });
    let mut volume = Volume { name: volume_name(mount), ..Volume::default() };
    match source {
        KeySource::Secret => {
            volume.secret = Some(SecretVolumeSource {
                secret_name: Some(name.clone()),
                items,
                default_mode: Some(MODE),
                optional: Some(true),
            });
        }
        KeySource::ConfigMap => {
            volume.config_map = Some(ConfigMapVolumeSource {
                name: name.clone(),
                items,
                default_mode: Some(MODE),
                optional: Some(true),
            });
        }
    }
    volume
}

/// Where the container finds it.
pub fn volume_mount(mount: &Mount) -> VolumeMount {
    VolumeMount {
        name: volume_name(mount),
        mount_path: format!("/etc/lamplighter/{}s/{}", word(mount.source), mount.name),
        read_only: Some(true),
        ..VolumeMount::default()
    }
}

const fn word(source: KeySource) -> &'static str {
    match source {
        KeySource::Secret => "secret",
        KeySource::ConfigMap => "configmap",
    }
}

/// After what is mounted; where that is too long or has dots, after its digest, with a word in front that keeps the two apart.
fn volume_name(mount: &Mount) -> String {
    let plain = format!("{}-{}", word(mount.source), mount.name);
    if plain.len() <= LONGEST && !plain.contains('.') {
        return plain;
    }
    let digest: String =
        Sha256::digest(&mount.name).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("long-{}-{digest}", word(mount.source))
}
