//! Neighbours that own flows, probes or alerts.
