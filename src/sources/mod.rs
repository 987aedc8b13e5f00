//! Neighbours that own flows, probes or alerts, and the one way out to HTTP that they and the probes share.

pub mod http_client;
pub mod name_lookup;
pub mod phase;
