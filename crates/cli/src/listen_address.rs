use std::net::SocketAddr;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// An address to listen on, as `--listen` and `listen` give it.
///
/// # Errors
/// How one is written.
pub(crate) fn parse(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!(
            "`{text}` is no address to listen on: write an address of this machine in numbers and a port, as in \
             127.0.0.1:8484, [::1]:8484, or 0.0.0.0:8484 for all of them"
        )
    })
}

/// The same, of a configuration.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<SocketAddr>, D::Error> {
    parse(&String::deserialize(from)?).map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_told_how_one_looks() {
        for good in ["127.0.0.1:8484", "[::1]:0", "0.0.0.0:80"] {
            assert_eq!(parse(good).unwrap().to_string(), good);
        }
        for bad in ["nope", "", "8484", ":8484", "127.0.0.1", "localhost:8484", "127.0.0.1:99999"] {
            let told = parse(bad).unwrap_err();
            assert!(told.contains(&format!("`{bad}` is no address")), "{told}");
            assert!(told.contains("127.0.0.1:8484") && told.contains("[::1]:8484"), "{told}");
        }
    }
}
