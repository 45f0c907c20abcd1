//! Certificates that are made for one test.

use std::fs;
use std::path::Path;

use k8s_openapi::ByteString;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use serde_json::json;

/// A certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

/// A certificate and its key, in PEM.
pub struct Leaf {
    pub chain: String,
    pub key: String,
}

/// How long a certificate is good.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    Now,
    Expired,
}

impl Authority {
    /// One that goes by this name, which differs from that of others.
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate of a server with this name.
    pub fn server(&self, name: &str, validity: Validity) -> Leaf {
        self.leaf(name, ExtendedKeyUsagePurpose::ServerAuth, validity)
    }

    /// The certificate that Lamplighter shows; its common name is `lamplighter`.
    pub fn client(&self, validity: Validity) -> Leaf {
        self.leaf("lamplighter", ExtendedKeyUsagePurpose::ClientAuth, validity)
    }

    fn leaf(&self, name: &str, purpose: ExtendedKeyUsagePurpose, validity: Validity) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![purpose];
        if validity == Validity::Expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        }
        Leaf { chain: params.signed_by(&key, &self.issuer).unwrap().pem(), key: key.serialize_pem() }
    }
}

/// A Secret manifest in JSON, with values as Kubernetes keeps them.
pub fn secret(name: &str, values: &[(&str, &str)]) -> String {
    let data: serde_json::Map<_, _> = values
        .iter()
        .map(|(key, value)| ((*key).to_owned(), json!(ByteString(value.as_bytes().to_vec()))))
        .collect();
    let metadata = json!({"name": name, "namespace": "voice"});
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}).to_string()
}

/// The same as files NAME/KEY.
pub fn files(folder: &Path, name: &str, values: &[(&str, &str)]) {
    fs::create_dir_all(folder.join(name)).unwrap();
    for (key, value) in values {
        fs::write(folder.join(name).join(key), value).unwrap();
    }
}
