//! One call to the API server, with its deadline, and what its failure means.

use std::time::Duration;

/// How long a call may take that is no watch.
const DEADLINE: Duration = Duration::from_secs(10);

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The API server answered with an error.
    #[error("the API server refuses: {}", .0.message)]
    Status(Box<kube::core::Status>),
    /// No answer within 10 s.
    #[error("the API server did not answer within {} s", DEADLINE.as_secs())]
    Late,
    /// The connection or the answer is broken.
    #[error("the API server can't be spoken to")]
    Broken(#[source] Box<kube::Error>),
}

/// What is to be done about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing is there.
    NotFound,
    /// Somebody else was faster, or owns it: look again.
    Conflict,
    /// It will be refused again until somebody changes something.
    Refused,
    /// It may work the next time.
    Transient,
}

impl CallError {
    /// What is to be done about it.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::Status(status) => match status.code {
                404 => Failure::NotFound,
                409 => Failure::Conflict,
                408 | 429 | 500.. => Failure::Transient,
                _ => Failure::Refused,
            },
            Self::Late | Self::Broken(_) => Failure::Transient,
        }
    }

    /// What the API server said, if it said something.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Status(status) => Some(&status.message),
            Self::Late | Self::Broken(_) => None,
        }
    }
}

/// Waits for a call, 10 s at most.
///
/// # Errors
/// It was refused, it broke, or it took too long.
pub async fn within<T>(call: impl Future<Output = kube::Result<T>>) -> Result<T, CallError> {
    match tokio::time::timeout(DEADLINE, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(kube::Error::Api(status))) => Err(CallError::Status(status)),
        Ok(Err(error)) => Err(CallError::Broken(Box::new(error))),
        Err(_) => Err(CallError::Late),
    }
}
