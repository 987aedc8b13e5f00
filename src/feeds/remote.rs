//! Whether changes of a folder can be made elsewhere, where this kernel does not see them.

use std::path::Path;

/// File systems of networks and of other programs, by the number that `statfs` gives them: NFS, SMB (three), 9p, AFS,
/// Ceph, Coda, FUSE, GFS2, Lustre, OCFS2 (Linux, `statfs(2)`).
const REMOTE: [u32; 12] = [
    0x6969,
    0x517b,
    0xfe53_4d42,
    0xff53_4d42,
    0x0102_1997,
    0x5346_414f,
    0x00c3_6400,
    0x7375_7245,
    0x6573_5546,
    0x0116_1970,
    0x0bd0_0bd0,
    0x7461_636f,
];

/// Whether a folder is on such a file system. One that does not say is taken for local.
pub(super) fn is_remote(folder: &Path) -> bool {
    rustix::fs::statfs(folder).is_ok_and(|system| REMOTE.contains(&(system.f_type as u32)))
}
