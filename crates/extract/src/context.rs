use std::cell::{Cell, OnceCell};
use std::collections::HashMap;

use madang_document::blob_id::BlobId;
use madang_document::content::{Content, Member, Segment};
use madang_document::headway::{Headway, Stretch};
use madang_document::inner_path::InnerPath;
use madang_document::media_type::{Kind, MediaType};
use madang_document::outcome::Outcome;
use madang_document::part::{Noun, Part};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use crate::blob::Blob;
use crate::detected::Detected;
use crate::engines::Engines;
use crate::error::ExtractError;
use crate::extraction::Extraction;
use crate::left_alone::LeftAlone;
use crate::libav::Libav;
use crate::limits::Limits;
use crate::options::{Ocr, Options};
use crate::order::Order;
use crate::recall::{Recall, key_of};
use crate::recogniser::{Patience, Recogniser, Sense, Signal, Unrecognised};
use crate::sidecar::{Beside, Sidecar};
use crate::sink::{Sink, Wanted};
use crate::stages::annotations;
use crate::still_locked::StillLocked;

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
    /// Pictures delivered.
    pub pictures: Cell<u64>,
    /// Work of trying passwords, in rounds.
    pub rounds: Cell<u64>,
    /// Pictures, pages, films and recordings that were about to be decoded.
    pub looks: Cell<u32>,
    /// The given password that opened the last lock.
    pub opener: Cell<Option<usize>>,
    /// Locks in succession that no password opened.
    pub in_vain: Cell<u32>,
    /// What lies beside the object, once it was read.
    pub(crate) beside: OnceCell<Beside>,
    /// What engines made out before, once it was read.
    recalled: OnceCell<HashMap<BlobId, Vec<Segment>>>,
}

/// Rounds that trying passwords may take of one object, and of each of its members on top: a round is a hash of a block
/// or two, so these are half a minute and some seconds at most. Where a round takes longer, time ends it ([`Sink::has_time`]).
const ROUNDS: u64 = 100_000_000;
const ROUNDS_OF_MEMBER: u64 = 10_000_000;

/// Locks in succession that no password opened, after which no more is tried: an archive of ten thousand members has one
/// password, and seldom more.
const IN_VAIN: u32 = 50;

/// How a document is read and delivered. Handed in as a value, because the way from bytes to a document leads
/// through this context, and members go the whole way again.
pub type Read = fn(&dyn Blob, &Context<'_>) -> Outcome;

/// What an extractor is told besides the bytes, and the door through which members leave.
pub struct Context<'a> {
    /// The name without its folders.
    pub name: &'a str,
    /// What the document was taken for; empty before that is known.
    pub media_type: &'static str,
    /// What this document may cost.
    pub limits: &'a Limits,
    /// What its pipeline wants.
    pub options: &'a Options,
    /// Files beside the object that describe it.
    pub(crate) sidecars: &'a [Sidecar],
    /// Whether somebody looks at the likeness that the document stores of itself.
    pub(crate) likeness: bool,
    /// Whether what the document says is wanted, and not the bytes of a member or a picture alone.
    words_wanted: bool,
    /// The page that somebody looks at.
    pub(crate) page_picture: Option<u32>,
    /// Whether recognising is put off.
    pub(crate) put_off: bool,
    /// What is left alone.
    left_alone: &'a LeftAlone,
    /// What engines made out before in this object.
    recall: Option<&'a Recall>,
    /// What can recognise text in pictures and sound.
    pub engines: &'a Engines,
    /// The way to this document inside the object; none for the object itself.
    inner: Option<&'a InnerPath>,
    /// What this document lies in; none for the object itself.
    within: Option<Kind>,
    /// On which page of that it stands, if that is known.
    page: Option<u32>,
    /// The page of this document on which the members stand that leave by this door.
    members_page: Option<u32>,
    depth: u32,
    /// What is wrong with its bytes, as whoever unpacked them knows.
    damage: Option<&'a Reason>,
    unpacked_limit: u64,
    decoded_limit: u64,
    spent: &'a Spent,
    sink: &'a dyn Sink,
    read: Read,
}

/// What an engine made out in a signal.
pub(crate) struct MadeOut {
    pub(crate) segments: Vec<Segment>,
    /// Whether that is all, and time did not end before.
    pub(crate) is_whole: bool,
}

/// A sink that waits for an engine.
struct Waiting<'a> {
    sink: &'a dyn Sink,
    /// Whether it said that there is no more time.
    is_over: Cell<bool>,
}

impl Patience for Waiting<'_> {
    fn alive(&self) {
        self.sink.progress(0);
    }

    fn more(&self, units: u32) {
        self.sink.progress(units);
    }

    fn has_time(&self) -> bool {
        let has_time = self.sink.has_time();
        self.is_over.set(self.is_over.get() || !has_time);
        has_time
    }
}

/// Units of work of recognising what is written on one page. A dense one takes two seconds of the processor; where that is shared
/// or slow, ten.
const RECOGNITION: u32 = 4;

impl<'a> Context<'a> {
    /// The context of an object of `size` bytes, whose members are read by `read`.
    pub fn new(
        order: &'a Order,
        size: u64,
        engines: &'a Engines,
        spent: &'a Spent,
        sink: &'a dyn Sink,
        read: Read,
    ) -> Context<'a> {
        let limits = &order.limits;
        Context {
            name: order.name.rsplit('/').next().unwrap_or(&order.name),
            media_type: "",
            limits,
            options: &order.options,
            sidecars: &order.sidecars,
            likeness: order.likeness,
            page_picture: order.page_picture,
            words_wanted: !order.likeness && order.page_picture.is_none() && order.member.is_none(),
            put_off: order.put_off,
            left_alone: &order.left_alone,
            recall: order.recall.as_ref(),
            engines,
            inner: None,
            within: None,
            page: None,
            members_page: None,
            depth: 0,
            damage: None,
            unpacked_limit: limits.unpacked_of(size),
            decoded_limit: limits.decoded_of(size),
            spent,
            sink,
            read,
        }
    }

    /// This context, for a document that was taken for something. The object's own kind is said to the sink.
    pub(crate) fn of(&self, detected: &Detected) -> Context<'a> {
        if self.inner.is_none() {
            self.sink.detected(detected);
        }
        Context { media_type: detected.media_type, ..*self }
    }

    /// This context, for members that stand on a page of this document.
    pub(crate) fn on_page(&self, page: Option<u32>) -> Context<'a> {
        Context { members_page: page, ..*self }
    }

    /// The page on which this document stands in what it lies in.
    pub(crate) fn page(&self) -> Option<u32> {
        self.page
    }

    /// Says that work goes on.
    pub fn progress(&self) {
        self.sink.progress(0);
    }

    /// Says that the next page, slide, sheet, member or frame is begun: time is allowed by these.
    pub fn unit(&self) {
        self.sink.progress(1);
    }

    /// Says that so many units of work are begun at once, as [`Context::unit`] says of one.
    pub fn units(&self, units: u32) {
        self.sink.progress(units);
    }

    /// Says how far recognising has come, where there is an engine that does it now.
    pub(crate) fn headway(&self, headway: Headway) {
        let sense = match headway.stretch {
            Stretch::Pages => Sense::Sight,
            Stretch::Seconds => Sense::Hearing,
        };
        if !self.put_off && self.engines.of(sense).is_some() {
            self.sink.headway(headway);
        }
    }

    /// FFmpeg's libraries.
    ///
    /// # Errors
    /// [`ExtractError::Unsupported`] when they are not loaded, unless the sink has this run elsewhere.
    pub fn libav(&self) -> Result<&'a Libav, ExtractError> {
        if self.engines.libav().is_none() {
            self.sink.engines_wanted();
        }
        let absent = || ExtractError::Unsupported(ReasonKind::NoMediaLibraries.into());
        self.engines.libav().ok_or_else(absent)
    }

    /// Whether something with pixels or samples may be decoded now: a picture, a page, a film, a recording, called so in its
    /// document. It may not where a reader died of it, which the document says then.
    pub(crate) fn may_look(&self, at: impl Into<Part>, content: &mut Content) -> bool {
        if self.is_all_left_alone(content) {
            return false;
        }
        let number = self.spent.looks.get();
        self.spent.looks.set(number.saturating_add(1));
        if self.left_alone.has(number) {
            content.lost(ReasonKind::LeftAlone.of(at));
            return false;
        }
        self.sink.look(number);
        true
    }

    /// Whether all that has pixels or samples is left alone, which the document says then.
    fn is_all_left_alone(&self, content: &mut Content) -> bool {
        let is_all = *self.left_alone == LeftAlone::All;
        let reason = Reason::new(ReasonKind::LeftAlone);
        if is_all && !content.warnings.iter().any(|warning| warning.reason == reason) {
            content.lost(reason);
        }
        is_all
    }

    /// The engine for a sense. None where it is put off, which the document says then, or where none is installed; a child that
    /// has no engines ends here, to be run again where they are.
    pub fn recogniser(&self, sense: Sense, content: &mut Content) -> Option<&'a dyn Recogniser> {
        if self.is_all_left_alone(content) {
            return None;
        }
        if self.put_off {
            let waits = Reason::new(ReasonKind::RecognitionWaits);
            if !content.warnings.iter().any(|warning| warning.reason == waits) {
                content.note(waits);
            }
            return None;
        }
        if self.engines.of(sense).is_none() {
            self.sink.engines_wanted();
        }
        self.engines.of(sense)
    }

    /// Whether somebody wants previews.
    pub(crate) fn previews_wanted(&self) -> bool {
        self.limits.preview > 0
    }

    /// Whether what is written in pictures is wanted: of every picture, or of those that are likely to say something.
    pub fn seen_text_wanted(&self) -> Ocr {
        match self.words_wanted {
            true => self.options.ocr,
            false => Ocr::Never,
        }
    }

    /// Whether there is time for work that may be broken off: see [`Sink::has_time`].
    pub fn has_time(&self) -> bool {
        self.sink.has_time()
    }

    /// Notes pages that stay without text because nothing is installed that could recognise it, unless the pipeline
    /// wants none recognised: this one, and so many more.
    pub fn note_unrecognised(&self, part: impl Into<Part>, more: u64, content: &mut Content) {
        let is_missing = self.seen_text_wanted() != Ocr::Never
            && self.recogniser(Sense::Sight, content).is_none()
            && !self.put_off
            && *self.left_alone != LeftAlone::All;
        if is_missing {
            content.note(ReasonKind::NotRecognised { more }.of(part));
        }
    }

    /// Bytes that may still be unpacked from this object.
    pub fn unpacked_left(&self) -> u64 {
        self.unpacked_limit.saturating_sub(self.spent.unpacked.get())
    }

    /// Bytes that one member may unpack to: as many as any, or what is left of those of the whole object.
    pub fn member_left(&self) -> u64 {
        self.limits.member.min(self.unpacked_left())
    }

    /// What is said of a member that comes to more than `most` bytes, which were what [`Context::member_left`] was: the limit that
    /// it met, its own or that of the whole.
    pub fn larger_than(&self, most: u64) -> ReasonKind {
        match most < self.limits.member {
            true => ReasonKind::UnpacksWithOthers(self.unpacked_limit),
            false => ReasonKind::Larger(most),
        }
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
            return Err(ExtractError::Limit(ReasonKind::Unpacks(self.unpacked_limit).into()));
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
            return Err(ExtractError::Limit(ReasonKind::Decodes(self.decoded_limit).into()));
        }
        self.spent.decoded.set(spent);
        Ok(())
    }

    /// Does work on one page of many. Its pixels are let go before the next, so they do not count for that: how many pages
    /// are looked at, time decides.
    pub(crate) fn for_a_page<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.spent.decoded.get();
        let done = work();
        self.spent.decoded.set(before);
        done
    }

    /// Says that something is about to be recognised, which takes longer than reading a page does.
    pub(crate) fn recognition(&self) {
        self.units(RECOGNITION);
    }

    /// What an engine makes out in a signal, as far as there is time. What it made out in the same one before, as far as that is
    /// remembered of this object, is not made out again.
    pub(crate) fn recognise(
        &self,
        engine: &dyn Recogniser,
        signal: &Signal<'_>,
        languages: &[String],
    ) -> Result<MadeOut, Unrecognised> {
        let waiting = Waiting { sink: self.sink, is_over: Cell::new(false) };
        let make_out = || {
            let segments = engine.recognise(signal, languages, &waiting)?;
            Ok(MadeOut { segments, is_whole: !waiting.is_over.get() })
        };
        let Some(recall) = self.recall else { return make_out() };
        let key = key_of(engine, signal, languages);
        self.progress();
        let known = self.spent.recalled.get_or_init(|| recall.read());
        if let Some(segments) = known.get(&key) {
            return Ok(MadeOut { segments: segments.clone(), is_whole: true });
        }
        let made_out = make_out()?;
        if made_out.is_whole {
            self.sink.recognised(&key, &made_out.segments);
        }
        Ok(made_out)
    }

    /// Opens a lock: with the empty password, or with one of those that the pipeline gives; the one that opened the last
    /// lock of this object goes first. `rounds` is what a try costs, in hashes. Given passwords are tried as long as there is
    /// time: a list that is too long for it ends as a locked document with the number that was tried, and not as one that was
    /// never finished.
    ///
    /// # Errors
    /// [`StillLocked`] when `open` answers none of them.
    pub(crate) fn unlock<T>(
        &self,
        rounds: u64,
        mut open: impl FnMut(&str) -> Option<T>,
    ) -> Result<T, StillLocked> {
        let given = &self.options.passwords;
        if self.spent.in_vain.get() >= IN_VAIN {
            return Err(match given.is_empty() {
                true => StillLocked::NoneGiven,
                false => StillLocked::InVain,
            });
        }
        let last = self.spent.opener.get();
        let others = (0..given.len()).filter(|n| Some(*n) != last);
        let order = last.map(Some).into_iter().chain([None]).chain(others.map(Some));
        let mut tried = 0;
        for number in order {
            // What needs no password opens however late it is.
            let is_late = number.is_some() && !self.sink.has_time();
            if is_late || self.spend_rounds(rounds).is_none() {
                return Err(StillLocked::Costly { tried, given: given.len() });
            }
            self.progress();
            let password = number.map_or(Some(""), |number| given.get(number));
            if let Some(opened) = password.and_then(&mut open) {
                self.spent.opener.set(number);
                self.spent.in_vain.set(0);
                return Ok(opened);
            }
            tried += usize::from(number.is_some());
        }
        self.spent.in_vain.set(self.spent.in_vain.get() + 1);
        Err(match given.len() {
            0 => StillLocked::NoneGiven,
            given => StillLocked::Wrong(given),
        })
    }

    /// Why a lock stays closed that is of a kind in which no password can be tried. Whoever gave some is told.
    pub(crate) fn none_tried(&self) -> StillLocked {
        match self.options.passwords.len() {
            0 => StillLocked::NoneGiven,
            given => StillLocked::Untried(given),
        }
    }

    /// Accounts for the work of a key, in hashes; none if that is more than the object may cost, and then it is not accounted for.
    pub(crate) fn spend_rounds(&self, rounds: u64) -> Option<()> {
        let members = self.spent.members.get().saturating_mul(ROUNDS_OF_MEMBER);
        let spent = self.spent.rounds.get().checked_add(rounds)?;
        if spent > ROUNDS.saturating_add(members) {
            return None;
        }
        self.spent.rounds.set(spent);
        Some(())
    }

    /// Whether another member may be opened: the depth and the number of members are below their limits.
    ///
    /// # Errors
    /// [`ExtractError::Limit`] naming the limit.
    pub fn may_open_member(&self) -> Result<(), ExtractError> {
        if self.depth >= self.limits.depth {
            let deep = ReasonKind::TooDeep(self.limits.depth.into());
            return Err(ExtractError::Limit(deep.of(Noun::Archives)));
        }
        if self.spent.members.get() >= self.limits.members {
            return Err(ExtractError::Limit(self.too_many_members().into()));
        }
        Ok(())
    }

    /// What is said of a container with more members than are read.
    pub fn too_many_members(&self) -> ReasonKind {
        ReasonKind::MoreThan { limit: self.limits.members, unit: Unit::Members }
    }

    /// Extracts a member as a document of its own and delivers it. Its bytes must have been accounted for
    /// with [`Context::spend_unpacked`]. `path` is the path inside this document, already made unique.
    ///
    /// # Errors
    /// [`ExtractError::Limit`] when no further member may be opened; whatever is wrong with the member itself
    /// is that member's own outcome.
    pub fn member(&self, path: &str, blob: &dyn Blob) -> Result<Member, ExtractError> {
        self.read_member(path, blob, None)
    }

    /// The same of a member of which only these bytes could be had: its own document says so, too.
    ///
    /// # Errors
    /// [`ExtractError::Limit`] when no further member may be opened.
    pub fn damaged_member(
        &self,
        path: &str,
        blob: &dyn Blob,
        damage: &Reason,
    ) -> Result<Member, ExtractError> {
        self.read_member(path, blob, Some(damage))
    }

    fn read_member(
        &self,
        path: &str,
        blob: &dyn Blob,
        damage: Option<&Reason>,
    ) -> Result<Member, ExtractError> {
        self.may_open_member()?;
        self.spent.members.set(self.spent.members.get() + 1);
        let inner = self.inner_path(path);
        let listed =
            |outcome| Member { path: path.to_owned(), size: Some(blob.len()), outcome, told: None };
        match self.sink.wanted(&inner) {
            Wanted::Document => {}
            Wanted::Bytes => {
                self.sink.bytes(blob);
                return Ok(listed(None));
            }
            Wanted::Nothing => return Ok(listed(None)),
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        // Text that the object may no longer deliver is not worth reading.
        let text_left = self.limits.object_text.saturating_sub(self.spent.text.get());
        let limits = Limits { text: self.limits.text.min(text_left), ..self.limits.clone() };
        let context = Context {
            name,
            media_type: "",
            limits: &limits,
            inner: Some(&inner),
            within: Some(MediaType::new(self.media_type).kind()),
            page: self.members_page,
            members_page: None,
            depth: self.depth + 1,
            damage,
            ..*self
        };
        let outcome = (self.read)(blob, &context);
        Ok(listed(Some(outcome)))
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
        reason: Reason,
    ) -> Result<Member, ExtractError> {
        self.may_open_member()?;
        self.spent.members.set(self.spent.members.get() + 1);
        self.deliver(Extraction {
            member: Some(self.inner_path(path)),
            size: size.unwrap_or(0),
            sha256: None,
            format: "none".into(),
            format_version: 0,
            media_type: MediaType::new(MediaType::UNKNOWN),
            language: None,
            outcome,
            reason: Some(reason),
            content: Default::default(),
            annotations: Vec::new(),
        });
        Ok(Member { path: path.to_owned(), size, outcome: Some(outcome), told: None })
    }

    /// The way to this document inside the object; none for the object itself.
    pub fn inner(&self) -> Option<&InnerPath> {
        self.inner
    }

    /// What is wrong with the bytes of this document, as whoever unpacked them knows.
    pub(crate) fn damage(&self) -> Option<&Reason> {
        self.damage
    }

    /// Whether this is part of a document or a table, and not of an archive or a mail, whose members were files once.
    pub fn is_part_of_a_document(&self) -> bool {
        matches!(self.within, Some(Kind::Document | Kind::Table))
    }

    pub(crate) fn spent(&self) -> &Spent {
        self.spent
    }

    /// Hands on a document that was read, with what the stages find out about it.
    pub(crate) fn deliver(&self, mut extraction: Extraction) {
        if self.words_wanted {
            extraction.annotations = annotations(&extraction);
        }
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
