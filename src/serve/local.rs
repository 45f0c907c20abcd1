//! The same server on a Unix socket, for programs that are started beside this one, as by `kubectl exec`: no token and no port, since only
//! processes of this user that see this file system reach it. What is served is a router of somebody else's.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};

use super::{PAUSE, exchange, is_true};
use crate::telemetry::{self, Level};

/// Connections at a time; the next waits for its turn.
const MOST_CONNECTIONS: usize = 16;

/// The socket can't be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {}", .path.display())]
struct LocalError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// Serves a router at a path until `stop` is true, and `PUT /log` with it, which sets the level of the log. Where that can't be, it says so
/// and lets the program go on.
pub async fn serve(path: &Path, router: Router, stop: watch::Receiver<bool>) {
    if let Err(error) = run(path, router.route("/log", put(log)), stop).await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "programs in this pod, such as `kubectl um`, can't ask"
        );
    }
}

async fn log(word: String) -> Response {
    let level = match word.parse::<Level>() {
        Ok(level) => level,
        Err(error) => return (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response(),
    };
    match telemetry::set(level) {
        Ok(filter) => {
            tracing::info!(%level, %filter, "the level of the log was set");
            format!("logs by {filter}\n").into_response()
        }
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

/// Serves a router at a path until `stop` is true. The folder is made if it is not there, for this user alone; a socket that an earlier run
/// left is replaced.
async fn run(path: &Path, router: Router, mut stop: watch::Receiver<bool>) -> Result<(), LocalError> {
    let (listener, owner) = bind(path).map_err(|source| LocalError { path: path.to_owned(), source })?;
    let seats = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &seats) => accepted,
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        };
        let Some((stream, seat)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // The folder keeps others out already; this holds where it is shared with another container.
        if stream.peer_cred().ok().map(|peer| peer.uid()) != Some(owner) {
            continue;
        }
        let (router, stop) = (router.clone(), stop.clone());
        tokio::spawn(async move {
            if let Err(error) = exchange(stream, None, router, is_true(stop)).await {
                tracing::debug!(error = &*error, "a local connection broke");
            }
            drop(seat);
        });
    }
}

async fn accept(
    listener: &UnixListener,
    seats: &Arc<Semaphore>,
) -> Option<(UnixStream, tokio::sync::OwnedSemaphorePermit)> {
    let seat = Arc::clone(seats).acquire_owned().await.ok()?;
    let (stream, _) = listener.accept().await.ok()?;
    Some((stream, seat))
}

/// The socket, and the user whose it is.
fn bind(path: &Path) -> io::Result<(UnixListener, u32)> {
    if let Some(folder) = path.parent() {
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok((listener, fs::metadata(path)?.uid()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use axum::routing::get;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    async fn ask(path: &Path) -> io::Result<String> {
        let mut stream = UnixStream::connect(path).await?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn a_socket_that_was_left_is_replaced_and_nobody_else_may_open_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own/socket");
        for _ in 0..2 {
            let (stop, stopped) = watch::channel(false);
            let (at, router) = (path.clone(), Router::new().route("/", get(async || "here")));
            let served = tokio::spawn(async move { run(&at, router, stopped).await });
            let answer = async {
                loop {
                    match ask(&path).await {
                        Ok(answer) => break answer,
                        Err(_) => tokio::task::yield_now().await,
                    }
                }
            };
            let answer = tokio::time::timeout(Duration::from_secs(10), answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("here"), "{answer}");
            let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
            stop.send(true).unwrap();
            served.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn where_no_socket_can_be_the_path_is_named() {
        let (_stop, stopped) = watch::channel(false);
        let error = run(Path::new("/proc/none/socket"), Router::new(), stopped).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot listen on /proc/none/socket");
    }
}
