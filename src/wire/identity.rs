//! Who is at the other end: the kernel's word, never the peer's own.

use crate::domain::{Author, Level};
use serde::{Deserialize, Serialize};
use std::io;
use tokio::net::UnixStream;

/// The process at the other end of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its user id when it connected.
    pub uid: u32,
    /// The login uid of its process, where it is set.
    pub login_uid: Option<u32>,
    /// The user's name, or the number where the host knows no name.
    pub user: String,
}

impl Peer {
    /// Asks the kernel about a connected socket.
    pub fn of(stream: &UnixStream) -> io::Result<Self> {
        let credentials = stream.peer_cred()?;
        let uid = credentials.uid();
        let login_uid = credentials.pid().and_then(login_uid);
        Ok(Self { uid, login_uid, user: user_name(uid) })
    }

    /// The peer as the author of entries.
    pub fn author(&self, sudo_claim: Option<&str>) -> Author {
        Author::Person {
            uid: self.uid,
            user: self.user.clone(),
            login_uid: self.login_uid.filter(|login| *login != self.uid),
            sudo_claim: sudo_claim.map(|claim| claim.chars().take(64).collect()),
        }
    }
}

/// The login uid of a process, read while a descriptor pins the process: a number that was given away says nothing.
fn login_uid(pid: i32) -> Option<u32> {
    let pid = rustix::process::Pid::from_raw(pid)?;
    let pinned = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()?;
    let text = std::fs::read_to_string(format!("/proc/{}/loginuid", pid.as_raw_nonzero())).ok()?;
    let mut ended = [rustix::event::PollFd::new(&pinned, rustix::event::PollFlags::IN)];
    let alive = rustix::event::poll(&mut ended, Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 })).ok()? == 0;
    text.trim().parse().ok().filter(|uid| alive && *uid != u32::MAX)
}

/// The name of a user, or the number where the host knows no name.
pub fn user_name(uid: u32) -> String {
    uzers::get_user_by_uid(uid).map_or_else(|| uid.to_string(), |user| user.name().to_string_lossy().into_owned())
}

/// The user id behind a name or number.
pub fn user_id(name: &str) -> Option<u32> {
    uzers::get_user_by_name(name).map(|user| user.uid()).or_else(|| name.parse().ok())
}

/// Who may do what, as the workspace says: Unix users, or groups with a leading `@`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// May act.
    pub operators: Vec<String>,
    /// May look.
    pub viewers: Vec<String>,
    /// May give the second word.
    pub approvers: Vec<String>,
}

impl Access {
    /// Whether anyone but the owner is named.
    pub fn is_shared(&self) -> bool {
        !(self.operators.is_empty() && self.viewers.is_empty() && self.approvers.is_empty())
    }

    /// What a user may do; none means: not even look. The daemon's owner may act.
    pub fn level(&self, uid: u32, owner: u32) -> Option<Level> {
        let user = user_name(uid);
        let groups: Vec<String> = uzers::get_user_by_uid(uid)
            .and_then(|user| user.groups())
            .unwrap_or_default()
            .iter()
            .map(|group| group.name().to_string_lossy().into_owned())
            .collect();
        let named = |list: &[String]| {
            list.iter().any(|name| match name.strip_prefix('@') {
                Some(group) => groups.iter().any(|other| other == group),
                None => *name == user,
            })
        };
        [(Level::Approver, &self.approvers), (Level::Operator, &self.operators), (Level::Viewer, &self.viewers)]
            .into_iter()
            .find(|(_, list)| named(list))
            .map(|(level, _)| level)
            .max((uid == owner).then_some(Level::Operator))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_may_look_where_nobody_is_named() {
        let access = Access::default();
        assert_eq!(access.level(4_242, 4_242), Some(Level::Operator));
        assert_eq!(access.level(4_243, 4_242), None);
    }

    #[test]
    fn a_named_user_may_do_what_the_list_says() {
        let access = Access { viewers: vec!["root".into()], ..Access::default() };
        assert_eq!(access.level(0, 4_242), Some(Level::Viewer));
        let access = Access { approvers: vec!["@root".into()], ..Access::default() };
        assert_eq!(access.level(0, 4_242), Some(Level::Approver));
    }
}
