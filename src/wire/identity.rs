//! Who is at the other end: the kernel's word, never the peer's own.

use crate::domain::{Author, Level};
use crate::workspace::{Access, Principal};
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

/// Whoever runs this process, as the author of an entry that needs no daemon.
pub fn own_author() -> Author {
    let uid = rustix::process::getuid().as_raw();
    let login = std::fs::read_to_string("/proc/self/loginuid").ok().and_then(|text| text.trim().parse().ok());
    let peer = Peer { uid, login_uid: login.filter(|login| *login != u32::MAX), user: user_name(uid) };
    peer.author(std::env::var("SUDO_USER").ok().as_deref())
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

/// What a user may do by `[access]` of the workspace; none means: not even look. The daemon's owner may act.
pub fn level(access: Option<&Access>, uid: u32, owner: u32) -> Option<Level> {
    let own = (uid == owner).then_some(Level::Operator);
    let Some(access) = access else { return own };
    let user = user_name(uid);
    let groups: Vec<String> = uzers::get_user_by_uid(uid)
        .and_then(|user| user.groups())
        .unwrap_or_default()
        .iter()
        .map(|group| group.name().to_string_lossy().into_owned())
        .collect();
    let named = |list: &[Principal]| {
        list.iter().any(|principal| match principal {
            Principal::Group(group) => groups.contains(group),
            Principal::User(name) => *name == user,
        })
    };
    [(Level::Approver, &access.approvers), (Level::Operator, &access.operators), (Level::Viewer, &access.viewers)]
        .into_iter()
        .find(|(_, list)| named(list))
        .map(|(level, _)| level)
        .max(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_may_look_where_nobody_is_named() {
        assert_eq!(level(None, 4_242, 4_242), Some(Level::Operator));
        assert_eq!(level(None, 4_243, 4_242), None);
    }

    #[test]
    fn a_named_user_may_do_what_the_list_says() {
        let access = Access { viewers: vec![Principal::User("root".into())], ..Access::default() };
        assert_eq!(level(Some(&access), 0, 4_242), Some(Level::Viewer));
        let access = Access { approvers: vec![Principal::Group("root".into())], ..Access::default() };
        assert_eq!(level(Some(&access), 0, 4_242), Some(Level::Approver));
        assert_eq!(level(Some(&access), 4_242, 4_242), Some(Level::Operator));
    }
}
