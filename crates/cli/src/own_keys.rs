use std::env::VarError;

use madang_document::blob_id::BlobId;
use madang_ledger::ledger::Ledger;
use madang_server::server::OwnKey;

use crate::failure::Failure;
use crate::local_key;
use crate::terminal::{line, shown};

/// The keys that stand outside the ledger: the owner's beside the data, and the one that scripts set. They are as
/// they stand at this start, whatever was before; nothing of them is kept.
pub(crate) fn own_keys(local: Option<&str>, admin: Option<&str>) -> Vec<OwnKey> {
    let key =
        |name: &str, key: &str| OwnKey { name: name.to_owned(), hash: BlobId::of(key.as_bytes()) };
    let local = local.map(|local| key(local_key::FILE, local));
    local.into_iter().chain(admin.map(|admin| key(ADMIN_KEY, admin))).collect()
}

/// The key that scripts set, if there is one.
pub(crate) fn admin_key(chosen: Result<String, VarError>) -> Result<Option<String>, Failure> {
    match chosen {
        Ok(chosen) if chosen.chars().count() < SHORTEST_KEY => Err(Failure::usage(format!(
            "{ADMIN_KEY} has fewer than {SHORTEST_KEY} characters, and whoever guesses it may do everything; \
             set it to a random one (`openssl rand -hex 32` makes one)"
        ))),
        Ok(chosen) => Ok(Some(chosen)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Failure::usage(format!(
            "{ADMIN_KEY} is not UTF-8; set it to a random key of letters and digits"
        ))),
    }
}

/// The variable that sets a key.
pub(crate) const ADMIN_KEY: &str = "MADANG_ADMIN_KEY";

/// Characters that it has at least: 128 bits as hexadecimal digits.
const SHORTEST_KEY: usize = 32;

/// Earlier versions kept the owner's and the environment's key in the ledger, under these names, where they outlived
/// their change.
pub(crate) async fn revoke_kept_keys(ledger: &dyn Ledger) -> Result<(), Failure> {
    for key in ledger.keys().await? {
        if key.revoked_at.is_none()
            && ["local command line", ADMIN_KEY].contains(&key.name.as_str())
        {
            ledger.revoke_key(key.id, "local").await?;
            line(&shown!(
                "key {} ({}) of an earlier version is revoked: that key counts from its own place only",
                key.id,
                key.name
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn a_chosen_key_is_long_and_a_text() {
        let names = |chosen: Result<String, VarError>| {
            let admin = admin_key(chosen).map_err(|failure| match failure {
                Failure::Usage(message) => message.to_string(),
                other => panic!("{other:?}"),
            })?;
            let keys = own_keys(Some("local"), admin.as_deref());
            Ok::<_, String>(keys.into_iter().map(|key| key.name).collect::<Vec<_>>())
        };
        let own = local_key::FILE.to_owned();
        assert_eq!(names(Err(VarError::NotPresent)), Ok(vec![own.clone()]));
        let enough = Ok("k".repeat(SHORTEST_KEY));
        assert_eq!(names(enough), Ok(vec![own, ADMIN_KEY.to_owned()]));
        for short in [String::new(), "k".repeat(SHORTEST_KEY - 1), "가".repeat(SHORTEST_KEY - 1)] {
            let refused = names(Ok(short)).unwrap_err();
            assert!(refused.contains("fewer than 32 characters"), "{refused}");
            assert!(refused.contains("openssl rand -hex 32"), "no cure: {refused}");
        }
        let odd = OsString::from_vec(vec![0xFF; SHORTEST_KEY]);
        let refused = names(Err(VarError::NotUnicode(odd))).unwrap_err();
        assert!(refused.contains("is not UTF-8; set it to a random key"), "{refused}");
    }
}
