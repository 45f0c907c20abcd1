//! The client of the API server. Its limits are ours, not those of the library.

use std::time::Duration;

use kube::client::ClientBuilder;
use kube::client::retry::RetryPolicy;
use kube::config::KubeConfigOptions;
use kube::{Client, Config};
use tower::buffer::BufferLayer;
use tower::retry::RetryLayer;

use super::requests::Requests;

/// Times that a request is repeated which the API server puts off (429, 503, 504).
const RETRIES: u32 = 3;
/// Pauses between them grow from this one …
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// … to this one.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Requests that wait for their turn.
const MOST_WAITING: usize = 1024;
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Neither the service account of a pod nor a kubeconfig can be used.
    #[error(
        "no cluster is known: there is neither a service account of a pod nor a kubeconfig that can be used"
    )]
    Config(#[source] kube::config::InferConfigError),
    /// The kubeconfig has no such context, or it can't be used.
    #[error("the kubeconfig can't be used")]
    Context(#[source] kube::config::KubeconfigError),
    /// Certificates or tokens can't be used.
    #[error("the client of the API server can't be made")]
    Client(#[source] kube::Error),
}

/// A client for the cluster that this pod is in, or that the kubeconfig names, whose requests are counted.
///
/// # Errors
/// There is no such cluster, or its certificates can't be used.
pub async fn connect(requests: &Requests) -> Result<Client, ConnectError> {
    client(Config::infer().await.map_err(ConnectError::Config)?, requests)
}

/// A client for a person: by a context of the kubeconfig, or the current one, and as another user if that is wanted. Returns the namespace of
/// the context as well.
///
/// # Errors
/// There is no such cluster, or its certificates can't be used.
pub async fn connect_as(
    context: Option<String>,
    user: Option<String>,
) -> Result<(Client, String), ConnectError> {
    let mut config = match context {
        None => Config::infer().await.map_err(ConnectError::Config)?,
        Some(_) => {
            let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
            Config::from_kubeconfig(&options).await.map_err(ConnectError::Context)?
        }
    };
    if user.is_some() {
        config.auth_info.impersonate = user;
    }
    let namespace = config.default_namespace.clone();
    Ok((client(config, &Requests::default())?, namespace))
}

fn client(mut config: Config, requests: &Requests) -> Result<Client, ConnectError> {
    config.connect_timeout = Some(CONNECT);
    config.default_retry = false;
    let retry = RetryPolicy::new(FIRST_PAUSE, LONGEST_PAUSE, RETRIES, true).unwrap_or_default();
    let (host, port) = (config.cluster_url.host().unwrap_or_default(), config.cluster_url.port_u16());
    let counting = requests.to(&port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")));
    let builder = ClientBuilder::try_from(config).map_err(ConnectError::Client)?;
    let builder = builder
        .with_layer(&counting)
        .with_layer(&BufferLayer::new(MOST_WAITING))
        .with_layer(&RetryLayer::new(retry));
    Ok(builder.build())
}
