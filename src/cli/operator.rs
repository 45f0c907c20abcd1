//! `lamplighter operator`.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;
use tokio::sync::watch;

use super::here;
use crate::operator::{self, Image};

#[derive(Debug, Args)]
pub struct Options {
    /// Namespaces to look after, with commas between them; absent or empty: all.
    #[arg(long, env = "LAMPLIGHTER_WATCH_NAMESPACES", value_delimiter = ',', value_name = "NAMESPACE,…")]
    watch_namespaces: Vec<String>,
    /// Image of the notifiers, which is this program's own.
    #[arg(long, env = "LAMPLIGHTER_NOTIFIER_IMAGE", value_name = "IMAGE")]
    notifier_image: String,
    /// Always, IfNotPresent or Never; absent: as Kubernetes has it by default.
    #[arg(long, env = "LAMPLIGHTER_NOTIFIER_IMAGE_PULL_POLICY", value_name = "POLICY")]
    notifier_image_pull_policy: Option<String>,
    /// Secrets with which notifiers pull their image, with commas between them; they have to be in each namespace.
    #[arg(
        long,
        env = "LAMPLIGHTER_NOTIFIER_IMAGE_PULL_SECRETS",
        value_delimiter = ',',
        value_name = "SECRET,…"
    )]
    notifier_image_pull_secrets: Vec<String>,
    /// Ports of the API server's addresses, which the NetworkPolicies of notifiers open, with commas between them.
    #[arg(
        long,
        env = "LAMPLIGHTER_API_SERVER_PORTS",
        value_delimiter = ',',
        value_name = "PORT,…",
        default_values_t = crate::render::API_SERVER_PORTS
    )]
    api_server_ports: Vec<u16>,
    /// Address and port for /healthz, /readyz and /metrics.
    #[arg(long, env = "LAMPLIGHTER_LISTEN", default_value = "[::]:8080", value_name = "ADDR:PORT")]
    listen: SocketAddr,
    /// Name of the Lease by which one replica leads.
    #[arg(long, env = "LAMPLIGHTER_LEASE_NAME", default_value = "lamplighter-operator", value_name = "NAME")]
    lease_name: String,
    /// Name of this pod.
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    pod_name: String,
    /// Namespace of this pod, where the Lease is.
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE")]
    pod_namespace: String,
    #[command(flatten)]
    socket: here::Socket,
}

pub async fn run(options: Options, stop: watch::Receiver<bool>) -> anyhow::Result<ExitCode> {
    // An empty variable of a chart is one empty entry.
    let given = |list: Vec<String>| list.into_iter().filter(|entry| !entry.is_empty()).collect();
    let options = operator::Options {
        namespaces: given(options.watch_namespaces),
        listen: options.listen,
        socket: options.socket.path,
        pod: options.pod_name,
        pod_namespace: options.pod_namespace,
        lease: options.lease_name,
        notifier: Image {
            name: options.notifier_image,
            pull_policy: options.notifier_image_pull_policy.filter(|policy| !policy.is_empty()),
            pull_secrets: given(options.notifier_image_pull_secrets),
            api_server_ports: options.api_server_ports,
        },
    };
    operator::run(options, stop).await?;
    Ok(ExitCode::SUCCESS)
}
