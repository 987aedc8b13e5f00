//! The demo's story, played to be looked at: a batch fails, its incident is taken, its runbook walked, the batch run again
//! from the failed step, the post-mortem written. Keys are pressed by the name of their action.

use super::album::Album;
use super::color::{DARK, LIGHT};
use super::keyboard::bytes;
use super::terminal::Terminal;
use anyhow::{Context as _, Result};
use dogwatch::console::Action;
use portable_pty::CommandBuilder;
use std::path::Path;

/// Plays it with this program, and keeps its pictures.
pub fn tell(program: &Path, album: &Album) -> Result<()> {
    let scratch = tempfile::Builder::new().prefix("dogwatch-pictures").tempdir()?;
    let folder = scratch.path().join("demo");
    let mut demo = CommandBuilder::new(program);
    demo.args(["--theme", "dark", "demo"]);
    demo.arg(&folder);
    demo.args(["--afterwards", "remove"]);
    let mut desk = Desk { terminal: Terminal::open(alone(demo, scratch.path()), 120, 40)?, album };

    desk.sees(&["check failed: exit 65", "1 open", "1 down"])?;
    desk.press(&[Action::Pane3])?;
    desk.sees(&["4 Runbook", "look at the error line"])?;
    for (columns, rows, name) in [(80, 24, "dashboard-80x24"), (200, 60, "dashboard-200x60"), (120, 40, "dashboard")] {
        desk.terminal.resize(columns, rows)?;
        desk.terminal.wait_for_last_row("q quit")?;
        desk.keep(name)?;
    }
    desk.press(&[Action::OnCall])?;
    desk.sees(&["Told next", "(step 1)"])?;
    desk.keep("on-call")?;
    desk.press(&[Action::Back])?;
    desk.sees(&["4 Runbook", "look at the error line"])?;
    desk.press(&[Action::Palette])?;
    desk.types("post")?;
    desk.sees(&["post-mortem"])?;
    desk.keep("palette")?;
    desk.press(&[Action::Cancel])?;
    // Escape and a key that comes at once would be one key, with alt.
    desk.terminal.wait_until_gone("command ──")?;
    desk.press(&[Action::Help])?;
    desk.sees(&["Say that you work on the incident."])?;
    desk.keep("help")?;
    desk.press(&[Action::Cancel])?;
    desk.terminal.wait_until_gone("help ──")?;

    let mut light = CommandBuilder::new(program);
    light.args(["--theme", "light", "--workspace"]);
    light.arg(&folder);
    light.arg("--state");
    light.arg(folder.join("state"));
    let mut other = Desk { terminal: Terminal::open(alone(light, scratch.path()), 120, 40)?, album };
    other.sees(&["check failed: exit 65", "1 open", "1 down"])?;
    album.keep("light", &other.terminal.screen(), &LIGHT)?;
    other.press(&[Action::Quit, Action::Confirm])?;
    other.terminal.wait_for_end()?;

    desk.repair()?;
    desk.write_up()?;
    desk.look_around()?;
    desk.press(&[Action::Quit, Action::Confirm])?;
    desk.terminal.wait_for_end().context("the demo does not end")
}

/// Somebody at a terminal, with an album.
struct Desk<'a> {
    terminal: Terminal,
    album: &'a Album,
}

impl Desk<'_> {
    /// Takes the incident, walks its runbook, runs the batch again.
    fn repair(&mut self) -> Result<()> {
        self.press(&[Action::Ack, Action::Confirm])?;
        self.sees(&["acked"])?;
        self.press(&[Action::Runbook])?;
        self.sees(&["When this applies"])?;
        self.press(&[Action::RunStep, Action::Confirm])?;
        self.sees(&["237 good rows, 3 bad rows"])?;
        self.keep("output")?;
        self.press(&[Action::Back])?;
        self.sees(&["1/5"])?;
        // The step after the next is below the page: `down` turns the text until it is in sight.
        self.press(&[Action::Down, Action::Down, Action::Down, Action::Down, Action::RunStep])?;
        // A dangerous step: the first try puts the cursor where its name must be typed.
        self.sees(&["bin/export-again"])?;
        self.press(&[Action::Confirm])?;
        self.types("export-again")?;
        self.press(&[Action::Confirm])?;
        self.sees(&["exported again (1)"])?;
        self.press(&[Action::Back])?;
        self.sees(&["2/5"])?;
        self.keep("runbook")?;
        self.press(&[Action::Back])?;
        self.sees(&["1 Flows"])?;
        self.press(&[Action::Open])?;
        self.sees(&["Timeline", "acknowledged"])?;
        self.press(&[Action::Rerun])?;
        self.sees(&["rerun nightly-orders"])?;
        self.press(&[Action::Confirm])?; // puts the cursor where a reason is wanted
        self.types("the export is repaired")?;
        self.press(&[Action::Confirm])?;
        self.sees(&["● success  nightly-orders/", "over"])?;
        self.keep("incident")?;
        self.press(&[Action::Strip])?;
        self.sees(&["Strip of incident 1", "What happened"])?;
        self.keep("strip")?;
        self.press(&[Action::Back])?;
        self.sees(&["╭ Timeline"])
    }

    /// The flow, its run, the probe.
    fn look_around(&mut self) -> Result<()> {
        self.press(&[Action::Back])?;
        self.sees(&["1 Flows"])?;
        self.find(Action::Pane1, "nightly")?;
        self.press(&[Action::Open])?;
        self.sees(&["Runs", "rerun of nightly-orders/"])?;
        self.keep("flow")?;
        self.press(&[Action::Back])?;
        self.sees(&["1 Flows"])?;
        self.find(Action::Pane1, "settle")?;
        self.press(&[Action::Open])?;
        self.sees(&["flow settle-fx", "Runs"])?;
        self.press(&[Action::Open])?;
        self.sees(&["Graph", "Steps", "success"])?;
        self.keep("run")?;
        self.press(&[Action::Back])?;
        self.sees(&["Runs"])?;
        self.press(&[Action::Back])?;
        self.sees(&["2 Probes"])?;
        self.find(Action::Pane2, "search")?;
        self.press(&[Action::Open])?;
        self.sees(&["search?q=basket"])?;
        self.keep("probe")?;
        self.press(&[Action::Back])?;
        self.sees(&["3 Incidents"])
    }

    /// The post-mortem, as it is drafted, from the incident's page.
    fn write_up(&mut self) -> Result<()> {
        self.press(&[Action::PostMortem])?;
        self.sees(&["post-mortem about incident"])?;
        self.press(&[Action::Save])?;
        self.terminal.wait_until_gone("not saved")?;
        self.keep("post-mortem")?;
        self.press(&[Action::LeaveNote])?;
        self.sees(&["╭ Incident 1", "╭ Timeline"])
    }

    /// Leaves only one row in a pane, with the cursor on it.
    fn find(&mut self, pane: Action, text: &str) -> Result<()> {
        self.press(&[pane, Action::Filter])?;
        self.press(&[Action::DeleteLeft; 12])?; // what was looked for before
        self.types(text)?;
        self.press(&[Action::Confirm])
    }

    fn press(&mut self, actions: &[Action]) -> Result<()> {
        for action in actions {
            let key = action.row().keys.first().with_context(|| format!("{action} has no key"))?;
            self.terminal.press(&bytes(key)?)?;
        }
        Ok(())
    }

    fn types(&mut self, text: &str) -> Result<()> {
        self.terminal.press(text)
    }

    fn sees(&self, texts: &[&str]) -> Result<()> {
        self.terminal.wait_for(texts)
    }

    fn keep(&self, name: &str) -> Result<()> {
        self.album.keep(name, &self.terminal.screen(), &DARK)
    }
}

/// With nothing of the person who takes the pictures: no settings, no keys, no editor.
fn alone(mut command: CommandBuilder, home: &Path) -> CommandBuilder {
    let user = std::env::var_os("USER").unwrap_or_else(|| "root".into());
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    command.env_clear();
    for (name, value) in [("PATH", path), ("HOME", home.into()), ("USER", user), ("LANG", "C.UTF-8".into()), ("SHELL", "/bin/sh".into())] {
        command.env(name, value);
    }
    command.cwd(home);
    command
}
