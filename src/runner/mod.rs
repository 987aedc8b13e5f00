//! Runs the steps: one supervisor per attempt, adoption after a restart, output files.
