//! The token that senders must show. It is compared in a time that says nothing about it.

use crate::domain::channel::SecretRef;
use crate::sources::secret::Secrets;
use secrecy::ExposeSecret;
use std::path::Path;

/// A digest of the token; the token itself is not kept.
pub(super) struct Token(blake3::Hash);

impl Token {
    /// Fetches it from where it is.
    pub async fn fetch(secret: &SecretRef, workspace: &Path) -> Result<Self, String> {
        let found = Secrets::new(workspace).fetch(secret).await.map_err(|missing| missing.to_string())?;
        Ok(Self(blake3::hash(found.expose_secret().as_bytes())))
    }

    /// Whether a request's `Authorization` shows it.
    pub fn is_shown(&self, authorization: Option<&[u8]>) -> bool {
        let shown = authorization.and_then(|value| {
            let (scheme, rest) = value.split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then_some(rest)
        });
        // Digests are compared in constant time, and say nothing about how much of the token was right.
        shown.is_some_and(|shown| blake3::hash(shown) == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_right() {
        let token = Token(blake3::hash(b"s3cret"));
        assert!(token.is_shown(Some(b"Bearer s3cret")) && token.is_shown(Some(b"bearer s3cret")));
        for wrong in [&b"s3cret"[..], b"Bearer s3cre", b"Bearer s3cret ", b"Basic s3cret", b"Bearer ", b"Bea", b""] {
            assert!(!token.is_shown(Some(wrong)));
        }
        assert!(!token.is_shown(None));
    }
}
