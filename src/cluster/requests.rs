//! Counts what is asked of the API server, under the name that client-go has for it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::http::{Request, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tower::{Layer, Service};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    code: String,
    method: String,
    host: Arc<str>,
}

/// Requests to the API server, by answer. Each attempt counts; a watch counts when it is opened.
#[derive(Clone, Debug, Default)]
pub struct Requests(Family<Labels, Counter>);

impl Requests {
    /// Puts them among the metrics of a program.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Requests to the API server, by answer; <error>: there was none";
        registry.register("rest_client_requests", help, self.0.clone());
    }

    /// Counts what goes to that host.
    #[must_use]
    pub fn to(&self, host: &str) -> Counting {
        Counting { requests: self.clone(), host: host.into() }
    }
}

/// A request under way. It counts when it ends, also when nobody waits for it any more.
struct UnderWay {
    requests: Requests,
    labels: Labels,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.requests.0.get_or_create(&self.labels).inc();
    }
}

/// A layer of the client that counts.
#[derive(Clone, Debug)]
pub struct Counting {
    requests: Requests,
    host: Arc<str>,
}

impl<S> Layer<S> for Counting {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Counted { inner, by: self.clone() }
    }
}

/// A service whose requests are counted.
#[derive(Clone, Debug)]
pub struct Counted<S> {
    inner: S,
    by: Counting,
}

impl<S, B, R> Service<Request<B>> for Counted<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Counting { requests, host } = self.by.clone();
        let labels = Labels { code: "<error>".to_owned(), method: request.method().to_string(), host };
        let mut under_way = UnderWay { requests, labels };
        let call = self.inner.call(request);
        Box::pin(async move {
            let answer = call.await;
            if let Ok(answer) = &answer {
                under_way.labels.code = answer.status().as_str().to_owned();
            }
            drop(under_way);
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::convert::Infallible;

    use prometheus_client::encoding::text;
    use tower::service_fn;

    use super::*;

    #[tokio::test]
    async fn answers_count_by_their_code_and_what_is_given_up_counts_as_an_error() {
        let requests = Requests::default();
        let layer = requests.to("192.0.2.1:6443");
        let request = || Request::get("/").body(()).unwrap();
        let answers =
            |_: Request<()>| async { Ok::<_, Infallible>(Response::builder().status(429).body(()).unwrap()) };
        layer.layer(service_fn(answers)).call(request()).await.unwrap();
        let hangs = |_: Request<()>| std::future::pending::<Result<Response<()>, Infallible>>();
        drop(layer.layer(service_fn(hangs)).call(request()));

        let mut registry = Registry::default();
        requests.register(&mut registry);
        let mut all = String::new();
        text::encode(&mut all, &registry).unwrap();
        for code in ["429", "<error>"] {
            let line = format!(
                "rest_client_requests_total{{code=\"{code}\",method=\"GET\",host=\"192.0.2.1:6443\"}} 1\n"
            );
            assert!(all.contains(&line), "{line} is not in {all}");
        }
    }
}
