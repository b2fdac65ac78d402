//! The way from bytes to a delivered document, and the one way in.

use madang_document::blob_id::BlobId;
use madang_document::content::{Content, Segment, Warning, WarningKind};
use madang_document::media_type::{Kind, MediaType};
use madang_document::metadata::MEMBER_PAGE;
use madang_document::outcome::Outcome;
use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use crate::blob::Blob;
use crate::context::{Context, Spent};
use crate::described;
use crate::detected::Detected;
use crate::engines::Engines;
use crate::error::ExtractError;
use crate::extraction::{Extraction, outcome_of};
use crate::format::{Format, Match};
use crate::formats::FORMATS;
use crate::language::language;
use crate::naming::promises;
use crate::order::Order;
use crate::probe::Probe;
use crate::recognise::{recognise, recognise_drm};
use crate::sink::Sink;
use crate::split_name::{JOIN, is_numbered_part, is_part};
use crate::visible_text::visible;

/// Extracts an object: says what it is, delivers its members and then itself to `sink`, and gives its outcome.
///
/// Never fails: what cannot be read is delivered with its outcome and reason.
pub fn extract(blob: &dyn Blob, order: &Order, engines: &Engines, sink: &dyn Sink) -> Outcome {
    let spent = Spent::default();
    read(blob, &Context::new(order, blob.len(), engines, &spent, sink, read))
}

/// What [`extract`] is, for who runs it elsewhere: in a child process, or in a test something worse.
pub type Extract = fn(&dyn Blob, &Order, &Engines, &dyn Sink) -> Outcome;

/// Reads the document of this context and delivers it.
fn read(blob: &dyn Blob, context: &Context<'_>) -> Outcome {
    context.unit();
    let (detected, format) = match Probe::new(blob, context.name) {
        Ok(probe) => detect(&probe),
        Err(error) => (unread(MediaType::UNKNOWN), Err(Some(ExtractError::Read(error)))),
    };
    let context = &context.of(&detected);
    let kind = MediaType::new(detected.media_type).kind();
    let before = (context.spent().text.get(), context.spent().pictures.get());
    let answer = match format {
        Ok(format) => of_part(context.name, (format.extract)(blob, context)),
        Err(Some(error)) => Err(error),
        Err(None) => Ok(Content::default()),
    };
    let answer = answer.map(|mut content| {
        let is_silent =
            context.spent().text.get() == before.0 && is_made_of_pictures(&content, kind);
        if is_silent {
            let listed =
                content.members.iter().any(|it| it.outcome.is_none() && is_picture(&it.path));
            if listed || context.spent().pictures.get() > before.1 {
                context.note_unrecognised(Noun::Document, 0, &mut content);
            }
        }
        if let Some(damage) = context.damage() {
            content.lost(damage.clone());
        }
        (content, is_silent)
    });
    deliver(blob, context, &detected, answer)
}

/// Whether a document has no text of its own, and all that lies in it was read or only listed. If nothing of that has any
/// text either, then there is none in the document: it is a scan, whatever program bound it.
fn is_made_of_pictures(content: &Content, kind: Kind) -> bool {
    let is_read = |outcome| matches!(outcome, None | Some(Outcome::Ok | Outcome::Empty));
    matches!(kind, Kind::Document | Kind::Table)
        && content.segments.is_empty()
        && !content.members.is_empty()
        && content.members.iter().all(|member| is_read(member.outcome))
}

/// Whether a part that is only listed is a picture, by its name.
fn is_picture(path: &str) -> bool {
    const PICTURES: [&str; 10] =
        ["bmp", "emf", "gif", "jpeg", "jpg", "png", "tif", "tiff", "webp", "wmf"];
    let end = path.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
    end.is_some_and(|end| PICTURES.contains(&end.as_str()))
}

/// What is missing of a file that is a part of a split archive by its name lies in the other parts: it says so before it
/// says what is damaged, for sending it again would change nothing.
fn of_part(name: &str, answer: Result<Content, ExtractError>) -> Result<Content, ExtractError> {
    match answer {
        Err(ExtractError::Corrupt(_)) if is_part(name) => {
            Err(ExtractError::Unsupported(JOIN.into()))
        }
        Ok(mut content) if is_part(name) => {
            let lost = content.warnings.iter().position(|it| it.kind == WarningKind::Lost);
            let said = content.warnings.iter().any(|it| it.reason == Reason::from(JOIN));
            if let Some(first) = lost.filter(|_| !said) {
                let part = Warning { kind: WarningKind::Lost, reason: JOIN.into() };
                content.warnings.insert(first, part);
            }
            Ok(content)
        }
        answer => answer,
    }
}

/// What the bytes are, and the row that reads them; or why none does, no error at all if there are no bytes.
fn detect(probe: &Probe<'_>) -> (Detected, Result<&'static Format, Option<ExtractError>>) {
    if let Some(known) = recognise_drm(probe) {
        return (unread(known.media_type), Err(Some(known.error())));
    }
    if let Some(format) = surest(probe) {
        let detected = Detected {
            format: format.name,
            format_version: format.version,
            media_type: (format.media_type)(probe),
        };
        return (detected, Ok(format));
    }
    match recognise(probe) {
        Some(known) => (unread(known.media_type), Err(Some(known.error()))),
        None if probe.size() == 0 => (unread(EMPTY), Err(None)),
        None => {
            let error = match promises(probe.name, &probe.extension) {
                true => ExtractError::Corrupt(
                    ReasonKind::NotAsNamed(probe.extension.as_str().into()).into(),
                ),
                false => ExtractError::Unsupported(ReasonKind::UnknownFormat.into()),
            };
            (unread(MediaType::UNKNOWN), Err(Some(error)))
        }
    }
}

/// No row of the table reads it.
fn unread(media_type: &'static str) -> Detected {
    Detected { format: "none", format_version: 0, media_type }
}

/// The media type of no bytes at all.
const EMPTY: &str = "application/x-empty";

/// The row that is surest of these bytes; none if no row is.
fn surest(probe: &Probe<'_>) -> Option<&'static Format> {
    let mut best = (Match::No, None);
    for &format in FORMATS {
        let found = (format.sniff)(probe);
        if found > best.0 {
            best = (found, Some(format));
        }
        // Nothing is surer, and asking the rows of text costs a look at every byte of the head.
        if found == Match::Container {
            break;
        }
    }
    // A piece of an archive that reads as text is none.
    best.1.filter(|_| best.0 > Match::Extension || !is_numbered_part(probe.name))
}

fn deliver(
    blob: &dyn Blob,
    context: &Context<'_>,
    detected: &Detected,
    answer: Result<(Content, bool), ExtractError>,
) -> Outcome {
    let media_type = MediaType::new(detected.media_type);
    let kind = media_type.kind();
    let describe = |content: &mut Content| {
        let read = || described::read_all(context.sidecars);
        match context.inner() {
            _ if context.sidecars.is_empty() => {}
            None => context.spent().beside.get_or_init(read).describe(content),
            Some(_) => context.spent().beside.get_or_init(read).describe_member(content),
        }
        content.metadata.at("the file around it").set_some(MEMBER_PAGE, context.page());
        hold_to_limits(content, context);
    };
    let (outcome, reason, mut content) = match answer {
        // Whatever the row that its name chose makes of it: there is nothing that could be damaged.
        _ if blob.is_empty() => {
            let mut content = Content::default();
            describe(&mut content);
            (Outcome::Empty, Some(ReasonKind::NoBytes.into()), content)
        }
        Ok((mut content, is_silent)) => {
            describe(&mut content);
            let (outcome, reason) = outcome_of(&content, kind, is_silent);
            if kind == Kind::Image {
                let pictures = &context.spent().pictures;
                pictures.set(pictures.get().saturating_add(1));
            }
            (outcome, reason, content)
        }
        Err(error) => {
            // What lies beside a file that nobody can read is all that is known of it.
            let mut content = Content::default();
            describe(&mut content);
            (error.outcome(), Some(error.into_reason()), content)
        }
    };
    let language = language(content.segments.iter().map(|s| s.text.as_str()));
    leave_visible(&mut content.segments, language.as_deref() == Some("ko"));
    let member = context.inner().cloned();
    context.deliver(Extraction {
        // The object itself is hashed by whoever read it from its store.
        sha256: member.as_ref().and_then(|_| blob.bytes().map(BlobId::of)),
        member,
        size: blob.len(),
        format: detected.format.to_owned(),
        format_version: detected.format_version,
        media_type,
        language,
        outcome,
        reason,
        content,
        annotations: Vec::new(),
    });
    outcome
}

/// Leaves of each text what is seen of it.
fn leave_visible(segments: &mut [Segment], is_korean: bool) {
    for segment in segments {
        if let Some(text) = visible(&segment.text, is_korean) {
            segment.text = text;
            // They are counted in the characters that were there.
            segment.words.clear();
        }
    }
}

/// Cuts what exceeds the limits on text, segments and properties; each cut is a warning.
fn hold_to_limits(content: &mut Content, context: &Context<'_>) {
    let limits = context.limits;
    let spent = &context.spent().text;
    let left = limits.object_text.saturating_sub(spent.get()).min(limits.text);
    let all = content.segments.len();
    let mut left_bytes = usize::try_from(left).unwrap_or(usize::MAX);
    let mut keep = 0usize;
    let mut whole = true;
    for segment in
        content.segments.iter_mut().take(limits.segments.try_into().unwrap_or(usize::MAX))
    {
        if segment.text.len() > left_bytes {
            // The start of a long segment is kept: some documents have only one.
            segment.text.truncate(segment.text.floor_char_boundary(left_bytes));
            keep += usize::from(!segment.text.trim().is_empty());
            whole = false;
            break;
        }
        left_bytes -= segment.text.len();
        keep += 1;
    }
    if keep < all || !whole {
        content.segments.truncate(keep);
        let within = ReasonKind::CutWithin { first: keep.max(1) as u64, of: all as u64 };
        content.cut(within.of(Noun::Text));
    }
    let kept: u64 = content.segments.iter().map(|s| s.text.len() as u64).sum();
    spent.set(spent.get().saturating_add(kept));
    if content.metadata.size() as u64 > limits.metadata {
        content.metadata = Default::default();
        content.cut(ReasonKind::LimitReached.of(Noun::Properties));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::io::Write as _;

    use ::zip::ZipWriter;
    use ::zip::write::SimpleFileOptions;

    use madang_document::content::Origin;
    use madang_document::locator::{Bounds, Locator};
    use madang_document::word::Word;

    use crate::limits::Limits;
    use crate::recognise::{MAGIC, Why};

    use super::*;

    #[derive(Default)]
    struct Kept {
        documents: RefCell<Vec<Extraction>>,
        detected: RefCell<Vec<Detected>>,
        progress: Cell<u64>,
        units: Cell<u32>,
    }

    impl Sink for Kept {
        fn detected(&self, detected: &Detected) {
            self.detected.borrow_mut().push(*detected);
        }

        fn engines_wanted(&self) {}

        fn progress(&self, units: u32) {
            self.progress.set(self.progress.get() + 1);
            self.units.set(self.units.get() + units);
        }

        fn document(&self, extraction: Extraction) {
            self.documents.borrow_mut().push(extraction);
        }
    }

    /// The object last, its members before it.
    fn read(bytes: &[u8], name: &str, limits: &Limits) -> Vec<Extraction> {
        let kept = Kept::default();
        let order = Order { limits: limits.clone(), ..Order::named(name) };
        let outcome = extract(&bytes.to_vec(), &order, &Engines::none(), &kept);
        assert!(kept.progress.get() > 0);
        let documents = kept.documents.into_inner();
        let [detected] = kept.detected.into_inner()[..] else { panic!("{name}: detected once") };
        let object = documents.last().map(|d| (d.format.as_str(), d.media_type.as_str()));
        assert_eq!(object, Some((detected.format, detected.media_type)));
        assert_eq!(documents.last().map(|d| (d.outcome, d.member.clone())), Some((outcome, None)));
        documents
    }

    fn zipped(members: &[(String, Vec<u8>)]) -> Vec<u8> {
        let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in members {
            archive.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn sure(probe: &Probe<'_>, name: &str) -> Match {
        FORMATS.iter().find(|f| f.name == name).map_or(Match::No, |f| (f.sniff)(probe))
    }

    #[test]
    fn the_bytes_are_believed_before_the_name() {
        let page = b"<!DOCTYPE html><title>t</title>".to_vec();
        let probe = Probe::new(&page, "table.csv").unwrap();
        assert_eq!(sure(&probe, "csv"), Match::Extension);
        assert_eq!(surest(&probe).map(|f| f.name), Some("html"));
        let archive = zipped(&[("a.txt".into(), b"a".to_vec())]);
        let probe = Probe::new(&archive, "a.txt").unwrap();
        assert_eq!(surest(&probe).map(|f| f.name), Some("zip"));
        // Of rows that are equally sure the earlier wins: text is last.
        let table = b"a,b\n1,2\n".to_vec();
        let probe = Probe::new(&table, "table.csv").unwrap();
        assert_eq!(sure(&probe, "text"), Match::Extension);
        assert_eq!(surest(&probe).map(|f| f.name), Some("csv"));
    }

    #[test]
    fn a_piece_of_an_archive_that_reads_as_text_is_no_text() {
        for (name, format) in
            [("기록.tar.002", None), ("기록.zip.003", None), ("기록.txt.002", Some("text"))]
        {
            let piece = "수문 점검 기록\n".repeat(20).into_bytes();
            let probe = Probe::new(&piece, name).unwrap();
            assert_eq!(surest(&probe).map(|f| f.name), format, "{name}");
        }
    }

    /// Whatever packed them: what the first part holds is read, and each part says what is to be done.
    #[test]
    fn parts_of_a_split_archive_say_so_whatever_it_is() {
        let text: Vec<u8> =
            (0..4000).flat_map(|n| format!("수문 {n} 점검\n").into_bytes()).collect();
        let mut tar = Vec::new();
        for name in ["one.txt", "two.txt"] {
            let mut head = [0; 512];
            head[..7].copy_from_slice(name.as_bytes());
            head[100..107].copy_from_slice(b"0000644");
            head[124..135].copy_from_slice(format!("{:011o}", text.len()).as_bytes());
            head[148..156].copy_from_slice(b"        ");
            head[156] = b'0';
            head[257..265].copy_from_slice(b"ustar\x0000");
            let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
            head[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
            tar.extend(head);
            tar.extend(&text);
            tar.resize(tar.len().next_multiple_of(512), 0);
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&tar).unwrap();
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
        bzip2.write_all(&tar).unwrap();
        let join = Reason::from(JOIN);
        for (whole, name) in [
            (tar, "기록.tar"),
            (gzip.finish().unwrap(), "기록.tar.gz"),
            (bzip2.finish().unwrap(), "기록.tar.bz2"),
            (zipped(&[("one.txt".into(), text.clone()), ("two.txt".into(), text)]), "기록.zip"),
        ] {
            for (n, piece) in (1..).zip(whole.chunks(whole.len().div_ceil(3))) {
                let name = format!("{name}.{n:03}");
                let documents = read(piece, &name, &Limits::default());
                let object = documents.last().unwrap();
                assert_eq!(object.reason.as_ref(), Some(&join), "{name}: {}", object.outcome);
                // What it holds is not called a part.
                let inner = documents.iter().filter_map(|it| it.member.as_ref());
                assert!(inner.into_iter().all(|it| !is_part(it.name())), "{name}");
            }
        }
    }

    #[test]
    fn what_is_known_by_sight_is_read_by_nobody() {
        for (offset, magic, known) in MAGIC.iter().filter(|(.., known)| known.why != Why::Drm) {
            let noise: Vec<u8> = (0..=255).rev().cycle().take(600).collect();
            let bytes = [&vec![0; *offset], *magic, &noise].concat();
            let row = surest(&Probe::new(&bytes, "").unwrap()).map(|format| format.name);
            assert_eq!(row, None, "{}: the row is never reached", known.name);
        }
    }

    #[test]
    fn words_of_a_text_of_which_something_is_not_seen_are_not_told() {
        let bounds = Bounds { left: 0.0, top: 0.0, right: 9.0, bottom: 9.0 };
        let words = vec![Word { start: 0, end: 4, bounds, confidence: 0.9 }];
        let said = |text: &str| Segment {
            text: text.into(),
            locator: Locator::page(1),
            origin: Origin::Ocr,
            confidence: None,
            words: words.clone(),
        };
        let mut segments = [said("per\u{AD}tinent 침수"), said("pertinent 침수")];
        leave_visible(&mut segments, true);
        assert_eq!(segments[0], Segment { words: Vec::new(), ..said("pertinent 침수") });
        assert_eq!(segments[1], said("pertinent 침수"));
    }

    #[test]
    fn what_nobody_knows_is_unsupported_and_nothing_is_empty() {
        let noise: Vec<u8> = (0..=255).cycle().take(3000).collect();
        let [document] = &read(&noise, "noise", &Limits::default())[..] else { panic!() };
        assert_eq!((document.outcome, document.format.as_str()), (Outcome::Unsupported, "none"));
        assert_eq!(document.media_type.as_str(), MediaType::UNKNOWN);
        assert!(document.reason.is_some());
        for name in ["", "a.txt", "a.hwp", "a.zip", "a.pdf", "a.mp3"] {
            let [document] = &read(b"", name, &Limits::default())[..] else { panic!() };
            assert_eq!(document.outcome, Outcome::Empty, "{name}");
        }
    }

    #[test]
    fn a_wrapped_file_is_never_taken_for_what_its_name_says() {
        for name in ["a.txt", "a.hwp", "a.docx", "a.csv"] {
            let [document] = &read(b"<DRMONE> plain words", name, &Limits::default())[..] else {
                panic!()
            };
            assert_eq!(document.outcome, Outcome::Drm, "{name}");
        }
    }

    #[test]
    fn text_and_segments_and_properties_are_held_to_their_limits() {
        let text = "line\n\n".repeat(100);
        for limits in [
            Limits { text: 50, ..Limits::default() },
            Limits { object_text: 50, ..Limits::default() },
            Limits { segments: 10, ..Limits::default() },
        ] {
            let [document] = &read(text.as_bytes(), "a.txt", &limits)[..] else { panic!() };
            assert_eq!(document.outcome, Outcome::Limit, "{limits:?}");
            let kept = document.content.segments.len();
            assert!((1..=13).contains(&kept), "{kept} of {limits:?}");
            assert!(document.content.text().replace('\n', "").len() <= 50, "{limits:?}");
        }
        // Of one long segment the start stays, and never half a letter.
        let limits = Limits { object_text: 50, ..Limits::default() };
        let page = format!("<html><p>{}</p></html>", "글".repeat(1000));
        let [document] = &read(page.as_bytes(), "a.html", &limits)[..] else { panic!() };
        assert_eq!(document.outcome, Outcome::Limit);
        assert_eq!(document.content.text(), "글".repeat(16));
        let limits = Limits { metadata: 100, ..Limits::default() };
        let page = format!("<html><title>{}</title><p>text</p></html>", "t".repeat(200));
        let [document] = &read(page.as_bytes(), "a.html", &limits)[..] else { panic!() };
        assert_eq!((document.outcome, document.content.metadata.len()), (Outcome::Limit, 0));
        assert_eq!(document.content.text(), "text");
    }

    #[test]
    fn archives_are_held_to_their_limits_and_what_was_read_stays() {
        let note = |n: usize| (format!("{n}.txt"), format!("note {n}").into_bytes());
        let many = zipped(&(0..20).map(note).collect::<Vec<_>>());
        let limits = Limits { members: 5, ..Limits::default() };
        let documents = read(&many, "many.zip", &limits);
        assert_eq!(documents.len(), 6);
        assert_eq!(documents[5].outcome, Outcome::Limit);
        assert_eq!(documents[5].content.members.len(), 5);
        assert_eq!(documents[0].content.text(), "note 0");

        let mut nested = note(0).1;
        for _ in 0..12 {
            nested = zipped(&[("inner".into(), nested)]);
        }
        let documents = read(&nested, "deep.zip", &Limits::default());
        assert_eq!(documents.len() as u32, Limits::default().depth + 1);
        assert_eq!(documents[0].outcome, Outcome::Limit);
        assert!(documents.iter().skip(1).all(|d| d.outcome == Outcome::Ok));

        // A bomb that states its size is passed over, one that lies about it is damaged, one that cannot tell is cut.
        let size = 0x31_2345u32;
        let bomb = zipped(&[note(1), ("zeros".into(), vec![0; size as usize]), note(2)]);
        let mut lying = bomb.clone();
        for at in 0..lying.len() - 4 {
            if lying[at..at + 4] == size.to_le_bytes() {
                lying[at..at + 4].copy_from_slice(&10u32.to_le_bytes());
            }
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&vec![0; size as usize]).unwrap();
        let silent = gzip.finish().unwrap();
        let passed = [Outcome::Ok, Outcome::Limit, Outcome::Ok, Outcome::Limit];
        let damaged = [Outcome::Ok, Outcome::Corrupt, Outcome::Ok, Outcome::Partial];
        let cut = [Outcome::Limit; 2];
        let unpacked = Limits { unpacked: 1 << 20, ..Limits::default() };
        let member = Limits { member: 1 << 20, ..Limits::default() };
        for (bomb, limits, expected) in [
            (&bomb, &unpacked, &passed[..]),
            (&bomb, &member, &passed),
            (&lying, &unpacked, &damaged),
            (&lying, &member, &damaged),
            (&silent, &unpacked, &cut),
            (&silent, &member, &cut),
        ] {
            let documents = read(bomb, "bomb.zip", limits);
            let outcomes: Vec<_> = documents.iter().map(|d| d.outcome).collect();
            assert_eq!(outcomes, expected, "{limits:?}");
            // Whatever is missing of a member is told by what it lies in.
            let told = &documents.last().unwrap().content.warnings;
            let missing = documents.iter().find(|document| document.reason.is_some()).unwrap();
            let path = missing.member.as_ref().unwrap().to_string();
            assert!(
                told.iter().any(|warning| warning.reason.english().contains(&path)),
                "{told:?}"
            );
        }
    }

    #[test]
    fn members_that_hold_nothing_are_told_and_counted() {
        let mut archive = tar::Builder::new(Vec::new());
        for n in 0..20 {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            archive.append_link(&mut header, format!("link{n}"), "elsewhere").unwrap();
        }
        let archive = archive.into_inner().unwrap();
        let limits = Limits { members: 5, ..Limits::default() };
        for (limits, outcome, listed) in
            [(&limits, Outcome::Limit, 5), (&Limits::default(), Outcome::Ok, 20)]
        {
            let [document] = &read(&archive, "links.tar", limits)[..] else { panic!() };
            assert_eq!((document.outcome, document.content.members.len()), (outcome, listed));
            let told = document
                .content
                .warnings
                .iter()
                .filter(|it| it.reason.english().contains("elsewhere"));
            assert_eq!(told.count(), listed);
        }
    }

    /// A scan is one whatever bound it: the same outcome as of a PDF of pictures.
    #[test]
    fn a_document_of_pictures_only_is_empty() {
        let mut png = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(100, 100).write_to(&mut png, image::ImageFormat::Png).unwrap();
        let section = |text: &str| {
            let names = "xmlns:hs=\"http://www.hancom.co.kr/hwpml/2011/section\" \
                 xmlns:hp=\"http://www.hancom.co.kr/hwpml/2011/paragraph\"";
            let text = format!("<hp:p><hp:run><hp:t>{text}</hp:t></hp:run></hp:p>");
            format!("<?xml version=\"1.0\"?><hs:sec {names}>{text}</hs:sec>").into_bytes()
        };
        let bound = |text: &str, beside: (&str, &[u8])| {
            zipped(&[
                ("mimetype".into(), b"application/hwp+zip".to_vec()),
                ("Contents/section0.xml".into(), section(text)),
                (format!("BinData/{}", beside.0), beside.1.to_vec()),
            ])
        };
        let png = ("image1.png", png.get_ref().as_slice());
        for (text, beside, outcome) in [
            ("", png, Outcome::Empty),
            ("침수", png, Outcome::Ok),
            ("", ("note.txt", "침수".as_bytes()), Outcome::Ok),
        ] {
            let documents = read(&bound(text, beside), "스캔.hwpx", &Limits::default());
            let own = documents.last().unwrap();
            assert_eq!(own.outcome, outcome, "{:?}", own.content.warnings);
            let hint =
                own.content.warnings.iter().filter(|it| it.reason.kind.word() == "not_installed");
            assert_eq!(hint.count(), usize::from(outcome == Outcome::Empty));
        }
    }

    #[test]
    fn a_pdf_behind_a_false_sign_of_tar_is_a_pdf() {
        let mut bytes = vec![b'A'; 1016];
        bytes[257..262].copy_from_slice(b"ustar");
        let archive = bytes.clone();
        bytes.extend(b"%PDF-1.4\n");
        let row =
            |bytes: &Vec<u8>| surest(&Probe::new(bytes, "").unwrap()).map(|format| format.name);
        assert_eq!((row(&bytes), row(&archive)), (Some("pdf"), Some("tar")));
    }

    #[test]
    fn the_pictures_of_an_object_are_held_to_a_limit_together() {
        let mut png = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(100, 100).write_to(&mut png, image::ImageFormat::Png).unwrap();
        let png = png.into_inner();
        // Room for five of the largest at four bytes a pixel; these have three.
        let limits = Limits { unpacked_ratio: 0, pixels: 10_000, ..Limits::default() };
        let many = (0..9).map(|n| (format!("{n}.png"), png.clone()));
        let album = zipped(&many.collect::<Vec<_>>());
        let documents = read(&album, "album.zip", &limits);
        let noted = documents.iter().filter(|d| !d.content.warnings.is_empty()).count();
        assert_eq!((documents.len(), noted), (10, 3), "six of 30,000 bytes fit into 200,000");
    }

    #[test]
    fn no_depth_of_foreign_bytes_reaches_the_stack() {
        let deep = 50_000;
        let json = format!("{}\"글\"{}", "[".repeat(deep), "]".repeat(deep));
        let xml = format!("<?xml version=\"1.0\"?>{}글{}", "<a>".repeat(deep), "</a>".repeat(deep));
        let html = format!("<html>{}글{}", "<b>".repeat(deep), "</b>".repeat(deep));
        let mail = "Content-Type: message/rfc822\nSubject: a\nFrom: a@b\n\n".repeat(deep / 10);
        let parts = (0..deep / 20).map(|n| {
            format!("Content-Type: multipart/mixed; boundary=b{n}\nSubject: s\n\n--b{n}\n")
        });
        let parts: String = parts.collect();
        for (name, text) in
            [("a.json", json), ("a.xml", xml), ("a.html", html), ("a.eml", mail), ("b.eml", parts)]
        {
            let documents = read(text.as_bytes(), name, &Limits::default());
            if !name.ends_with("eml") {
                assert_eq!(documents.last().unwrap().content.text(), "글", "{name}");
            }
        }
    }
}
