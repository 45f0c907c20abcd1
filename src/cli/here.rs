//! Asks the Lamplighter that runs in this very pod, over its Unix socket. Knows no question and no answer.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::body::{Body, to_bytes};
use clap::Args;
use futures::StreamExt as _;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::time::timeout;

/// How long it may take until an answer begins, or goes on.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most that is read of a refusal.
const MOST_BYTES: usize = 16 * 1024;

/// Whether the program in this pod is asked, and where.
#[derive(Debug, Args)]
pub struct Here {
    /// Ask the notifier in this pod, instead of looking for one in the cluster; `kubectl um` runs this there.
    #[arg(long)]
    pub here: bool,
    #[command(flatten)]
    pub socket: Socket,
}

/// Where the program in this pod is asked.
#[derive(Debug, Args)]
pub struct Socket {
    /// Socket for programs in the same pod.
    #[arg(
        long = "socket",
        env = "LAMPLIGHTER_SOCKET",
        default_value = "/tmp/lamplighter/socket",
        value_name = "FILE",
        hide_env_values = true
    )]
    pub path: PathBuf,
}

/// Gets a page.
pub async fn get(socket: &Path, page: &str, sink: impl FnMut(&[u8])) -> anyhow::Result<()> {
    ask(socket, Request::get(page).header(header::HOST, "here").body(Body::empty())?, sink).await
}

/// Posts JSON.
pub async fn post(socket: &Path, page: &str, body: String, sink: impl FnMut(&[u8])) -> anyhow::Result<()> {
    let request = Request::post(page).header(header::HOST, "here");
    let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body))?;
    ask(socket, request, sink).await
}

/// Puts a text there.
pub async fn put(socket: &Path, page: &str, body: String, sink: impl FnMut(&[u8])) -> anyhow::Result<()> {
    ask(socket, Request::put(page).header(header::HOST, "here").body(Body::from(body))?, sink).await
}

async fn ask(socket: &Path, request: Request<Body>, mut sink: impl FnMut(&[u8])) -> anyhow::Result<()> {
    let stream = UnixStream::connect(socket).await.with_context(|| {
        format!(
            "nobody answers at {}; run this in the pod of a notifier or of the operator",
            socket.display()
        )
    })?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let carried = tokio::spawn(connection);
    let late = "it gives no answer within 30 s";
    let answer = timeout(PATIENCE, sender.send_request(request)).await.context(late)?;
    let (head, body) = answer.context("it gave no answer")?.into_parts();
    let body = Body::new(body);
    if head.status != StatusCode::OK {
        let said = timeout(PATIENCE, to_bytes(body, MOST_BYTES)).await.context(late)?;
        bail!("{}", String::from_utf8_lossy(&said.context("its answer broke off")?));
    }
    let mut pieces = body.into_data_stream();
    while let Some(piece) = timeout(PATIENCE, pieces.next()).await.context(late)? {
        sink(&piece.context("its answer broke off")?);
    }
    carried.abort();
    Ok(())
}
