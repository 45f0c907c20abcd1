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

    fn count(&self, code: String, method: String, host: Arc<str>) {
        self.0.get_or_create(&Labels { code, method, host }).inc();
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
        let method = request.method().to_string();
        let call = self.inner.call(request);
        Box::pin(async move {
            let answer = call.await;
            let code = |answer: &Response<R>| answer.status().as_str().to_owned();
            requests.count(answer.as_ref().map_or_else(|_| "<error>".to_owned(), code), method, host);
            answer
        })
    }
}
