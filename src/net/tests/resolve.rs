use std::net::IpAddr;
use tokio::time::Instant;

use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{RData, Record};
use hickory_resolver::{Hosts, TokioResolver};
use tokio::net::UdpSocket;

use super::*;
use crate::net::ResolveError;
use crate::net::resolve::{Resolver, tuned};

const HOSTS: &str = "127.0.0.7 pbx.example.com pbx\n::7 six both\n127.0.0.8 both\n";

fn offline() -> Resolver {
    let mut hosts = Hosts::default();
    hosts.read_hosts_conf(HOSTS.as_bytes()).unwrap();
    Resolver { hosts, dns: None }
}

async fn addresses(host: &str, family: Family) -> Result<Vec<IpAddr>, ResolveError> {
    offline().addresses(&host.parse().unwrap(), family).await
}

#[tokio::test]
async fn literals_and_names_of_the_hosts_file_need_no_dns_and_ipv6_comes_first() {
    for (host, found) in [
        ("192.0.2.1", &["192.0.2.1"][..]),
        ("[2001:db8::1]", &["2001:db8::1"]),
        ("PBX", &["127.0.0.7"]),
        ("pbx.example.com.", &["127.0.0.7"]),
        ("six", &["::7"]),
        ("both", &["::7", "127.0.0.8"]),
    ] {
        let found: Vec<IpAddr> = found.iter().map(|address| address.parse().unwrap()).collect();
        assert_eq!(addresses(host, Family::Any).await.unwrap(), found, "{host}");
    }
}

#[tokio::test]
async fn a_family_preference_is_kept_and_a_host_without_it_is_an_error() {
    assert_eq!(addresses("both", Family::V4Only).await.unwrap(), ["127.0.0.8".parse::<IpAddr>().unwrap()]);
    assert_eq!(addresses("both", Family::V6Only).await.unwrap(), ["::7".parse::<IpAddr>().unwrap()]);
    for (host, family) in
        [("192.0.2.1", Family::V6Only), ("2001:db8::1", Family::V4Only), ("pbx", Family::V6Only)]
    {
        assert!(matches!(addresses(host, family).await, Err(ResolveError::Family { .. })), "{host}");
    }
}

#[tokio::test]
async fn without_dns_an_unknown_name_is_an_error_that_says_so() {
    let error = addresses("unknown.example.com", Family::Any).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown.example.com is not in the hosts file, and there is no DNS configuration"
    );
}

/// A resolver that asks `server`, whatever the machine is set up with.
fn asking(server: &UdpSocket) -> Resolver {
    let address = server.local_addr().unwrap();
    let mut config = NameServerConfig::udp(address.ip());
    config.connections[0].port = address.port();
    let config = ResolverConfig::from_name_servers(vec![config]);
    let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    Resolver { hosts: Hosts::default(), dns: Some(tuned(builder).unwrap()) }
}

/// Knows all names in both families, at another address with each question; counts the questions.
async fn serve(server: &UdpSocket, ttl: u32, asked: &Mutex<u8>) {
    let mut buffer = [0; 1500];
    loop {
        let (length, from) = server.recv_from(&mut buffer).await.unwrap();
        let mut message = Message::from_vec(&buffer[..length]).unwrap().into_response();
        let query = message.queries[0].clone();
        let last = {
            let mut asked = asked.lock().unwrap();
            *asked += 1;
            *asked
        };
        let data = match query.query_type() {
            hickory_resolver::proto::rr::RecordType::A => {
                RData::A(std::net::Ipv4Addr::new(127, 0, 0, last).into())
            }
            _ => RData::AAAA(format!("::{last}").parse::<std::net::Ipv6Addr>().unwrap().into()),
        };
        message.add_answer(Record::from_rdata(query.name().clone(), ttl, data));
        server.send_to(&message.to_vec().unwrap(), from).await.unwrap();
    }
}

#[tokio::test]
async fn dns_is_asked_again_when_the_ttl_is_over_and_not_before() {
    for (ttl, asked_in_all) in [(3_600, 1), (0, 2)] {
        let server = UdpSocket::bind(local()).await.unwrap();
        let asked = Mutex::new(0);
        let resolver = asking(&server);
        let host = "pbx.example.com.".parse().unwrap();
        let asking = async {
            for _ in 0..2 {
                assert_eq!(resolver.addresses(&host, Family::V4Only).await.unwrap().len(), 1);
            }
        };
        tokio::select! {
            () = asking => {}
            () = serve(&server, ttl, &asked) => {}
        }
        assert_eq!(*asked.lock().unwrap(), asked_in_all, "ttl {ttl}");
    }
}

#[tokio::test]
async fn dns_gives_ipv6_first_then_ipv4() {
    let server = UdpSocket::bind(local()).await.unwrap();
    let asked = Mutex::new(0);
    let resolver = asking(&server);
    let host = "pbx.example.com.".parse().unwrap();
    let found = tokio::select! {
        found = resolver.addresses(&host, Family::Any) => found.unwrap(),
        () = serve(&server, 0, &asked) => panic!(),
    };
    assert_eq!(found.iter().map(IpAddr::is_ipv6).collect::<Vec<_>>(), [true, false]);
}

#[tokio::test]
async fn dns_that_does_not_answer_is_given_up_after_three_seconds() {
    let silent = UdpSocket::bind(local()).await.unwrap();
    let begun = Instant::now();
    asking(&silent).addresses(&"pbx.example.com.".parse().unwrap(), Family::Any).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
