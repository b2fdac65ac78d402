use std::net::SocketAddr;

use axum::http::{HeaderMap, Uri, header};

/// The names under which this server answers.
///
/// A page on a foreign site can point its own name at 127.0.0.1 (DNS rebinding) and then speak to a server on
/// the reader's machine as if to itself; the `Host` header still carries the foreign name, so names that are
/// not ours are refused. Ports are not compared: a rebinding attacker does not control ours.
#[derive(Clone, Debug)]
pub struct Hosts {
    names: Option<Vec<String>>,
}

impl Hosts {
    /// Answers under any name: for a server behind a proxy that checks names itself.
    pub fn any() -> Hosts {
        Hosts { names: None }
    }

    /// The names of a listening address and of the configured base URL. On loopback only these; elsewhere
    /// only the base URL's if one is configured, else any.
    pub fn of(listen: SocketAddr, base_url: Option<&str>) -> Hosts {
        let configured = base_url.and_then(authority).and_then(host_of);
        if !listen.ip().is_loopback() && configured.is_none() {
            return Hosts::any();
        }
        let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
        names.push(listen.ip().to_string());
        names.extend(configured);
        Hosts { names: Some(names) }
    }

    /// Whether a request for this target with this `Host` is meant for us. A target may be a whole URL, and
    /// then its authority counts as well (RFC 9112, section 3.2.2).
    pub(crate) fn allow(&self, target: &Uri, headers: &HeaderMap) -> bool {
        let Some(names) = &self.names else { return true };
        let is_ours =
            |authority: &str| host_of(authority).is_some_and(|host| names.contains(&host));
        let mut values = headers.get_all(header::HOST).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return false };
        value.to_str().is_ok_and(is_ours)
            && target.authority().is_none_or(|authority| is_ours(authority.as_str()))
    }
}

/// `host:port` of an http(s) URL.
pub(crate) fn authority(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    rest.split('/').next().filter(|authority| !authority.is_empty())
}

/// The host without port and brackets, lower case; none if it is no `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host_of(authority: &str) -> Option<String> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = if rest.is_empty() { "" } else { rest.strip_prefix(':')? };
    port.bytes().all(|b| b.is_ascii_digit()).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(hosts: &Hosts, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        hosts.allow(&Uri::from_static("/x"), &headers)
    }

    #[test]
    fn foreign_names_are_refused_on_loopback() {
        let hosts = Hosts::of("127.0.0.1:8484".parse().unwrap(), Some("https://madang.example/x"));
        for good in ["localhost", "localhost:8484", "127.0.0.1:1", "[::1]:8484", "Madang.Example"] {
            assert!(allows(&hosts, good), "{good}");
        }
        let bad =
            ["evil.example", "localhost.evil.example:8484", "127.0.0.1.nip.io", "", "[::1]evil"];
        for bad in bad.into_iter().chain(["[::1]:1x", "[::1", "localhost:8484:1", "localhost:a@b"])
        {
            assert!(!allows(&hosts, bad), "{bad}");
        }
        assert!(!hosts.allow(&Uri::from_static("/x"), &HeaderMap::new()));
    }

    #[test]
    fn a_whole_url_as_target_is_held_to_the_same_names() {
        let hosts = Hosts::of("127.0.0.1:8484".parse().unwrap(), None);
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "localhost:8484".parse().unwrap());
        assert!(hosts.allow(&Uri::from_static("http://127.0.0.1:8484/x"), &headers));
        assert!(!hosts.allow(&Uri::from_static("http://evil.example/x"), &headers));
    }

    #[test]
    fn an_open_address_without_a_name_takes_any() {
        assert!(allows(&Hosts::of("0.0.0.0:80".parse().unwrap(), None), "pod-7.cluster"));
    }
}
