//! The child's side of the frames: says what extraction finds, within what the parent takes.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::time::{Duration, Instant};

use madang_document::blob_id::BlobId;
use madang_document::content::{Content, Preview, Segment, Warning, WarningKind};
use madang_document::headway::Headway;
use madang_document::inner_path::InnerPath;
use madang_document::locator::Locator;
use madang_document::metadata::{Metadata, Part, Stated};
use madang_document::outcome::Outcome;
use madang_document::raster::Shades;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::shown::is_misleading;
use madang_document::word::Word;
use madang_extract::blob::{Blob, read_range};
use madang_extract::detected::Detected;
use madang_extract::extraction::Extraction;
use madang_extract::limits::Limits;
use madang_extract::order::Order;
use madang_extract::recall;
use madang_extract::sink::{Sink, Wanted};
use rustix::time::{ClockId, clock_gettime};

use crate::assembly::is_sane_path;
use crate::caps;
use crate::channel::Channel;
use crate::exit::{WANTING, leave};
use crate::frame::{Claim, Field, Frame, Head, Kind, Picture};

/// Bytes of text in one frame, and about as many of anything else: far below the longest frame.
const BATCH: usize = 128 << 10;
/// Progress is said at most this often.
const EVERY: Duration = Duration::from_millis(100);

/// What the child knows of its time.
#[derive(Clone, Copy)]
pub(crate) struct Time<'a> {
    /// Allows itself the time of the processor for so many units of work in all.
    pub(crate) allow: &'a dyn Fn(u64),
    /// How long so many units of work may take in all, as far as the bytes can hold them: by the clock, and by the processor.
    pub(crate) allowed: &'a dyn Fn(u64) -> (Duration, Duration),
}

/// Time of the processor that this process has used.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanos)
}

/// Takes what extraction finds.
pub(crate) struct Answer<'a> {
    channel: &'a Channel,
    limits: &'a Limits,
    /// The member whose bytes are wanted.
    member: Option<&'a InnerPath>,
    /// A preview of the object's likeness is wanted, and nothing else.
    likeness: bool,
    /// A picture of a page is wanted, and where its words stand, and nothing else.
    page_picture: bool,
    /// There is a zygote that has loaded more.
    lean: bool,
    time: Time<'a>,
    began: Instant,
    /// Units begun, and how many of them were said.
    begun: Cell<u64>,
    said: Cell<u64>,
    /// When it was said last how far recognising has come.
    headway: Cell<Option<Instant>>,
    /// Words whose places were said.
    words: Cell<u64>,
    /// Bytes that were said to be remembered.
    remembered: Cell<u64>,
    /// Bytes of pixels that were said.
    pixels: Cell<u64>,
    paths: RefCell<HashSet<InnerPath>>,
    /// Why the member whose bytes are wanted cannot be had.
    refused: RefCell<Option<Reason>>,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(
        channel: &'a Channel,
        order: &'a Order,
        lean: bool,
        time: Time<'a>,
    ) -> Answer<'a> {
        let (begun, said) = (Cell::new(0), Cell::new(0));
        Answer {
            channel,
            limits: &order.limits,
            member: order.member.as_ref(),
            likeness: order.likeness,
            page_picture: order.page_picture.is_some(),
            lean,
            time,
            began: Instant::now(),
            begun,
            said,
            headway: Cell::new(None),
            words: Cell::new(0),
            remembered: Cell::new(0),
            pixels: Cell::new(0),
            paths: RefCell::default(),
            refused: RefCell::default(),
        }
    }
}

impl Sink for Answer<'_> {
    fn detected(&self, detected: &Detected) {
        self.channel.say(&Frame::Detected(Kind {
            format: detected.format.to_owned(),
            format_version: detected.format_version,
            media_type: detected.media_type.to_owned(),
        }));
        // Sent at once: the next byte that is read may be the one that kills.
        self.channel.flush();
    }

    fn engines_wanted(&self) {
        if self.lean {
            self.channel.say(&Frame::Wanting);
            self.channel.flush();
            leave(WANTING);
        }
    }

    fn look(&self, number: u32) {
        self.channel.say(&Frame::Look(number));
        // Sent at once: it may be what kills.
        self.channel.flush();
    }

    fn progress(&self, units: u32) {
        let begun = self.begun.get().saturating_add(u64::from(units));
        self.begun.set(begun);
        if self.channel.silence() >= EVERY {
            let new = begun.saturating_sub(self.said.replace(begun));
            if new > 0 {
                (self.time.allow)(begun);
            }
            self.channel.say(&Frame::Progress(u32::try_from(new).unwrap_or(u32::MAX)));
            self.channel.flush();
        }
    }

    fn headway(&self, headway: Headway) {
        // What is begun and what is whole is said at once, and in between what nobody could read faster.
        let is_edge = headway.done == 0 || headway.all == Some(headway.done);
        let last = self.headway.get();
        if is_edge || last.is_none_or(|last| last.elapsed() >= EVERY) {
            self.headway.set(Some(Instant::now()));
            self.channel.say(&Frame::Headway(headway));
            self.channel.flush();
        }
    }

    fn recognised(&self, key: &BlobId, segments: &[Segment]) {
        // Only what the parent takes as it is can be the same when it comes back.
        let is_sane = |segment: &Segment| {
            sane_locator(segment.locator.clone()) == segment.locator
                && segment.confidence.is_none_or(|c| (0.0..=1.0).contains(&c))
                && Word::are_of(&segment.text, &segment.words)
        };
        let bytes = |of: &Segment| (of.text.len() + of.words.len() * size_of::<Word>() + 64) as u64;
        let size: u64 = segments.iter().map(bytes).sum();
        let left = recall::MOST.saturating_sub(self.remembered.get());
        if size > caps::RECOGNISED || left < 2 * caps::RECOGNISED || !segments.iter().all(is_sane) {
            return;
        }
        let before = self.channel.sent();
        self.channel.say(&Frame::Recognised { key: *key.as_bytes(), segments: segments.to_vec() });
        let said = self.channel.sent().saturating_sub(before);
        self.remembered.set(self.remembered.get().saturating_add(said));
        self.channel.flush();
    }

    fn has_time(&self) -> bool {
        // Each by its own: who gives way to others waits by the clock for what is hardly anything of the processor.
        let (wall, cpu) = (self.time.allowed)(self.begun.get());
        self.began.elapsed() < wall / 4 * 3 && used() < cpu / 4 * 3
    }

    fn wanted(&self, member: &InnerPath) -> Wanted {
        if self.likeness || self.page_picture {
            return Wanted::Nothing;
        }
        let Some(asked) = self.member else { return Wanted::Document };
        Wanted::of(&sane_inner_path(member), asked)
    }

    fn bytes(&self, member: &dyn Blob) {
        let mut offset = 0;
        loop {
            // A member lies in memory: it was unpacked.
            let piece = read_range(member, offset, BATCH as u64).unwrap_or_default();
            offset += piece.len() as u64;
            let is_last = piece.is_empty() || offset >= member.len();
            self.channel.say(&Frame::Bytes(piece));
            if is_last {
                break;
            }
        }
        self.channel.say(&Frame::Given);
        self.channel.flush();
        leave(0);
    }

    fn document(&self, mut document: Extraction) {
        if self.member.is_some() {
            // What lies on the way to the member is opened, and nobody asked what it says.
            if let Some(path) = &document.member {
                if Some(&sane_inner_path(path)) == self.member {
                    self.refused.replace(document.reason);
                }
                return;
            }
            document.content = Content::default();
            document.reason = self.refused.take().or(document.reason);
        }
        if self.likeness || self.page_picture {
            // The way to it leads through all that the document says, which nobody asked for.
            if document.member.is_some() {
                return;
            }
            let Content { previews, segments, .. } = document.content;
            let segments = if self.page_picture { segments } else { Vec::new() };
            document.content = Content { previews, segments, ..Content::default() };
        }
        // What is too much for the rest of the answer is left out, and said so. 16 KiB a head are kept for the
        // documents to come.
        let heads = (16u64 << 10).saturating_mul(self.limits.members.saturating_add(1));
        let left = caps::answer(self.limits).saturating_sub(self.sent()).saturating_sub(heads);
        if weight(&document.content) > left {
            document.content = Content::default();
            document.annotations.clear();
            document.content.cut(ReasonKind::AnswerTooLarge);
            document.outcome =
                if document.outcome == Outcome::Ok { Outcome::Limit } else { document.outcome };
            document.reason.get_or_insert_with(|| ReasonKind::AnswerTooLarge.into());
        }
        let member = document.member.take().map(|path| {
            let mut paths = self.paths.borrow_mut();
            let path = sane_inner_path(&path);
            let mut unique = path.clone();
            let mut n = 2;
            while !paths.insert(unique.clone()) {
                let last = format!("{}#{n}", path.last());
                unique = match path.parent() {
                    Some(container) => container.join(last),
                    None => InnerPath::of(last),
                };
                n += 1;
            }
            unique
        });
        let whole = member.is_none();
        self.channel.say(&Frame::Begin(Box::new(Head {
            member,
            size: document.size,
            sha256: document.sha256.map(|id| *id.as_bytes()),
            kind: Kind {
                format: document.format,
                format_version: document.format_version,
                media_type: document.media_type.as_str().to_owned(),
            },
            language: document.language,
            outcome: document.outcome,
            reason: document.reason,
        })));
        self.content(document.content);
        document.annotations.truncate(caps::ANNOTATIONS);
        if !document.annotations.is_empty() {
            self.channel.say(&Frame::Annotations(document.annotations));
        }
        self.channel.say(&Frame::Finish);
        if whole {
            self.channel.say(&Frame::End(document.outcome));
        }
        self.channel.flush();
    }
}

impl Answer<'_> {
    /// Bytes said so far, but for pixels and what is to be remembered, which are accounted for apart.
    fn sent(&self) -> u64 {
        self.channel.sent().saturating_sub(self.pixels.get()).saturating_sub(self.remembered.get())
    }

    /// Says a picture, if it is one that the parent takes.
    fn preview(&self, Preview { locator, raster }: Preview) -> bool {
        let (width, height) = (u32::from(raster.width()), u32::from(raster.height()));
        let all = self.pixels.get().saturating_add(raster.pixels().len() as u64);
        if width.max(height) > self.limits.preview || all > caps::previews(self.limits) {
            return false;
        }
        self.pixels.set(all);
        let (locator, has_colours) = (sane_locator(locator), raster.shades() == Shades::Rgb);
        self.channel.say(&Frame::Preview(Picture { locator, width, height, has_colours }));
        for piece in raster.pixels().chunks(BATCH) {
            self.channel.say(&Frame::Pixels(piece.to_vec()));
        }
        true
    }

    fn content(&self, content: Content) {
        let say = |frame: Frame| self.channel.say(&frame);
        let mut notes = content.warnings;
        batched(
            claims(&content.metadata).map(|(name, stated)| {
                let mut field = Field::from(&stated.value);
                if field.size() > caps::PROPERTY {
                    notes.push(note(ReasonKind::PropertyCut(name.into())));
                    field = Field::from(&madang_document::metadata::Value::Text(first_text(field)));
                }
                let claim = Claim {
                    name: shorten(name.to_owned(), caps::WORD),
                    field,
                    part: stated.part.clone().map(short_part),
                };
                let size = claim.size();
                (claim, size)
            }),
            |fields| say(Frame::Fields(fields)),
        );
        let mut batch = Vec::new();
        let mut bytes = 0;
        for segment in content.segments {
            let mut pieces = pieces(&segment.text);
            let first = pieces.next().unwrap_or_default().to_owned();
            let mut more = pieces.peekable();
            // Of what is recognised a segment is a line: one that comes in pieces has no words of its own.
            let mut words = Word::all_of(&first, segment.words);
            let all = self.words.get().saturating_add(words.len() as u64);
            if all > caps::words(self.limits) || more.peek().is_some() {
                words.clear();
            } else {
                self.words.set(all);
            }
            bytes += first.len() + words.len() * size_of::<Word>() + 64;
            batch.push(Segment {
                text: first,
                locator: sane_locator(segment.locator),
                origin: segment.origin,
                confidence: segment.confidence.filter(|c| (0.0..=1.0).contains(c)),
                words,
            });
            if bytes >= BATCH || more.peek().is_some() {
                say(Frame::Segments(std::mem::take(&mut batch)));
                bytes = 0;
            }
            more.for_each(|piece| say(Frame::More(piece.to_owned())));
        }
        if !batch.is_empty() {
            say(Frame::Segments(batch));
        }
        let listed = usize::try_from(caps::listed(self.limits)).unwrap_or(usize::MAX);
        if content.members.len() > listed {
            let (listed, of) = (listed as u64, content.members.len() as u64);
            notes.push(note(ReasonKind::Listed { listed, of }));
        }
        batched(
            content.members.into_iter().take(listed).map(|mut member| {
                member.path = sane_path(&member.path);
                let size = member.path.len() + 16;
                (member, size)
            }),
            |members| say(Frame::Members(members)),
        );
        let mut previews = 0;
        for preview in content.previews {
            if previews >= caps::PREVIEWS || !self.preview(preview) {
                notes.push(note(ReasonKind::PreviewTooLarge));
                continue;
            }
            previews += 1;
        }
        if content.likeness {
            say(Frame::Likeness);
        }
        let all = notes.len();
        if all > caps::WARNINGS {
            notes.truncate(caps::WARNINGS - 1);
            notes.push(note(ReasonKind::MoreWarnings((all - notes.len()) as u64)));
        }
        batched(
            notes.into_iter().map(|warning| {
                let size = warning.reason.english().len();
                (warning, size)
            }),
            |warnings| say(Frame::Warnings(warnings)),
        );
    }
}

fn note(kind: ReasonKind) -> Warning {
    Warning { kind: WarningKind::Note, reason: kind.into() }
}

/// All that is said of the properties, of each the most trusted first.
fn claims(metadata: &Metadata) -> impl Iterator<Item = (&str, &Stated)> {
    let properties = metadata.all().take(caps::PROPERTIES);
    properties.flat_map(|(name, claims)| claims.iter().map(move |stated| (name, stated)))
}

fn short_part(part: Part) -> Part {
    match part {
        Part::Inside(name) => Part::Inside(shorten(name, caps::WORD)),
        Part::Beside(name) => Part::Beside(shorten(name, caps::WORD)),
    }
}

fn first_text(field: Field) -> String {
    use crate::frame::Scalar;
    let texts = match field {
        Field::One(one) => vec![one],
        Field::Many(many) => many,
    };
    let text = texts.into_iter().find_map(|scalar| match scalar {
        Scalar::Text(text) => Some(text),
        Scalar::Bool(_) | Scalar::Integer(_) | Scalar::Number(_) => None,
    });
    shorten(text.unwrap_or_default(), caps::PROPERTY)
}

/// Hands the items on in batches of about [`BATCH`] bytes.
fn batched<T>(items: impl Iterator<Item = (T, usize)>, mut say: impl FnMut(Vec<T>)) {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for (item, size) in items {
        batch.push(item);
        bytes += size;
        if bytes >= BATCH {
            say(std::mem::take(&mut batch));
            bytes = 0;
        }
    }
    if !batch.is_empty() {
        say(batch);
    }
}

/// The text in pieces of at most [`BATCH`] bytes.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(BATCH));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

fn shorten(mut text: String, limit: usize) -> String {
    text.truncate(text.floor_char_boundary(limit));
    text
}

/// About the bytes that this content needs in frames.
fn weight(content: &Content) -> u64 {
    let text: usize = content.segments.iter().map(|s| s.text.len() + 64).sum();
    let members: usize = content.members.iter().map(|m| m.path.len() + 16).sum();
    (text + members + 64 * content.previews.len() + 2 * content.metadata.size()) as u64
}

/// A path as the parent takes it: what an archive calls `../x` or `/x` is named, not followed.
fn sane_path(path: &str) -> String {
    if is_sane_path(path) {
        return path.to_owned();
    }
    let clean: String =
        path.chars().map(|c| if is_misleading(c) { '\u{FFFD}' } else { c }).collect();
    let parts: Vec<&str> = clean
        .split('/')
        .filter(|part| !part.is_empty())
        .map(|part| if part == ".." { "__" } else { part })
        .collect();
    let joined = shorten(parts.join("/"), caps::PATH - 8);
    if joined.is_empty() { "unnamed".into() } else { joined }
}

/// The way to a member as the parent takes it.
fn sane_inner_path(path: &InnerPath) -> InnerPath {
    let mut parts = path.parts().iter().map(|part| sane_path(part));
    let first = InnerPath::of(parts.next().unwrap_or_else(|| "unnamed".into()));
    parts.fold(first, |way, part| way.join(part))
}

fn sane_locator(locator: Locator) -> Locator {
    match locator {
        Locator::Time { start_ms, end_ms } => {
            Locator::Time { start_ms, end_ms: end_ms.max(start_ms) }
        }
        Locator::Cell { sheet, row, column } => {
            Locator::Cell { sheet: shorten(sheet, caps::WORD), row, column }
        }
        Locator::Page { number, bounds } => {
            let finite = |edge: f32| edge.is_finite();
            let bounds = bounds
                .filter(|b| finite(b.left) && finite(b.top) && finite(b.right) && finite(b.bottom));
            Locator::Page { number, bounds }
        }
        Locator::Whole {} | Locator::Slide { .. } | Locator::Paragraph { .. } => locator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_sane() {
        for (path, sane) in [
            ("가/나.txt", "가/나.txt"),
            ("../../etc/passwd", "__/__/etc/passwd"),
            ("/etc//passwd", "etc/passwd"),
            ("a\nb", "a\u{FFFD}b"),
            ("a\u{202E}fdp.exe", "a\u{FFFD}fdp.exe"),
            ("/", "unnamed"),
        ] {
            assert_eq!(sane_path(path), sane);
            assert!(is_sane_path(&sane_path(path)));
        }
        assert!(is_sane_path(&sane_path(&"/가".repeat(5000))));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = "마".repeat(BATCH);
        let all: Vec<&str> = pieces(&text).collect();
        assert!(all.len() > 2 && all.iter().all(|piece| piece.len() <= BATCH));
        assert_eq!(all.concat(), text);
    }
}
