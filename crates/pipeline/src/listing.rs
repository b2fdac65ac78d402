use futures::StreamExt;
use madang_document::left_out::{LeftOut, LeftOutKind};
use madang_document::sidecar::{described_unseen, table_within};
use madang_store::error::StoreError;
use madang_store::store::{Listed, Seen};

/// What a source lists, one file ahead: the files that its patterns take, and apart from them what cannot be taken.
pub(crate) struct Listing {
    seen: madang_store::store::Listing,
    takes: Box<dyn Fn(&str) -> bool + Send + Sync>,
    head: Option<Listed>,
    ended: bool,
    left_out: Vec<LeftOut>,
    /// How many of these were asked for.
    told: usize,
}

impl Listing {
    /// Of what a store lists; `takes` says which keys are wanted.
    pub(crate) fn of(
        seen: madang_store::store::Listing,
        takes: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Listing {
        Listing {
            seen,
            takes: Box::new(takes),
            head: None,
            ended: false,
            left_out: Vec::new(),
            told: 0,
        }
    }

    /// The next file.
    ///
    /// # Errors
    /// When the listing broke off: nothing is known of what would have followed.
    pub(crate) async fn peek(&mut self) -> Result<Option<&Listed>, StoreError> {
        while self.head.is_none() && !self.ended {
            match self.seen.next().await {
                None => self.ended = true,
                Some(Err(error)) => {
                    self.ended = true;
                    return Err(error);
                }
                Some(Ok(Seen::Object(file))) => {
                    if (self.takes)(&file.path) {
                        self.head = Some(file);
                    }
                }
                Some(Ok(Seen::LeftOut(left_out))) => {
                    // Who takes the table takes note of what stands in the place of its folder.
                    let table = table_within(&left_out.key);
                    if (self.takes)(&left_out.key)
                        || table.is_some_and(|table| (self.takes)(&table))
                    {
                        self.left_out.push(left_out);
                    }
                }
                Some(Ok(Seen::Unlisted { key, reason })) => {
                    let kind = LeftOutKind::Unreadable;
                    self.left_out.push(LeftOut { key, kind, reason });
                }
            }
        }
        Ok(self.head.as_ref())
    }

    /// Takes it.
    pub(crate) fn take(&mut self) -> Option<Listed> {
        self.head.take()
    }

    /// What was met since this was asked last that may describe files and cannot be taken.
    pub(crate) fn beside(&mut self) -> Vec<LeftOut> {
        let new = self.left_out.get(self.told..).unwrap_or_default();
        self.told = self.left_out.len();
        new.iter().filter(|left_out| described_unseen(&left_out.key).is_some()).cloned().collect()
    }

    /// What was there and could not be taken, once all was listed.
    pub(crate) fn left_out(self) -> Vec<LeftOut> {
        self.left_out
    }
}

impl std::fmt::Debug for Listing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listing").field("head", &self.head).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_come_one_by_one_and_the_rest_is_gathered() {
        let file = |path: &str| {
            let path = path.into();
            Seen::Object(Listed { path, version: "1".into(), size: 0, modified: None })
        };
        let left_out = |key: &str| LeftOut {
            key: key.into(),
            kind: LeftOutKind::Link,
            reason: "a link".into(),
        };
        let seen = vec![
            Ok(file(".hidden")),
            Ok(Seen::LeftOut(left_out(".link"))),
            Ok(file("a")),
            Ok(Seen::Unlisted { key: "shut".into(), reason: "denied".into() }),
            Ok(Seen::LeftOut(left_out("x"))),
            Ok(file("z")),
            Err(StoreError::away("", "gone")),
        ];
        let seen = futures::stream::iter(seen).boxed();
        let mut listing = Listing::of(seen, |key| !key.starts_with('.'));
        for path in ["a", "z"] {
            assert_eq!(listing.peek().await.unwrap().unwrap().path, path);
            assert_eq!(listing.take().unwrap().path, path);
        }
        assert!(listing.peek().await.is_err());
        let kinds: Vec<_> = listing.left_out().into_iter().map(|l| (l.key, l.kind)).collect();
        let expected =
            [("shut".to_owned(), LeftOutKind::Unreadable), ("x".to_owned(), LeftOutKind::Link)];
        assert_eq!(kinds, expected);
    }
}
