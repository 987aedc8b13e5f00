//! Every reading of every probe: compact, with rollups and retention.
