//! Looks at targets on a fixed rhythm: one file per kind of probe.
