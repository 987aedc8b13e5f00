//! Connections of the intake: a bounded number, headers within their time and size. Part of taking alerts in.

use super::request::Intake;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Connections at the same time; more wait in the kernel's queue.
const CONNECTIONS: usize = 64;
/// Headers must be there within this, and a connection that is kept open must speak again within it.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// Bytes of headers.
const HEADERS_MAX: usize = 16 << 10;
/// How long to wait when the kernel has no connection to give, such as for lack of descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// Serves until it is dropped; the connections end with it.
pub(super) async fn serve(listener: TcpListener, intake: Arc<Intake>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection to the intake was not taken");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let intake = intake.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let intake = intake.clone();
                async move { Ok::<_, std::convert::Infallible>(intake.answer(request).await) }
            });
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN).max_buf_size(HEADERS_MAX);
            // A sender that goes away or speaks no HTTP ends its own connection only.
            let _ended = server.serve_connection(TokioIo::new(stream), service).await;
            drop(place);
        });
    }
}
