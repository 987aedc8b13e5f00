//! Between the processes: frames, client, server, identity.

pub mod message;
