//! x
use super::album::Album;
use super::color::DARK;
use super::terminal::Terminal;
use anyhow::Result;
use portable_pty::CommandBuilder;
use std::path::Path;

pub fn tell(program: &Path, album: &Album) -> Result<()> {
    let mut c = CommandBuilder::new("tmux");
    c.args(["-L", "shot", "-f", "/dev/null", "new-session", "printf '\\033[1;31mbold red\\033[0m \\033[2mdim\\033[0m \\033[7mrev\\033[0m \\033[4munder\\033[0m 漢字 ╭──┬─╮│├┼┤╰┴╯ ▁▂▃▄▅▆▇█ ⣿⡇⠁⢀ ░▒▓ ● ✗ ◐ ◌ ‖ ▲ ◷ ✓ ▸ ▌ ◆ ↻ ⏎ → − \\n'; ls --color /; read x"]);
    let mut t = Terminal::open(c, 100, 30)?;
    t.wait_for(&["bold red", "usr"])?;
    album.keep("trial", &t.screen(), &DARK)?;
    t.resize(80, 24)?;
    t.wait_until_gone("nothing of the kind")?;
    t.press("\n")?;
    let _ = program;
    t.wait_for_end()
}
