//! Why a connection failed, in words for people: an error with its causes, and TLS without the library's own terms.

use jiff::Timestamp;
use rustls::CertificateError;
use std::error::Error;
use std::io;

/// An error and everything that caused it, the outermost first; errors that `io::Error` wraps are among them.
pub fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |this| cause_of(*this))
}

fn cause_of<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped), // `source` would leave out the wrapped error itself
        None => error.source(),
    }
}

/// Why it failed, in one line: the trouble with TLS where it is that, else each cause, said once.
pub fn why(error: &(dyn Error + 'static)) -> String {
    if let Some(error) = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return tls(error);
    }
    let mut words = String::new();
    for more in causes(error).map(ToString::to_string) {
        if words.is_empty() {
            words = more;
        } else if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
    }
    words
}

/// What is wrong with a handshake.
pub fn tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(wrong) => certificate(wrong),
        rustls::Error::AlertReceived(alert) => format!("TLS: the target ended the handshake: {alert:?}"),
        rustls::Error::InvalidMessage(_) => "TLS: the target does not speak TLS on this port".into(),
        other => format!("TLS: {other}"),
    }
}

/// When the certificate ended that was refused for that.
pub fn ended(error: &rustls::Error) -> Option<Timestamp> {
    let rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) = error else { return None };
    i64::try_from(not_after.as_secs()).ok().and_then(|second| Timestamp::from_second(second).ok())
}

fn certificate(wrong: &CertificateError) -> String {
    match wrong {
        CertificateError::ExpiredContext { time, not_after } => {
            format!("certificate expired {} ago", age(time.as_secs().saturating_sub(not_after.as_secs())))
        }
        CertificateError::Expired => "certificate expired".into(),
        CertificateError::NotValidYetContext { time, not_before } => {
            format!("certificate is valid only in {}", age(not_before.as_secs().saturating_sub(time.as_secs())))
        }
        CertificateError::NotValidYet => "certificate is not valid yet".into(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            // The library names them as it keeps them: `DnsName("shop.example")`.
            let names: Vec<_> = presented.iter().map(|name| name.split('"').nth(1).unwrap_or(name)).collect();
            let shown = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
            format!("certificate is for {shown}, not for {}", expected.to_str())
        }
        CertificateError::NotValidForName => "certificate is for another name".into(),
        CertificateError::UnknownIssuer => "certificate is not signed by a trusted authority".into(),
        CertificateError::BadSignature => "certificate is not signed by the authority that it names".into(),
        CertificateError::Revoked => "certificate is revoked".into(),
        // The library keeps this one as another library's error, which has no name of its own here.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "the certificate is a CA's own, not a server's".into()
        }
        other => format!("certificate refused: {other}"),
    }
}

/// A length of time as a person says it: `3 days`, `5 h`, `12 min`.
fn age(seconds: u64) -> String {
    match seconds {
        0..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        86_400..172_800 => "1 day".into(),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_said_once_and_tls_in_plain_words() {
        let twice = io::Error::other(io::Error::other("connection refused"));
        assert_eq!(why(&twice), "connection refused");
        let tls = io::Error::other(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer));
        assert_eq!(why(&tls), "certificate is not signed by a trusted authority");
    }

    #[test]
    fn lengths_of_time_are_words() {
        let words: Vec<_> = [60, 7_200, 86_400, 3 * 86_400].map(age).into();
        assert_eq!(words, ["1 min", "2 h", "1 day", "3 days"]);
    }
}
