//! The systemd unit that `dogwatch serve --unit` prints.

use std::path::Path;

/// A user unit for this workspace. `KillMode=process` lets running batches live through a restart of the daemon,
/// `OOMPolicy=continue` lets it live through a batch that ran out of memory, and the exit status of "already running" is
/// no reason to try again.
pub fn text(program: &Path, workspace: &Path) -> String {
    format!(
        "# ~/.config/systemd/user/dogwatch.service\n\
         # systemctl --user enable --now dogwatch; loginctl enable-linger\n\
         [Unit]\n\
         Description=dogwatch for {workspace}\n\
         \n\
         [Service]\n\
         Type=notify\n\
         ExecStart={program} --workspace {workspace} serve\n\
         ExecReload=/bin/kill -HUP $MAINPID\n\
         KillMode=process\n\
         OOMPolicy=continue\n\
         Restart=on-failure\n\
         RestartPreventExitStatus={running}\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n",
        workspace = workspace.display(),
        program = program.display(),
        running = super::ALREADY_RUNNING,
    )
}
