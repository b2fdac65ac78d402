use madang_document::id::DocumentId;

use crate::address::{percent, query_string};

/// What of a document its page shows: all links on it lead to the same with one thing changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Here<'a> {
    /// The document.
    pub(crate) id: DocumentId,
    /// The words that were searched for; blank if none were.
    pub(crate) query: &'a str,
    /// How it is shown, where there is a choice; blank for what comes of itself.
    pub(crate) view: &'a str,
}

impl Here<'_> {
    /// The page with these parameters, opened at a place.
    pub(crate) fn with(&self, pairs: &[(&str, &str)], fragment: Option<&str>) -> String {
        let mut all = vec![("q", self.query)];
        if !pairs.iter().any(|(name, _)| *name == "view") {
            all.push(("view", self.view));
        }
        all.extend(pairs);
        let fragment = fragment.map(|fragment| format!("#{}", anchor(fragment)));
        format!("/documents/{}{}{}", self.id, query_string(&all), fragment.unwrap_or_default())
    }

    /// The page at the place that this fragment names.
    pub(crate) fn at(&self, fragment: &str) -> String {
        self.with(&[("at", fragment)], Some(fragment))
    }
}

/// A fragment as it stands in an address.
pub(crate) fn anchor(fragment: &str) -> String {
    percent(fragment, b"=,!:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_the_search_and_the_view() {
        let id = DocumentId::new("s", "a", None);
        let here = Here { id, query: "안 전", view: "text" };
        let asked = "?q=%EC%95%88%20%EC%A0%84";
        assert_eq!(
            here.with(&[("hit", "2")], Some("hit-2")),
            format!("/documents/{id}{asked}&view=text&hit=2#hit-2")
        );
        assert_eq!(here.with(&[("view", "")], None), format!("/documents/{id}{asked}"));
        let here = Here { query: "", view: "", ..here };
        assert_eq!(here.at("t=12.5,14"), format!("/documents/{id}?at=t%3D12.5%2C14#t=12.5,14"));
    }
}
