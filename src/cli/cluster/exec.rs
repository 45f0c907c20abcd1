//! One command in a pod, as `kubectl exec` runs it.

use std::time::Duration;

use anyhow::{Context as _, bail};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::Api;
use kube::api::AttachParams;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;

use crate::cli::tell;
use crate::cluster::within;

/// The container of a notifier; others may have been put beside it.
const CONTAINER: &str = "notifier";
/// How long the command may go without output.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may go without a complaint: as long as it takes.
const WHOLE: Duration = Duration::from_hours(1);

/// Runs it. Returns its exit code.
pub async fn run(
    pods: &Api<Pod>,
    pod: &str,
    command: &[String],
    mut sink: impl FnMut(&[u8]),
) -> anyhow::Result<u8> {
    let how = AttachParams::default().container(CONTAINER).stdin(false).stdout(true).stderr(true);
    let mut process = within(pods.exec(pod, command, &how)).await?;
    let (Some(stdout), Some(stderr), Some(status)) =
        (process.stdout(), process.stderr(), process.take_status())
    else {
        bail!("the pod gives no output");
    };
    // A command that goes well says nothing on stderr.
    let both = async {
        tokio::try_join!(copy(stdout, &mut sink, PATIENCE), copy(stderr, |piece: &[u8]| tell(piece), WHOLE))
    };
    both.await.with_context(|| format!("the connection to pod {pod} broke"))?;
    let status = timeout(PATIENCE, status).await.context("the pod does not say how the command ended")?;
    exit_code(&status.context("the connection broke before the command ended")?)
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl FnMut(&[u8]),
    patience: Duration,
) -> anyhow::Result<()> {
    let mut piece = [0; 8192];
    loop {
        let late = || format!("nothing came for {} s", patience.as_secs());
        let count = timeout(patience, from.read(&mut piece)).await.with_context(late)??;
        match piece.get(..count) {
            None | Some([]) => return Ok(()),
            Some(piece) => to(piece),
        }
    }
}

/// How it ended, as the last message of the connection says.
fn exit_code(status: &Status) -> anyhow::Result<u8> {
    if status.status.as_deref() == Some("Success") {
        return Ok(0);
    }
    let causes = status.details.iter().flat_map(|details| details.causes.iter().flatten());
    let code = causes.filter(|cause| cause.reason.as_deref() == Some("ExitCode"));
    match code.filter_map(|cause| cause.message.as_ref()?.parse().ok()).next() {
        Some(code) => Ok(code),
        None => bail!(
            "the command can't be run in the pod: {}",
            status.message.as_deref().unwrap_or("it does not say why")
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use serde_json::json;

    fn code(status: serde_json::Value) -> anyhow::Result<u8> {
        exit_code(&serde_json::from_value(status).unwrap())
    }

    #[test]
    fn the_exit_code_is_that_of_the_command_and_what_could_not_run_says_so() {
        assert_eq!(code(json!({"status": "Success"})).unwrap(), 0);
        let failed = json!({
            "status": "Failure", "reason": "NonZeroExitCode", "message": "command terminated with exit code 2",
            "details": {"causes": [{"reason": "ExitCode", "message": "2"}]}
        });
        assert_eq!(code(failed).unwrap(), 2);
        let error = code(json!({"status": "Failure", "message": "no such file"})).unwrap_err();
        assert_eq!(error.to_string(), "the command can't be run in the pod: no such file");
    }
}
