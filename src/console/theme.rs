//! Meaning → look. Screens and widgets name a [`Role`]; only this file knows colours.

use ratatui::style::Style;
use std::collections::BTreeMap;

/// What a piece of the screen means. Themes give each a style; none is told apart by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Plain text.
    Text,
    /// Text that matters less: units, ages, hints.
    Muted,
    /// The name of a thing.
    Name,
    /// A heading within a text.
    Heading,
    /// The title of a pane.
    Title,
    /// The border of a pane.
    Border,
    /// The border and title of the pane with the focus.
    BorderFocused,
    /// The row under the cursor in the pane with the focus.
    Selected,
    /// The row under the cursor in another pane.
    SelectedElsewhere,
    /// A row that belongs to what is selected in another pane.
    Related,
    /// A marked row.
    Marked,
    /// A key in the footer, in help, in a hint.
    Key,
    /// Something that cannot be done now.
    Disabled,
    /// As it should be: success, up.
    Good,
    /// Going on now.
    Active,
    /// Waiting, queued, held.
    Waiting,
    /// Needs a look: degraded, late soon, soft.
    Warning,
    /// Wrong: failed, down, late.
    Bad,
    /// Nobody knows: lost, unknown, stale.
    Unknown,
    /// Severity critical.
    Critical,
    /// Severity high.
    High,
    /// Severity info.
    Info,
    /// The head line.
    Bar,
    /// A passing message.
    Toast,
    /// A standing message.
    Banner,
    /// Code and commands.
    Code,
    /// A link.
    Link,
    /// A found text.
    Match,
    /// A dangerous thing: a typed confirmation, a step with the danger mark.
    Danger,
    /// Something from outside that was made visible instead of obeyed.
    Escaped,
    /// Text being typed.
    Input,
}

/// Styles by role.
#[derive(Debug, Clone, Default)]
pub struct Theme {
    styles: BTreeMap<Role, Style>,
}

impl Theme {
    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(&role).copied().unwrap_or_default()
    }
}
