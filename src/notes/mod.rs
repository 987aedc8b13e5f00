//! Notes and post-mortems as files: drafting, atomic saving, conflicts, recovery.
