//! A small web shop on loopback. It is real, and so is what is wrong with it: its orders export is malformed until
//! somebody asks for a new one.

use super::orders;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use jiff::civil::Date;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;

/// Where the shop listens, on 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// The shop's pages.
    pub web: u16,
    /// The port that stands for its database: accepts connections and closes them.
    pub database: u16,
}

/// What the shop remembers.
#[derive(Debug)]
struct Shop {
    /// The export is malformed, and the index that is made from it is useless.
    is_export_broken: AtomicBool,
    /// Exports that were asked for.
    repairs: AtomicU64,
}

/// Serves the shop on two free ports of 127.0.0.1 until `ended` is done. `ready` is told the ports once both listen.
pub async fn serve(ready: impl FnOnce(Ports) -> io::Result<()>, ended: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let web = TcpListener::bind("127.0.0.1:0").await?;
    let database = TcpListener::bind("127.0.0.1:0").await?;
    ready(Ports { web: web.local_addr()?.port(), database: database.local_addr()?.port() })?;
    let accepting = tokio::spawn(async move {
        loop {
            // An accepted connection is closed at once; an error such as too many open files passes with time.
            if database.accept().await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    });
    let served = axum::serve(web, routes()).with_graceful_shutdown(ended).await;
    accepting.abort();
    served
}

fn routes() -> Router {
    let shop = Arc::new(Shop { is_export_broken: AtomicBool::new(true), repairs: AtomicU64::new(0) });
    Router::new()
        .route("/", get(home))
        .route("/health", get(health))
        .route("/checkout", get(checkout))
        .route("/search", get(search))
        .route("/rates.csv", get(rates))
        .route("/orders/{file}", get(export))
        .route("/orders-feed", get(feed))
        .route("/admin/orders/repair", post(repair))
        .route("/admin/break", post(break_again))
        .with_state(shop)
}

impl Shop {
    fn is_broken(&self) -> bool {
        self.is_export_broken.load(Ordering::SeqCst)
    }
}

async fn home() -> Html<&'static str> {
    Html("<!doctype html><title>Dog &amp; Basket</title><h1>Dog &amp; Basket</h1><p><a href=/checkout>Basket</a>")
}

async fn checkout() -> Html<&'static str> {
    Html("<!doctype html><title>Checkout</title><h1>Your basket</h1><button>Pay</button>")
}

async fn health(State(shop): State<Arc<Shop>>) -> Response {
    let export = if shop.is_broken() { "malformed" } else { "good" };
    let repairs = shop.repairs.load(Ordering::SeqCst);
    ([(header::CONTENT_TYPE, "application/json")], format!("{{\"shop\":\"open\",\"export\":\"{export}\",\"repairs\":{repairs}}}\n"))
        .into_response()
}

async fn search(State(shop): State<Arc<Shop>>, Query(query): Query<HashMap<String, String>>) -> Response {
    if shop.is_broken() {
        return (StatusCode::SERVICE_UNAVAILABLE, "no index: the last orders export has rows that are no orders\n").into_response();
    }
    let word = query.get("q").map(|word| word.chars().filter(|c| c.is_alphanumeric()).take(40).collect::<String>()).unwrap_or_default();
    format!("found 3 articles for {word}\n").into_response()
}

/// While the export is broken, each answer skips its bad rows anew, and takes its time.
async fn feed(State(shop): State<Arc<Shop>>) -> Response {
    let bad = if shop.is_broken() {
        tokio::time::sleep(Duration::from_millis(450)).await;
        3
    } else {
        0
    };
    ([(header::CONTENT_TYPE, "application/json")], format!("{{\"feed\":\"orders\",\"bad_rows\":{bad}}}\n")).into_response()
}

async fn rates() -> &'static str {
    "USD,1.1604\nGBP,0.8731\nJPY,176.42\n"
}

async fn export(State(shop): State<Arc<Shop>>, Path(file): Path<String>) -> Response {
    let date = file.strip_suffix(".csv").and_then(|date| date.parse::<Date>().ok());
    match date {
        Some(date) => ([(header::CONTENT_TYPE, "text/csv")], orders::export(date, shop.is_broken())).into_response(),
        None => (StatusCode::NOT_FOUND, "exports are named YYYY-MM-DD.csv\n").into_response(),
    }
}

async fn repair(State(shop): State<Arc<Shop>>) -> String {
    shop.is_export_broken.store(false, Ordering::SeqCst);
    let repairs = shop.repairs.fetch_add(1, Ordering::SeqCst) + 1;
    format!("exported again ({repairs}), index made anew\n")
}

async fn break_again(State(shop): State<Arc<Shop>>) -> &'static str {
    shop.is_export_broken.store(true, Ordering::SeqCst);
    "the next exports are malformed\n"
}
