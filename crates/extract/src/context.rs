use std::cell::{Cell, RefCell};

use madang_document::content::Member;
use madang_document::inner_path::InnerPath;
use madang_document::outcome::Outcome;

use crate::blob::Blob;
use crate::error::ExtractError;
use crate::extraction::Extraction;
use crate::limits::Limits;

/// Who takes what extraction finds: the frames of a sandboxed child, or a list in a test.
pub trait Sink {
    /// Work goes on: called at least once for every page, member, sheet or decoded picture. A child that
    /// stays silent is taken for hung.
    fn progress(&self);

    /// A document is finished. Members come before the object that holds them.
    fn document(&self, extraction: Extraction);
}

/// A list of the documents in the order of their delivery, for who needs no sign of life.
impl Sink for RefCell<Vec<Extraction>> {
    fn progress(&self) {}

    fn document(&self, extraction: Extraction) {
        self.borrow_mut().push(extraction);
    }
}

/// What an object has cost so far, members included.
#[derive(Debug, Default)]
pub struct Spent {
    /// Bytes unpacked.
    pub unpacked: Cell<u64>,
    /// Members opened.
    pub members: Cell<u64>,
    /// Bytes of pixels decoded.
    pub decoded: Cell<u64>,
    /// Bytes of text delivered.
    pub text: Cell<u64>,
}

/// What an extractor is told besides the bytes, and the door through which members leave.
pub struct Context<'a> {
    /// The name without its folders.
    pub name: &'a str,
    /// What this document may cost.
    pub limits: &'a Limits,
    /// The way to this document inside the object; none for the object itself.
    inner: Option<&'a InnerPath>,
    depth: u32,
    unpacked_limit: u64,
    decoded_limit: u64,
    spent: &'a Spent,
    sink: &'a dyn Sink,
}

impl<'a> Context<'a> {
    /// The context of an object of `size` bytes.
    pub fn new(
        name: &'a str,
        size: u64,
        limits: &'a Limits,
        spent: &'a Spent,
        sink: &'a dyn Sink,
    ) -> Context<'a> {
        let unpacked_limit = limits.unpacked_of(size);
        let decoded_limit = limits.decoded_of(size);
        Context { name, limits, inner: None, depth: 0, unpacked_limit, decoded_limit, spent, sink }
    }

    /// Says that work goes on.
    pub fn progress(&self) {
        self.sink.progress();
    }

    /// Bytes that may still be unpacked from this object.
    pub fn unpacked_left(&self) -> u64 {
        self.unpacked_limit.saturating_sub(self.spent.unpacked.get())
    }

    /// Accounts for `bytes` that were unpacked (inflated, decoded); also says that work goes on.
    ///
    /// # Errors
    /// [`ExtractError::Limit`] when the object has unpacked more than it may.
    pub fn spend_unpacked(&self, bytes: u64) -> Result<(), ExtractError> {
        self.progress();
        let spent = self.spent.unpacked.get().saturating_add(bytes);
        self.spent.unpacked.set(spent);
        if spent > self.unpacked_limit {
            return Err(ExtractError::Limit(format!(
                "it unpacks to more than {} bytes, the limit for its size",
                self.unpacked_limit
            )));
        }
        Ok(())
    }

    /// Accounts for `bytes` of pixels before they are decoded. They are held for a moment only, so they have a
    /// bound of their own beside that of what is unpacked.
    ///
    /// # Errors
    /// [`ExtractError::Limit`] when the pictures of the object are more than may be decoded; these are not
    /// accounted for, so that a smaller picture may still be.
    pub fn spend_decoded(&self, bytes: u64) -> Result<(), ExtractError> {
        let spent = self.spent.decoded.get().saturating_add(bytes);
        if spent > self.decoded_limit {
            return Err(ExtractError::Limit(format!(
                "its pictures decode to more than {} bytes, the limit for its size",
                self.decoded_limit
            )));
        }
        self.spent.decoded.set(spent);
        Ok(())
    }

    /// Whether another member may be opened: the depth and the number of members are below their limits.
    ///
    /// # Errors
    /// [`ExtractError::Limit`] naming the limit.
    pub fn may_open_member(&self) -> Result<(), ExtractError> {
        if self.depth >= self.limits.depth {
            return Err(ExtractError::Limit(format!(
                "archives lie more than {} deep in one another",
                self.limits.depth
            )));
        }
        if self.spent.members.get() >= self.limits.members {
            return Err(ExtractError::Limit(format!(
                "it holds more than {} members",
                self.limits.members
            )));
        }
        Ok(())
    }

    /// Extracts a member as a document of its own and delivers it. Its bytes must have been accounted for
    /// with [`Context::spend_unpacked`]. `path` is the path inside this document, already made unique.
    ///
    /// # Errors
    /// [`ExtractError::Limit`] when no further member may be opened; whatever is wrong with the member itself
    /// is that member's own outcome.
    pub fn member(&self, path: &str, blob: &dyn Blob) -> Result<Member, ExtractError> {
        self.may_open_member()?;
        self.spent.members.set(self.spent.members.get() + 1);
        let inner = self.inner_path(path);
        let name = path.rsplit('/').next().unwrap_or(path);
        // Text that the object may no longer deliver is not worth reading.
        let text_left = self.limits.object_text.saturating_sub(self.spent.text.get());
        let limits = Limits { text: self.limits.text.min(text_left), ..self.limits.clone() };
        let context = Context {
            name,
            limits: &limits,
            inner: Some(&inner),
            depth: self.depth + 1,
            unpacked_limit: self.unpacked_limit,
            decoded_limit: self.decoded_limit,
            spent: self.spent,
            sink: self.sink,
        };
        let outcome = crate::formats::extract_in(blob, &context);
        Ok(Member { path: path.to_owned(), size: Some(blob.len()), outcome: Some(outcome) })
    }

    /// Delivers a member that could not be opened (encrypted, unpackable) as a document of its own, so that it
    /// too is catalogued with its outcome.
    ///
    /// # Errors
    /// [`ExtractError::Limit`] when no further member may be opened.
    pub fn unopened_member(
        &self,
        path: &str,
        size: Option<u64>,
        outcome: Outcome,
        reason: &str,
    ) -> Result<Member, ExtractError> {
        self.may_open_member()?;
        self.spent.members.set(self.spent.members.get() + 1);
        self.sink.document(Extraction {
            member: Some(self.inner_path(path)),
            size: size.unwrap_or(0),
            sha256: None,
            format: "none".into(),
            format_version: 0,
            media_type: madang_document::media_type::MediaType::new(
                madang_document::media_type::MediaType::UNKNOWN,
            ),
            language: None,
            outcome,
            reason: Some(reason.to_owned()),
            content: Default::default(),
        });
        Ok(Member { path: path.to_owned(), size, outcome: Some(outcome) })
    }

    /// The way to this document inside the object; none for the object itself.
    pub fn inner(&self) -> Option<&InnerPath> {
        self.inner
    }

    pub(crate) fn spent(&self) -> &Spent {
        self.spent
    }

    pub(crate) fn deliver(&self, extraction: Extraction) {
        self.sink.document(extraction);
    }

    fn inner_path(&self, path: &str) -> InnerPath {
        self.inner.map_or_else(|| InnerPath::of(path), |inner| inner.join(path))
    }
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Context({}, {:?}, depth {})", self.name, self.inner, self.depth)
    }
}
