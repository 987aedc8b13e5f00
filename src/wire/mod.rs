//! Between the processes: messages, frames, the socket, who is at its other end, and the client.

pub mod client;
pub mod frame;
pub mod handed;
pub mod identity;
pub mod message;
pub mod socket;
