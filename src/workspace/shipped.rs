//! The runbooks and checklists that every shop needs, as they are shipped.

/// A runbook of the program itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShippedRunbook {
    /// Its name: the stem of its file.
    pub name: &'static str,
    /// Its text with front matter.
    pub text: &'static str,
}

/// All of them, sorted by name.
pub const SHIPPED_RUNBOOKS: &[ShippedRunbook] = &[
    shipped("batch-failed", include_str!("../../runbooks/batch-failed.md")),
    shipped("batch-late", include_str!("../../runbooks/batch-late.md")),
    shipped("certificate-expiring", include_str!("../../runbooks/certificate-expiring.md")),
    shipped("database-unreachable", include_str!("../../runbooks/database-unreachable.md")),
    shipped("disk-filling", include_str!("../../runbooks/disk-filling.md")),
    shipped("feed-missing", include_str!("../../runbooks/feed-missing.md")),
    shipped("journey-failing", include_str!("../../runbooks/journey-failing.md")),
    shipped("site-down", include_str!("../../runbooks/site-down.md")),
];

const fn shipped(name: &'static str, text: &'static str) -> ShippedRunbook {
    ShippedRunbook { name, text }
}

/// A checklist of the program itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShippedChecklist {
    /// Its name: the stem of its file.
    pub name: &'static str,
    /// Its text with front matter.
    pub text: &'static str,
}

/// All of them, sorted by name.
pub const SHIPPED_CHECKLISTS: &[ShippedChecklist] = &[
    ShippedChecklist { name: "before-a-release", text: include_str!("../../checklists/before-a-release.md") },
    ShippedChecklist { name: "before-the-day", text: include_str!("../../checklists/before-the-day.md") },
    ShippedChecklist { name: "end-of-the-day", text: include_str!("../../checklists/end-of-the-day.md") },
];
