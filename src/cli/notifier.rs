//! `lamplighter notifier`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tokio::sync::watch;

use super::{here, why};
use crate::notifier::pod;

#[derive(Debug, Args)]
pub struct Options {
    /// The dial plan that it serves.
    #[arg(long, env = "LAMPLIGHTER_DIAL_PLAN", value_name = "NAME")]
    dial_plan: String,
    /// Folder of the store.
    #[arg(long, env = "LAMPLIGHTER_DATA", default_value = "/var/lib/lamplighter", value_name = "DIR")]
    data: PathBuf,
    /// Folder with the values of Secrets and ConfigMaps, in files secrets/NAME/KEY and configmaps/NAME/KEY.
    #[arg(long, env = "LAMPLIGHTER_VALUES", default_value = "/etc/lamplighter", value_name = "DIR")]
    values: PathBuf,
    /// Address and port for HTTP.
    #[arg(long, env = "LAMPLIGHTER_LISTEN", default_value = "[::]:8080", value_name = "ADDR:PORT")]
    listen: SocketAddr,
    /// Address for SIP, which is also the one that stands in requests unless the dial plan says another.
    #[arg(long, env = "POD_IP", value_name = "ADDR")]
    sip_listen: IpAddr,
    /// Name of this pod.
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    pod_name: String,
    /// Namespace of this pod and of the dial plan.
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE")]
    pod_namespace: String,
    /// metadata.uid of this pod.
    #[arg(long, env = "POD_UID", value_name = "UID")]
    pod_uid: String,
    #[command(flatten)]
    socket: here::Socket,
}

pub async fn run(options: Options, stop: watch::Receiver<bool>) -> anyhow::Result<ExitCode> {
    let options = pod::Options {
        namespace: options.pod_namespace,
        dial_plan: options.dial_plan,
        pod: options.pod_name,
        pod_uid: options.pod_uid,
        data: options.data,
        values: options.values,
        listen: options.listen,
        sip_listen: options.sip_listen,
        socket: options.socket.path,
        explain: why::explain,
    };
    pod::run(options, stop).await?;
    Ok(ExitCode::SUCCESS)
}
