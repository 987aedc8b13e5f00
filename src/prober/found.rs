//! What one look found, and the words for everything that can go wrong with whose fault it is.
//!
//! Ours, `Verdict::Error`, never counted against the target: no descriptors, memory or ports left, no route or network
//! on this host, a firewall of this host, a resolver that does not answer, an unusable ca_file or definition.
//! The target's, `Verdict::Failed`: everything else, among it a name that does not exist.

use crate::domain::Verdict;
use crate::sources::cause::{self, causes};
use crate::sources::http_client::RedirectRefused;
use crate::sources::name_lookup::NameError;
use jiff::Timestamp;
use rustix::io::Errno;
use std::error::Error;
use std::io;

/// What one look found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not ok; empty when it is.
    pub reason: String,
    /// When the certificate that was shown ends.
    pub certificate_ends: Option<Timestamp>,
}

impl Found {
    /// As expected.
    pub fn ok() -> Self {
        Self { verdict: Verdict::Ok, reason: String::new(), certificate_ends: None }
    }

    /// It answers, but not well enough.
    pub fn degraded(reason: impl Into<String>) -> Self {
        Self { verdict: Verdict::Degraded, reason: reason.into(), certificate_ends: None }
    }

    /// The target failed.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self { verdict: Verdict::Failed, reason: reason.into(), certificate_ends: None }
    }

    /// The probe itself could not run.
    pub fn error(reason: impl Into<String>) -> Self {
        Self { verdict: Verdict::Error, reason: reason.into(), certificate_ends: None }
    }

    /// With the end of the certificate that was shown.
    pub fn with_certificate(mut self, ends: Option<Timestamp>) -> Self {
        self.certificate_ends = self.certificate_ends.or(ends);
        self
    }

    /// From an error and all that caused it: the first cause that is known decides.
    pub fn of_error(error: &(dyn Error + 'static)) -> Self {
        let found = causes(error).find_map(Self::of_cause);
        found.unwrap_or_else(|| Self::failed(causes(error).last().unwrap_or(error).to_string()))
    }

    fn of_cause(cause: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(name) = cause.downcast_ref::<NameError>() {
            return Some(match name {
                NameError::NotFound => Self::failed(name.to_string()),
                NameError::Resolver(_) => Self::error(name.to_string()),
            });
        }
        if let Some(redirect) = cause.downcast_ref::<RedirectRefused>() {
            return Some(Self::failed(redirect.to_string()));
        }
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Some(Self::failed(cause::tls(tls)).with_certificate(cause::ended(tls)));
        }
        cause.downcast_ref::<io::Error>().filter(|error| error.get_ref().is_none()).map(Self::of_io)
    }

    /// From the system's word.
    pub fn of_io(error: &io::Error) -> Self {
        let Some(errno) = Errno::from_io_error(error) else {
            return match error.kind() {
                io::ErrorKind::UnexpectedEof => Self::failed("connection closed before the answer ended"),
                _ => Self::failed(error.to_string()),
            };
        };
        match errno {
            Errno::CONNREFUSED => Self::failed("connection refused"),
            Errno::CONNRESET | Errno::PIPE | Errno::CONNABORTED => Self::failed("connection reset by the target"),
            Errno::HOSTUNREACH | Errno::HOSTDOWN => Self::failed("host unreachable"),
            Errno::TIMEDOUT => Self::failed("timed out while connecting"),
            Errno::MFILE => Self::error("dogwatch has no file descriptors left (raise the limit of open files)"),
            Errno::NFILE => Self::error("this host has no file descriptors left"),
            Errno::NOMEM | Errno::NOBUFS => Self::error("this host has no memory left for a connection"),
            Errno::ADDRNOTAVAIL | Errno::AGAIN => Self::error("this host has no local address or port left for a connection"),
            Errno::ACCESS | Errno::PERM => Self::error("this host forbids the connection (local firewall?)"),
            Errno::NETUNREACH | Errno::NETDOWN | Errno::AFNOSUPPORT => Self::error("this host has no route to the target"),
            _ => Self::failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::CertificateError;

    fn verdict_of(errno: Errno) -> Verdict {
        Found::of_io(&io::Error::from_raw_os_error(errno.raw_os_error())).verdict
    }

    #[test]
    fn what_this_host_lacks_is_never_the_targets_failure() {
        for ours in [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS, Errno::ADDRNOTAVAIL, Errno::PERM, Errno::NETUNREACH] {
            assert_eq!(verdict_of(ours), Verdict::Error, "{ours:?}");
        }
        for theirs in [Errno::CONNREFUSED, Errno::CONNRESET, Errno::HOSTUNREACH, Errno::TIMEDOUT] {
            assert_eq!(verdict_of(theirs), Verdict::Failed, "{theirs:?}");
        }
    }

    #[test]
    fn a_wrapped_cause_decides() {
        let wrapped = io::Error::other(io::Error::other(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)));
        assert_eq!(Found::of_error(&wrapped).reason, "certificate is not signed by a trusted authority");
        let wrapped = io::Error::other(NameError::Resolver("Try again".into()));
        assert_eq!(Found::of_error(&wrapped).verdict, Verdict::Error);
    }
}
