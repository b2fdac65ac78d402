use axum::http::{HeaderMap, Uri, header};
use madang_document::agency::Agency;
use madang_document::blob_id::BlobId;
use madang_document::locale::Locale;
use madang_document::principal::Principal;

use crate::problem::Problem;

/// Who asks. A route that is not open gets one, and it is the only way to a scope.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// The key of the ledger on which all of it stands; none for what stands outside.
    pub(crate) key: Option<i64>,
    pub(crate) credential: Credential,
}

/// By what a caller was known. What goes on after the request was let in asks again whether it still holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Credential {
    /// An API key, sent along.
    Key,
    /// The session whose token has this hash.
    Session(BlobId),
}

impl Caller {
    /// 404 for what belongs to an agency that is hidden from the caller.
    pub(crate) fn must_see(
        &self,
        agency: &Agency,
        ko_noun: &str,
        en_noun: &str,
    ) -> Result<(), Problem> {
        if self.principal.agencies.covers(agency) {
            Ok(())
        } else {
            Err(Problem::not_found(ko_noun, en_noun))
        }
    }
}

/// How the asker wants to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    /// In which language pages are.
    pub(crate) locale: Locale,
    /// Whether a person reads the answer in a browser.
    pub(crate) html: bool,
}

/// The cookie that remembers the language chosen with `?hl=`.
pub(crate) const LANGUAGE_COOKIE: &str = "madang_hl";

impl Manner {
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Manner {
        let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let chosen = chosen(uri);
        let locale = chosen
            .or_else(|| cookie(headers, LANGUAGE_COOKIE).and_then(locale_of))
            .unwrap_or_else(|| preferred(headers));
        Manner { locale, html: accept.contains("text/html") }
    }
}

/// The language asked for with `?hl=`.
pub(crate) fn chosen(uri: &Uri) -> Option<Locale> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix("hl=")).and_then(locale_of)
}

/// The language's code.
pub(crate) fn code(locale: Locale) -> &'static str {
    match locale {
        Locale::Korean => "ko",
        Locale::English => "en",
    }
}

fn locale_of(code: &str) -> Option<Locale> {
    match code {
        "ko" => Some(Locale::Korean),
        "en" => Some(Locale::English),
        _ => None,
    }
}

/// Whichever of the two `Accept-Language` names first; Korean if it names neither.
fn preferred(headers: &HeaderMap) -> Locale {
    let accept = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    let first = accept.unwrap_or_default().split(',').find_map(|range| {
        let tag = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        locale_of(tag.split('-').next().unwrap_or_default())
    });
    first.unwrap_or(Locale::Korean)
}

/// The value of a cookie. None if it stands twice: somebody set another one over ours.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = None;
    for header in headers.get_all(header::COOKIE) {
        for pair in header.to_str().ok()?.split(';') {
            let Some((key, value)) = pair.trim().split_once('=') else { continue };
            if key == name && found.replace(value).is_some() {
                return None;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manner(uri: &str, lines: &[(&'static str, &str)]) -> Manner {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        Manner::of(&uri.parse().unwrap(), &headers)
    }

    #[test]
    fn korean_first_unless_asked() {
        use Locale::{English, Korean};
        assert_eq!(manner("/", &[]).locale, Korean);
        assert_eq!(manner("/", &[("accept-language", "fr,de;q=0.5")]).locale, Korean);
        assert_eq!(manner("/", &[("accept-language", "en-US,ko;q=0.5")]).locale, English);
        let chosen = [("cookie", "madang_hl=en"), ("accept-language", "ko")];
        assert_eq!(manner("/", &chosen).locale, English);
        assert_eq!(manner("/?q=a&hl=ko", &chosen).locale, Korean);
    }

    #[test]
    fn a_doubled_cookie_is_none() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; madang_session=x".parse().unwrap());
        assert_eq!(cookie(&headers, "madang_session"), Some("x"));
        headers.append(header::COOKIE, "madang_session=y".parse().unwrap());
        assert_eq!(cookie(&headers, "madang_session"), None);
    }
}
