//! What the console needs from the wire: requests out, news in. The wire's client feeds it; tests drive it by hand.

use crate::wire::message::{Request, Said, Welcome};
use tokio::sync::mpsc;

/// Requests that may wait to be sent; a console that has more says that the daemon is busy.
pub const REQUESTS_MAX: usize = 256;
/// News that may wait to be shown before the reader of the wire stops reading.
pub const NEWS_MAX: usize = 1024;

/// The console's end.
#[derive(Debug)]
pub struct Link {
    /// Requests for the daemon, sent in order. Those of a connection that was lost are dropped by the other end.
    pub requests: mpsc::Sender<Request>,
    /// What comes from there.
    pub news: mpsc::Receiver<News>,
}

/// The other end: what the wire's client holds.
#[derive(Debug)]
pub struct FarEnd {
    /// Requests to send.
    pub requests: mpsc::Receiver<Request>,
    /// Where news goes.
    pub news: mpsc::Sender<News>,
}

/// A pair of ends.
pub fn pair() -> (Link, FarEnd) {
    let (request_sender, request_receiver) = mpsc::channel(REQUESTS_MAX);
    let (news_sender, news_receiver) = mpsc::channel(NEWS_MAX);
    (Link { requests: request_sender, news: news_receiver }, FarEnd { requests: request_receiver, news: news_sender })
}

/// What comes from the wire.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// A connection stands; the console asks for the world next.
    Connected(Box<Welcome>),
    /// The daemon said something.
    Said(Box<Said>),
    /// The connection is lost or could not be made; the client tries again by itself.
    Lost {
        /// Why, in words for a banner.
        reason: String,
    },
}
