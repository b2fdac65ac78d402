use std::env::VarError;

use axum::http::HeaderValue;

use crate::failure::Failure;
use crate::own_keys::ADMIN_KEY;

/// The variable that gives the key to commands.
const KEY: &str = "MADANG_KEY";

/// The key that a command asks a service with: that of `--key`, else of the environment. A variable that is blank is
/// none.
///
/// # Errors
/// When what was given can be no key, with where it stands.
pub(crate) fn given_key(
    said: Option<&str>,
    variable: impl Fn(&str) -> Result<String, VarError>,
) -> Result<Option<String>, Failure> {
    if let Some(said) = said {
        return sound("--key", said.to_owned()).map(Some);
    }
    for name in [KEY, ADMIN_KEY] {
        match variable(name) {
            Ok(key) if key.is_empty() => {}
            Ok(key) => return sound(name, key).map(Some),
            Err(VarError::NotPresent) => {}
            Err(VarError::NotUnicode(_)) => return Err(Failure::usage(told(name))),
        }
    }
    Ok(None)
}

/// A key travels in a line of a request: what cannot stand there is none.
fn sound(from: &str, key: String) -> Result<String, Failure> {
    let fits = !key.trim().is_empty()
        && key.trim() == key
        && HeaderValue::from_bytes(key.as_bytes()).is_ok();
    match fits {
        true => Ok(key),
        false => Err(Failure::usage(told(from))),
    }
}

fn told(from: &str) -> String {
    format!(
        "{from} holds no key: it is blank, or has a line break, a blank at an end or another character that no key \
         has; copy the key once more (`madang key new` prints it)"
    )
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    type Variable = Result<String, VarError>;

    fn given(said: Option<&str>, key: Variable, admin: Variable) -> Result<Option<String>, String> {
        let variable = |name: &str| match name {
            KEY => key.clone(),
            _ => admin.clone(),
        };
        given_key(said, variable).map_err(|failure| failure.told().join("\n"))
    }

    #[test]
    fn the_first_that_is_given_counts() {
        let text = |text: &str| Ok(text.to_owned());
        let none = || Err(VarError::NotPresent);
        for (said, key, admin, expected) in [
            (None, none(), none(), None),
            (None, none(), text("admin"), Some("admin")),
            (None, text(""), text("admin"), Some("admin")),
            (None, text("key"), text("admin"), Some("key")),
            (Some("said"), text("bad\nkey"), none(), Some("said")),
        ] {
            let found = given(said, key.clone(), admin.clone()).unwrap();
            assert_eq!(found.as_deref(), expected, "{said:?} {key:?} {admin:?}");
        }
    }

    #[test]
    fn what_can_be_no_key_is_told_with_its_place() {
        let odd = || Err(VarError::NotUnicode(OsString::from_vec(vec![0xFF])));
        for bad in ["bad\nkey", "key\n", " key", "  ", "k\u{7f}", "k\u{1b}"] {
            let told = given(None, Ok(bad.to_owned()), Ok("admin".into())).unwrap_err();
            assert!(told.starts_with("MADANG_KEY holds no key"), "{told}");
            let told = given(Some(bad), odd(), odd()).unwrap_err();
            assert!(told.starts_with("--key holds no key"), "{told}");
        }
        assert!(given(Some(""), odd(), odd()).unwrap_err().starts_with("--key"));
        assert!(given(None, odd(), odd()).unwrap_err().starts_with("MADANG_KEY"));
        let admin = given(None, Err(VarError::NotPresent), odd()).unwrap_err();
        assert!(admin.starts_with("MADANG_ADMIN_KEY"), "{admin}");
    }
}
