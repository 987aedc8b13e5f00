//! Whether the end of the login session would end the daemon: logind may kill what a user leaves behind.

use std::path::Path;

/// What to do where logging out would end the daemon and its batches; nothing where it would not.
pub fn warning() -> Option<String> {
    let user = crate::wire::identity::user_name(rustix::process::getuid().as_raw());
    let lingers = Path::new("/var/lib/systemd/linger").join(&user).exists();
    (!lingers && kills_user_processes() && std::env::var_os("INVOCATION_ID").is_none()).then(|| {
        format!(
            "logging out ends this daemon and its batches (KillUserProcesses=yes in logind.conf): run `loginctl enable-linger {user}` \
             and the unit that `dogwatch serve --unit` prints"
        )
    })
}

/// The setting as logind reads it: the main file, then the drop-ins in the order of their names.
fn kills_user_processes() -> bool {
    let mut files = vec![Path::new("/etc/systemd/logind.conf").to_owned()];
    for folder in ["/usr/lib/systemd/logind.conf.d", "/etc/systemd/logind.conf.d"] {
        let mut found: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        found.sort();
        files.extend(found);
    }
    let setting = |line: &str| line.trim().strip_prefix("KillUserProcesses=").map(|value| matches!(value, "yes" | "true" | "1" | "on"));
    files
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .filter_map(|text| text.lines().filter_map(setting).next_back())
        .next_back()
        .unwrap_or(false)
}
