use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::*;
use crate::net::TlsListen;
use crate::net::tls::{TlsError, client_config, server_config};

/// A certificate authority made for one test.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key, in PEM.
struct Leaf {
    chain: String,
    key: String,
}

impl Leaf {
    fn pair(&self) -> (&[u8], &[u8]) {
        (self.chain.as_bytes(), self.key.as_bytes())
    }
}

impl Authority {
    fn new(name: &str) -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    fn leaf(&self, name: &str, expired: bool) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        if expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        }
        Leaf { chain: params.signed_by(&key, &self.issuer).unwrap().pem(), key: key.serialize_pem() }
    }

    fn target(&self, identity: Option<&Leaf>, name: &str) -> Arc<TlsTarget> {
        let config = client_config(self.pem.as_bytes(), identity.map(Leaf::pair)).unwrap();
        Arc::new(TlsTarget::new(config, &name.parse().unwrap()).unwrap())
    }
}

/// A peer that takes TLS and wants a certificate of `clients`.
fn peer(leaf: &Leaf, clients: &Authority) -> (Endpoint, Arc<Desk>) {
    let (chain, key) = leaf.pair();
    let config = server_config(chain, key, Some(clients.pem.as_bytes())).unwrap();
    let desk = Arc::new(Desk::default());
    let tls = Some(TlsListen { listen: local(), config });
    (Endpoint::bind(EndpointConfig { listen: local(), tls, advertised: None }, desk.clone()).unwrap(), desk)
}

async fn answer_of(to: SocketAddr, tls: Option<Arc<TlsTarget>>) -> Answer {
    let (here, _) = endpoint();
    let route = here.routes(&target(Transport::Tls, to, tls)).await.unwrap().remove(0);
    let mut sender = sender(&here, 1);
    sender.client.send(outgoing(1, "NOTIFY", &route)).unwrap();
    sender.outcome().await.answer
}

#[tokio::test]
async fn both_sides_show_certificates_and_the_name_may_be_a_name_or_an_address() {
    let authority = Authority::new("good");
    for name in ["pbx.example.com", "127.0.0.1"] {
        let (there, desk) = peer(&authority.leaf(name, false), &authority);
        let tls = authority.target(Some(&authority.leaf("lamp.example.com", false)), name);
        let answer = answer_of(there.tls_addr().unwrap(), Some(tls)).await;
        assert!(matches!(answer, Answer::Final { status: 200, .. }), "{answer:?}");
        assert_eq!(desk.0.lock().unwrap()[0].1.transport, Transport::Tls);
    }
}

#[tokio::test]
async fn what_is_not_trusted_is_refused_whichever_side_it_is_on() {
    let (good, bad) = (Authority::new("good"), Authority::new("bad"));
    let mine = good.leaf("lamp.example.com", false);
    let (there, desk) = peer(&good.leaf("pbx.example.com", false), &good);
    let (expired, never) = peer(&good.leaf("pbx.example.com", true), &good);
    let cases = [
        ("UnknownIssuer", &there, bad.target(Some(&mine), "pbx.example.com")),
        ("not valid for name", &there, good.target(Some(&mine), "other.example.com")),
        ("not valid for name", &there, good.target(Some(&mine), "127.0.0.1")),
        ("expired", &expired, good.target(Some(&mine), "pbx.example.com")),
        ("CertificateRequired", &there, good.target(None, "pbx.example.com")),
        ("UnknownCA", &there, good.target(Some(&bad.leaf("x.example.com", false)), "pbx.example.com")),
        (
            "CertificateExpired",
            &there,
            good.target(Some(&good.leaf("x.example.com", true)), "pbx.example.com"),
        ),
    ];
    for (why, there, tls) in cases {
        let answer = answer_of(there.tls_addr().unwrap(), Some(tls)).await;
        let Answer::Transport(Failure::Tls(reason)) = answer else { panic!("{why}: {answer:?}") };
        assert!(reason.contains(why), "{why}: {reason}");
    }
    assert!(desk.seen().is_empty() && never.seen().is_empty());
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_to_a_peer_that_knows_no_tls_or_when_there_is_nothing_to_trust() {
    let authority = Authority::new("good");
    let listener = TcpListener::bind(local()).await.unwrap();
    let to = listener.local_addr().unwrap();
    let plain = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = vec![0; 4096];
        let length = stream.read(&mut hello).await.unwrap();
        stream.write_all(b"SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        hello.truncate(length);
        hello.extend(read_to_end(&mut stream).await);
        hello
    });
    let answer = answer_of(to, None).await;
    assert!(matches!(answer, Answer::Transport(Failure::Tls(_))), "{answer:?}");
    let answer = answer_of(to, Some(authority.target(None, "pbx.example.com"))).await;
    assert!(matches!(answer, Answer::Transport(Failure::Tls(_))), "{answer:?}");
    let sent = plain.await.unwrap();
    assert_eq!(sent[0], 0x16, "a TLS handshake record");
    assert!(!sent.windows(6).any(|window| window == b"NOTIFY"));
}

#[tokio::test]
async fn a_peer_that_is_silent_in_the_handshake_is_given_up_after_three_seconds() {
    let listener = TcpListener::bind(local()).await.unwrap();
    let begun = tokio::time::Instant::now();
    let answer = answer_of(
        listener.local_addr().unwrap(),
        Some(Authority::new("good").target(None, "pbx.example.com")),
    )
    .await;
    assert!(matches!(answer, Answer::Transport(Failure::ConnectTimeout)), "{answer:?}");
    assert!(begun.elapsed() < Duration::from_secs(6));
}

#[tokio::test]
async fn connections_are_shared_by_requests_with_the_same_tls_target_only() {
    let authority = Authority::new("good");
    let (there, desk) = peer(&authority.leaf("pbx.example.com", false), &authority);
    let (here, _) = endpoint();
    let mine = authority.leaf("lamp.example.com", false);
    let (one, two) =
        (authority.target(Some(&mine), "pbx.example.com"), authority.target(Some(&mine), "pbx.example.com"));
    let mut sender = sender(&here, 4);
    for (id, tls) in [(1, &one), (2, &one), (3, &two)] {
        let route = here
            .routes(&target(Transport::Tls, there.tls_addr().unwrap(), Some(Arc::clone(tls))))
            .await
            .unwrap()
            .remove(0);
        sender.client.send(outgoing(id, "NOTIFY", &route)).unwrap();
        assert_eq!(sender.status().await, 200);
    }
    let ports: Vec<u16> = desk.0.lock().unwrap().iter().map(|(_, peer)| peer.addr.port()).collect();
    assert!(ports[0] == ports[1] && ports[1] != ports[2], "{ports:?}");
}

#[test]
fn what_is_no_certificate_or_key_is_said_to_be_none() {
    let authority = Authority::new("good");
    let leaf = authority.leaf("pbx.example.com", false);
    let other = authority.leaf("pbx.example.com", false);
    let (chain, key) = leaf.pair();
    assert!(matches!(client_config(b"", None), Err(TlsError::Empty { .. })));
    assert!(matches!(client_config(key, None), Err(TlsError::Empty { .. })));
    assert!(matches!(server_config(chain, chain, None), Err(TlsError::Pem { what: "key", .. })));
    assert!(matches!(server_config(chain, other.pair().1, None), Err(TlsError::Mismatch)));
    assert!(matches!(server_config(chain, key, Some(b"x")), Err(TlsError::Empty { .. })));
}
