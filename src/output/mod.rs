//! Output files of attempts: read as files, bounded by an index, never loaded.
