//! Meaning → look. Screens and widgets name a [`Role`]; only this file knows colours.

mod color;
mod file;

pub use color::Depth;
pub use file::ThemeError;

use ratatui::style::{Color, Modifier, Style};

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

impl Role {
    /// All roles with their names in theme files.
    pub const ALL: &[(Self, &'static str)] = &[
        (Self::Text, "text"),
        (Self::Muted, "muted"),
        (Self::Name, "name"),
        (Self::Heading, "heading"),
        (Self::Title, "title"),
        (Self::Border, "border"),
        (Self::BorderFocused, "border-focused"),
        (Self::Selected, "selected"),
        (Self::SelectedElsewhere, "selected-elsewhere"),
        (Self::Related, "related"),
        (Self::Marked, "marked"),
        (Self::Key, "key"),
        (Self::Disabled, "disabled"),
        (Self::Good, "good"),
        (Self::Active, "active"),
        (Self::Waiting, "waiting"),
        (Self::Warning, "warning"),
        (Self::Bad, "bad"),
        (Self::Unknown, "unknown"),
        (Self::Critical, "critical"),
        (Self::High, "high"),
        (Self::Info, "info"),
        (Self::Bar, "bar"),
        (Self::Toast, "toast"),
        (Self::Banner, "banner"),
        (Self::Code, "code"),
        (Self::Link, "link"),
        (Self::Match, "match"),
        (Self::Danger, "danger"),
        (Self::Escaped, "escaped"),
        (Self::Input, "input"),
    ];

    /// The role of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, other)| *other == name).map(|(role, _)| *role)
    }

    /// Whether it colours what lies below a text that keeps its own colour.
    pub fn is_ground(self) -> bool {
        matches!(self, Self::Selected | Self::SelectedElsewhere | Self::Related | Self::Marked | Self::Bar | Self::Toast | Self::Banner)
    }
}

/// Styles by role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// Its name, as the palette and the settings call it.
    pub name: String,
    styles: [Style; Role::ALL.len()],
}

impl Default for Theme {
    /// No colour at all, only bold, dim, underlined and reversed.
    fn default() -> Self {
        Self::plain()
    }
}

impl Theme {
    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// A look without any colour, for `NO_COLOR` and for terminals that have none.
    pub fn plain() -> Self {
        let styles = std::array::from_fn(|place| match Role::ALL[place].0 {
            Role::SelectedElsewhere | Role::Related | Role::Link | Role::Match | Role::Input => {
                Style::new().add_modifier(Modifier::UNDERLINED)
            }
            Role::Muted | Role::Disabled | Role::Border => Style::new().add_modifier(Modifier::DIM),
            Role::Selected | Role::Bar | Role::Toast | Role::Banner | Role::Danger | Role::Escaped => {
                Style::new().add_modifier(Modifier::REVERSED)
            }
            Role::Heading | Role::Title | Role::BorderFocused | Role::Key | Role::Bad | Role::Critical | Role::Marked | Role::Name => {
                Style::new().add_modifier(Modifier::BOLD)
            }
            _ => Style::new(),
        });
        Self { name: "plain".into(), styles }
    }

    /// A look in which every role can be told by its cells: roles of texts by the foreground's index, roles of what lies
    /// below by the background's. For tests that check roles, not colours.
    pub fn told_apart() -> Self {
        let styles = std::array::from_fn(|place| {
            let index = Color::Indexed(place as u8 + 1);
            if Role::ALL[place].0.is_ground() { Style::new().bg(index) } else { Style::new().fg(index) }
        });
        Self { name: "told-apart".into(), styles }
    }

    /// The names of the themes that are built in.
    pub fn built_in() -> impl Iterator<Item = &'static str> {
        file::BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// A theme by its name, for so many colours: one of `own` (name and TOML text, from the person's folder) or a built-in one.
    pub fn load(name: &str, own: &[(String, String)], depth: Depth) -> Result<Self, ThemeError> {
        if depth == Depth::None {
            return Ok(Self::plain());
        }
        let mut theme = file::load(name, own)?;
        for style in &mut theme.styles {
            style.fg = style.fg.map(|color| color::fit(color, depth));
            style.bg = style.bg.map(|color| color::fit(color, depth));
            style.underline_color = style.underline_color.map(|color| color::fit(color, depth));
        }
        Ok(theme)
    }
}
