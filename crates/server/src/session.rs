use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use madang_document::blob_id::BlobId;
use madang_document::principal::Principal;
use madang_document::timestamp::Timestamp;

/// Sessions of people in browsers, and the one-time links that begin them. Kept in memory: a restart signs
/// everybody out, and nothing on disk can be stolen.
///
/// Only SHA-256 digests of tokens are held. A digest is looked up, never the token, so the time a lookup takes
/// tells nothing about a token of 256 random bits; links are compared in constant time besides.
#[derive(Debug)]
pub struct Sessions {
    lifetime_ms: i64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    links: Vec<Link>,
    sessions: HashMap<BlobId, Session>,
}

#[derive(Debug)]
struct Link {
    digest: BlobId,
    bearer: Bearer,
    expires: Timestamp,
}

#[derive(Debug)]
struct Session {
    bearer: Bearer,
    expires: Timestamp,
}

/// On whose behalf a session speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bearer {
    /// A principal that the binary vouched for with a sign-in link.
    Vouched(Principal),
    /// The bearer of the API key with this hash: looked up anew at each request, so that revoking a key ends
    /// its sessions too.
    Key(BlobId),
}

/// How long a sign-in link can be used: a day, so that the one printed at first start survives lunch.
const LINK_MS: i64 = 24 * 60 * 60 * 1000;
/// Sessions and links held at once; the ones that end soonest make room.
const MOST: usize = 10_000;

impl Sessions {
    /// Sessions that end after so many milliseconds without use.
    pub fn new(lifetime_ms: i64) -> Sessions {
        Sessions { lifetime_ms, state: Mutex::default() }
    }

    /// Makes a token for `/sign-in?token=…`, to be used once.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn link(&self, principal: Principal, now: Timestamp) -> Result<String, getrandom::Error> {
        let (token, digest) = token()?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.links.retain(|link| link.expires > now);
        if state.links.len() >= MOST {
            state.links.remove(0);
        }
        state.links.push(Link {
            digest,
            bearer: Bearer::Vouched(principal),
            expires: now.plus_ms(LINK_MS),
        });
        Ok(token)
    }

    /// Uses a link up; gives the token of the session that it begins, or none if the link is unknown, used or
    /// too old.
    pub(crate) fn redeem(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<String>, getrandom::Error> {
        let digest = BlobId::of(token.as_bytes());
        let bearer = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.links.retain(|link| link.expires > now);
            let mut found = None;
            for (n, link) in state.links.iter().enumerate() {
                if same(&link.digest, &digest) {
                    found = Some(n);
                }
            }
            found.map(|n| state.links.swap_remove(n).bearer)
        };
        bearer.map(|bearer| self.begin(bearer, now)).transpose()
    }

    /// Begins a session; gives its token.
    pub(crate) fn begin(&self, bearer: Bearer, now: Timestamp) -> Result<String, getrandom::Error> {
        let (token, digest) = token()?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sessions.retain(|_, session| session.expires > now);
        if state.sessions.len() >= MOST {
            let soonest =
                state.sessions.iter().min_by_key(|(_, session)| session.expires).map(|(id, _)| *id);
            if let Some(soonest) = soonest {
                state.sessions.remove(&soonest);
            }
        }
        let expires = now.plus_ms(self.lifetime_ms);
        state.sessions.insert(digest, Session { bearer, expires });
        Ok(token)
    }

    /// Whose session this is, by the hash of its token, prolonging it; none if it is unknown or has ended.
    pub(crate) fn bearer(&self, token: &BlobId, now: Timestamp) -> Option<Bearer> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let session = state.sessions.get_mut(token).filter(|session| session.expires > now)?;
        session.expires = now.plus_ms(self.lifetime_ms);
        Some(session.bearer.clone())
    }

    /// As [`Sessions::bearer`], but no use of it: it ends when it would have.
    pub(crate) fn is_live(&self, token: &BlobId, now: Timestamp) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sessions.get(token).is_some_and(|session| session.expires > now)
    }

    /// Ends a session.
    pub(crate) fn end(&self, token: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sessions.remove(&BlobId::of(token.as_bytes()));
    }
}

/// 256 random bits as text, and their digest.
fn token() -> Result<(String, BlobId), getrandom::Error> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)?;
    let token = BlobId::from_digest(bytes).to_string();
    let digest = BlobId::of(token.as_bytes());
    Ok((token, digest))
}

/// Compares without stopping at the first difference.
fn same(a: &BlobId, b: &BlobId) -> bool {
    let difference = a.as_bytes().iter().zip(b.as_bytes()).fold(0u8, |acc, (a, b)| acc | (a ^ b));
    std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(token: &str) -> BlobId {
        BlobId::of(token.as_bytes())
    }

    #[test]
    fn a_link_works_once() {
        let sessions = Sessions::new(1000);
        let now = Timestamp(0);
        let link = sessions.link(Principal::local(), now).unwrap();
        assert!(sessions.redeem("0000", now).unwrap().is_none());
        let session = sessions.redeem(&link, now).unwrap().unwrap();
        assert!(sessions.redeem(&link, now).unwrap().is_none());
        assert_ne!(session, link);
        assert_eq!(
            sessions.bearer(&digest(&session), now),
            Some(Bearer::Vouched(Principal::local()))
        );
        assert_eq!(sessions.bearer(&digest(&link), now), None);
    }

    #[test]
    fn links_and_sessions_end() {
        let sessions = Sessions::new(1000);
        let link = sessions.link(Principal::local(), Timestamp(0)).unwrap();
        assert!(sessions.redeem(&link, Timestamp(LINK_MS)).unwrap().is_none());

        let session = sessions.begin(Bearer::Key(BlobId::of(b"k")), Timestamp(0)).unwrap();
        assert!(sessions.bearer(&digest(&session), Timestamp(900)).is_some(), "use prolongs it");
        assert!(sessions.bearer(&digest(&session), Timestamp(1800)).is_some());
        assert!(sessions.is_live(&digest(&session), Timestamp(2799)), "no use of it");
        assert!(!sessions.is_live(&digest(&session), Timestamp(2800)));
        assert!(sessions.bearer(&digest(&session), Timestamp(2800)).is_none());

        let session = sessions.begin(Bearer::Key(BlobId::of(b"k")), Timestamp(0)).unwrap();
        sessions.end(&session);
        assert!(sessions.bearer(&digest(&session), Timestamp(1)).is_none());
    }
}
