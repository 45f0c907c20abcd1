//! `lamplighter ready`: asks a Lamplighter that runs whether it is ready, for `helm test`, for health checks of an image that has no
//! other program, and for scripts. It knows one page, and nothing of what makes that true.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::body::{Body, to_bytes};
use clap::Args;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::domain::scalar::interval;

/// How long one answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Between two questions.
const PAUSE: Duration = Duration::from_millis(500);
/// Most that is read of an answer.
const MOST_BYTES: usize = 4 * 1024;

#[derive(Debug, Args)]
pub struct Options {
    /// Host and port of its HTTP. An IPv6 address needs no brackets.
    #[arg(default_value = "127.0.0.1:8080", value_name = "HOST:PORT")]
    address: String,
    /// Go on asking for so long before it counts as not ready, as in 60s.
    #[arg(long, value_name = "TIME", value_parser = time)]
    within: Option<Duration>,
}

fn time(text: &str) -> Result<Duration, String> {
    interval(text).map_err(|wanted| format!("{} is expected", wanted.0))
}

/// 0: it is ready; 1: it is not, or nobody answers.
pub async fn run(options: Options, mut stop: watch::Receiver<bool>) -> anyhow::Result<ExitCode> {
    let Options { address, within } = options;
    let (host, port) = address.rsplit_once(':').context("HOST:PORT is expected, as in 127.0.0.1:8080")?;
    let port: u16 = port.parse().context("a port from 1 to 65535 is expected after the last colon")?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let last = Instant::now() + within.unwrap_or_default();
    loop {
        let answer = tokio::select! {
            answer = ask(host, port) => answer,
            _ = stop.wait_for(|stop| *stop) => return Ok(ExitCode::from(1)),
        };
        match answer {
            Ok(()) => {
                super::say(&format!("{address} is ready.\n"));
                return Ok(ExitCode::SUCCESS);
            }
            Err(error) if Instant::now() >= last => {
                super::tell(format!("{address} is not ready: {error:#}\n"));
                return Ok(ExitCode::from(1));
            }
            // It is asked once more at the very end.
            Err(_) => drop(timeout_at(last, sleep(PAUSE)).await),
        }
    }
}

/// Gets `/readyz` once.
async fn ask(host: &str, port: u16) -> anyhow::Result<()> {
    let asked = async {
        let stream = TcpStream::connect((host, port)).await.context("it can't be connected to")?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.context("it speaks no HTTP")?;
        let request = Request::get("/readyz").header(header::HOST, host).body(Body::empty())?;
        // The connection carries the request, so both go on together.
        let (answer, _) = tokio::join!(
            async move {
                let answer = sender.send_request(request).await.context("it gave no answer")?;
                let (head, body) = answer.into_parts();
                let body = to_bytes(Body::new(body), MOST_BYTES).await.context("its answer broke off")?;
                anyhow::Ok((head.status, body))
            },
            connection
        );
        let (status, body) = answer?;
        if status != StatusCode::OK {
            bail!("it answers {status}: {}", String::from_utf8_lossy(&body).trim().escape_debug());
        }
        Ok(())
    };
    timeout(ANSWER_LIMIT, asked).await.context("it gives no answer")?
}
