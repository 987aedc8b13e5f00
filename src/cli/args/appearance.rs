//! How the console looks.

use clap::Args;

/// How the console looks.
#[derive(Debug, Clone, Args)]
pub struct Look {
    /// Only ASCII characters on the screen
    #[arg(long, global = true, env = "DOGWATCH_ASCII")]
    pub ascii: bool,
    /// A theme by name, or a file [default: dark or light, as the terminal is]
    #[arg(long, global = true, env = "DOGWATCH_THEME", value_name = "NAME")]
    pub theme: Option<String>,
    /// No mouse: the terminal's own selection works
    #[arg(long, global = true)]
    pub no_mouse: bool,
    /// Never write to the terminal's clipboard
    #[arg(long, global = true)]
    pub no_clipboard: bool,
    /// Never ring or notify in this terminal
    #[arg(long, global = true)]
    pub no_bell: bool,
}
