//! OpenDocument texts, spreadsheets, presentations and drawings (ODF 1.3), packaged or flat, and the
//! OpenOffice.org 1.x files they grew out of, which name the same things by the same local names.

use std::collections::{BTreeMap, BTreeSet};

use flate2::bufread::DeflateDecoder;
use madang_document::content::{Content, Member};
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;
use zeroize::Zeroizing;

use super::keywords::keywords;
use super::markup::{Markup, Node};
use super::odf_beside::Beside;
use super::odf_body::Body;
use super::odf_cipher::Sealed;
use super::odf_edges::page_edges;
use super::odf_hidden;
use super::odf_list::Lists;
use super::odf_picture;
use super::odf_style;
use super::office_property::{OWN_MOST, add_subject, set_own_property, set_property};
use super::office_xml;
use super::ole_object;
use super::package::{Package, decode};
use super::thumbnail::thumbnail;
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::limits::MISSING_MOST;
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::unpack::{End, unpack};

pub(super) const FORMAT: Format = Format {
    name: "odf",
    version: 8,
    media_types: &[ODT, OTT, ODM, ODS, OTS, ODP, OTP, ODG, OTG, ODF, SXW, SXC, SXI, SXD],
    sniff,
    media_type,
    extract,
};

const ODT: &str = "application/vnd.oasis.opendocument.text";
const OTT: &str = "application/vnd.oasis.opendocument.text-template";
const ODM: &str = "application/vnd.oasis.opendocument.text-master";
const ODS: &str = "application/vnd.oasis.opendocument.spreadsheet";
const OTS: &str = "application/vnd.oasis.opendocument.spreadsheet-template";
const ODP: &str = "application/vnd.oasis.opendocument.presentation";
const OTP: &str = "application/vnd.oasis.opendocument.presentation-template";
const ODG: &str = "application/vnd.oasis.opendocument.graphics";
const OTG: &str = "application/vnd.oasis.opendocument.graphics-template";
const ODF: &str = "application/vnd.oasis.opendocument.formula";
const SXW: &str = "application/vnd.sun.xml.writer";
const SXC: &str = "application/vnd.sun.xml.calc";
const SXI: &str = "application/vnd.sun.xml.impress";
const SXD: &str = "application/vnd.sun.xml.draw";

/// What a name stands for: the extension of the package, that of the flat file, the media type.
const EXTENSIONS: &[(&str, &str, &str)] = &[
    ("odt", "fodt", ODT),
    ("ott", "", OTT),
    ("odm", "", ODM),
    ("ods", "fods", ODS),
    ("ots", "", OTS),
    ("odp", "fodp", ODP),
    ("otp", "", OTP),
    ("odg", "fodg", ODG),
    ("otg", "", OTG),
    ("odf", "", ODF),
    ("sxw", "", SXW),
    ("sxc", "", SXC),
    ("sxi", "", SXI),
    ("sxd", "", SXD),
];

fn named(probe: &Probe<'_>) -> Option<&'static str> {
    let is = |name: &str| !name.is_empty() && name == probe.extension;
    EXTENSIONS.iter().find(|(packed, flat, _)| is(packed) || is(flat)).map(|found| found.2)
}

/// The media type that the bytes state: the entry `mimetype`, or `office:mimetype` of a flat file.
fn stated(probe: &Probe<'_>) -> Option<&'static str> {
    let find =
        |text: &str| FORMAT.media_types.iter().copied().find(|media_type| *media_type == text);
    if let Some(zip) = probe.zip() {
        return zip.mimetype.as_deref().and_then(find);
    }
    let head = String::from_utf8_lossy(probe.head.get(..4096).unwrap_or(&probe.head)).into_owned();
    let (_, rest) = head.split_once("office:mimetype=")?;
    rest.get(1..)?.split(['"', '\'']).next().and_then(find)
}

fn sniff(probe: &Probe<'_>) -> Match {
    if stated(probe).is_some() {
        return Match::Container;
    }
    match probe.zip() {
        // OpenOffice.org 1.x wrote no `mimetype` at first.
        Some(zip) => {
            let has =
                |name: &str| zip.names.iter().any(|n| n.trim_start_matches(['/', '\\']) == name);
            // Programs that make a package anew leave out what it does not need to be opened.
            match (has("content.xml"), named(probe)) {
                (true, Some(_)) => Match::Container,
                (false, Some(_)) => Match::Extension,
                (_, None) => Match::No,
            }
        }
        // The directory is lost, but the name tells what the ZIP was.
        None if named(probe).is_some() && probe.starts_with(b"PK") => Match::Magic,
        None => Match::No,
    }
}

fn media_type(probe: &Probe<'_>) -> &'static str {
    stated(probe).or_else(|| named(probe)).unwrap_or(ODT)
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let mut magic = [0; 2];
    blob.read_at(0, &mut magic)?;
    if magic != *b"PK" {
        let bytes = blob.read_all(context.limits.member)?.into_owned();
        let text = decode(bytes);
        properties(&text, "office:meta", &mut content);
        page_edges(Body::new(context), &text, "header", &mut content);
        let grounds = grounds(&text, context, &mut content);
        let beside = Beside::new(BTreeMap::new(), grounds, Lists::default());
        let hiding = odf_hidden::texts(&[&text]);
        Body::new(context).walk(&text, "the file", beside, hiding, &mut content);
        page_edges(Body::new(context), &text, "footer", &mut content);
        odf_picture::take_written(&text, context, &mut content);
        return Ok(content);
    }
    let package = Package::open(blob, context, &mut content)?;
    if package.has(WHOLE) {
        let inner = whole(package, &mut content, context)?;
        content.metadata.at("META-INF/manifest.xml").set(metadata::ENCRYPTED, true);
        let package = Package::open(&inner, context, &mut content)?;
        return read(package, content);
    }
    read(package, content)
}

/// The part that is a whole package, encrypted (ODF 1.4 part 2, section 3.4.1).
const WHOLE: &str = "encrypted-package";

/// What is said of a document that is locked.
fn locked() -> Reason {
    ReasonKind::Password.of(Noun::Document)
}

/// Opens the package within a package.
///
/// # Errors
/// [`ExtractError::Encrypted`] when no password opens it.
fn whole(
    mut package: Package<'_>,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<Vec<u8>, ExtractError> {
    let manifest = package.text(MANIFEST, content).unwrap_or_default();
    let sealed = Sealed::read(&manifest);
    let bytes = package.bytes(WHOLE, content).unwrap_or_default();
    let refused = |still| ExtractError::locked(locked(), still);
    let part = sealed.part(WHOLE).ok_or_else(|| refused(context.none_tried()))?;
    let open = |password: &str| part.open(password, bytes.clone());
    let inner = context.unlock(part.rounds(), open).map_err(refused)?;
    if inner.starts_with(b"PK") {
        return Ok(inner);
    }
    let inflated = unpack(DeflateDecoder::new(inner.as_slice()), context.limits.member, context);
    match inflated.end {
        End::Whole | End::Damaged(_) => Ok(inflated.bytes),
        End::TooLarge => {
            Err(ExtractError::Limit(ReasonKind::Larger(context.limits.member).of(Noun::Package)))
        }
        End::Spent(limit) => Err(limit),
    }
}

/// Reads the parts of a package.
fn read(mut package: Package<'_>, mut content: Content) -> Result<Content, ExtractError> {
    let context = package.context();
    let embedded = manifest(&mut package, &mut content)?;
    if !package.has("content.xml") {
        return Err(package.lacks("content.xml"));
    }
    if let Some(text) = package.text("meta.xml", &mut content) {
        properties(&text, "meta.xml", &mut content);
    }
    let text = package
        .text("content.xml", &mut content)
        .ok_or_else(|| ExtractError::corrupt(ReasonKind::NotUnpacked.of("content.xml")))?;
    // Where it is not there although the manifest lists it, that is told.
    let styles = package.text(STYLES, &mut content).unwrap_or_default();
    let missing = ReasonKind::Missing.of(STYLES);
    if package.misses(STYLES)
        && odf_style::names_others(&text)
        && content.warnings.iter().all(|warning| warning.reason != missing)
    {
        content.lost(missing);
    }
    damage(&styles, STYLES, &mut content);
    let mut shown = odf_picture::shown(&text, &styles, "");
    let objects = objects(&mut package, &embedded, &mut shown, &mut content);
    let grounds = grounds(&styles, context, &mut content);
    let mut beside = Beside::new(objects, grounds, lists(&text, &styles));
    beside.signs.read(&styles);
    // Headers and footers stand in the styles of the pages.
    page_edges(Body::new(context), &styles, "header", &mut content);
    let hiding = odf_hidden::texts(&[&styles, &text]);
    Body::new(context).walk(&text, "content.xml", beside, hiding, &mut content);
    page_edges(Body::new(context), &styles, "footer", &mut content);
    members(&mut package, &shown, &mut content);
    thumbnail(&mut package, "Thumbnails/thumbnail.png", &mut content);
    package.finish(content)
}

/// An embedded document.
struct Embedded {
    folder: String,
    /// Whether it draws cells that the document around it holds.
    of_cells: bool,
}

/// The part with the styles: the lines of page edges, the masters of slides, how lists and headings count.
const STYLES: &str = "styles.xml";

/// Tells where the markup of a part is damaged that is read in pieces.
fn damage(text: &str, part: &str, content: &mut Content) {
    let mut markup = Markup::new(text);
    while markup.next().is_some() {}
    markup.report(part, content);
}

/// The part that lists the others.
const MANIFEST: &str = "META-INF/manifest.xml";

/// Reads the manifest: what is embedded. Opens the parts that are encrypted (ODF 1.3 part 2, section 3.4.1).
///
/// # Errors
/// [`ExtractError::Encrypted`] when no password opens the content.
fn manifest(
    package: &mut Package<'_>,
    content: &mut Content,
) -> Result<Vec<Embedded>, ExtractError> {
    let text = package.text(MANIFEST, content).unwrap_or_default();
    unseal(package, &text, content)?;
    let mut markup = Markup::new(&text);
    let mut embedded = Vec::new();
    let mut missed = 0;
    while let Some(node) = markup.next() {
        let Node::Start(tag) = node else { continue };
        if tag.name() != "file-entry" {
            continue;
        }
        let path = tag.attribute("full-path").unwrap_or_default();
        // Of other parts the programs that write them list some that they leave out.
        if (path == STYLES || path.starts_with("Pictures/") || path.starts_with("Object "))
            && !path.ends_with('/')
            && missed < MISSING_MOST
            && package.misses(&path)
        {
            missed += 1;
            content.lost(ReasonKind::Missing.of(path.as_str()));
        }
        let media_type = tag.attribute("media-type").unwrap_or_default();
        let kind = media_type
            .strip_prefix("application/vnd.oasis.opendocument.")
            .or_else(|| media_type.strip_prefix("application/vnd.sun.xml."));
        const KINDS: [&str; 11] = [
            "text",
            "spreadsheet",
            "presentation",
            "graphics",
            "chart",
            "formula",
            "writer",
            "calc",
            "impress",
            "draw",
            "math",
        ];
        if let Some(kind) = kind.filter(|kind| KINDS.contains(kind))
            && let Some(folder) = path.strip_suffix('/').filter(|folder| !folder.is_empty())
        {
            let spreadsheet = matches!(package.context().media_type, ODS | OTS | SXC);
            let of_cells = kind == "chart" && spreadsheet;
            embedded.push(Embedded { folder: folder.to_owned(), of_cells });
        }
    }
    markup.report(MANIFEST, content);
    Ok(embedded)
}

/// Has the package open its encrypted parts, if the content is one of them.
fn unseal(
    package: &mut Package<'_>,
    manifest: &str,
    content: &mut Content,
) -> Result<(), ExtractError> {
    const CONTENT: &str = "content.xml";
    if package.has(WHOLE) {
        return Err(ExtractError::corrupt(ReasonKind::TooDeep(1).of(Noun::EncryptedPackages)));
    }
    // The manifest of most documents says nothing of it, and need not be read twice.
    if !manifest.contains("encryption-data") {
        return Ok(());
    }
    let sealed = Sealed::read(manifest);
    if !sealed.has(CONTENT) {
        return Ok(());
    }
    let refused = |still| ExtractError::locked(locked(), still);
    let bytes = package.bytes(CONTENT, content).unwrap_or_default();
    let part = sealed.part(CONTENT).ok_or_else(|| refused(package.context().none_tried()))?;
    let right = |password: &str| {
        let right = part.is_opened_by(password, &bytes);
        right.then(|| Zeroizing::new(password.to_owned()))
    };
    let password = package.context().unlock(part.rounds(), right).map_err(refused)?;
    content.metadata.at("META-INF/manifest.xml").set(metadata::ENCRYPTED, true);
    package.unseal(sealed, password);
    Ok(())
}

/// What programs put among the properties that the author named, of a document that was one of Word, Excel or PowerPoint: it is
/// of these programs (ECMA-376 part 1, section 22.2).
const OF_PROGRAMS: [&str; 9] = [
    "AppVersion",
    "DocSecurity",
    "HyperlinksChanged",
    "LinksUpToDate",
    "MMClips",
    "HiddenSlides",
    "PresentationFormat",
    "ScaleCrop",
    "ShareDoc",
];

/// Reads the properties (ODF 1.3 part 3, section 4.3).
fn properties(text: &str, part: &str, content: &mut Content) {
    let mut markup = Markup::new(text);
    let mut words = Vec::new();
    let mut subject = String::new();
    let mut creator = String::new();
    let mut own = 0;
    while let Some(node) = markup.next() {
        let Node::Start(tag) = node else { continue };
        let name = match (tag.prefix(), tag.name()) {
            // A flat file goes on with the body: the properties are over.
            ("office", "body") => break,
            ("dc", "title") => metadata::TITLE,
            ("dc", "description") => metadata::DESCRIPTION,
            ("meta", "initial-creator") => metadata::AUTHOR,
            ("meta", "creation-date") => metadata::CREATED,
            ("dc", "date") => metadata::MODIFIED,
            ("meta", "generator") => metadata::PRODUCER,
            ("dc", "subject") => {
                subject = markup.text();
                continue;
            }
            ("dc", "creator") => {
                creator = markup.text();
                continue;
            }
            ("meta", "user-defined") => {
                let name = tag.attribute("name").unwrap_or_default();
                let value = markup.text();
                if own < OWN_MOST && !OF_PROGRAMS.contains(&name.as_str()) {
                    own += 1;
                    set_own_property(content, part, &name, &value);
                } else if own == OWN_MOST {
                    own += 1;
                    let (first, unit) = (OWN_MOST as u64, Unit::Properties);
                    content.note(ReasonKind::OnlyFirst { first, of: None, unit }.within(part));
                }
                continue;
            }
            ("meta", "keyword") => {
                words.extend(keywords(&markup.text()));
                continue;
            }
            ("meta", "document-statistic") => {
                content.metadata.at(part).set_some(
                    metadata::PAGES,
                    tag.attribute("page-count").and_then(|n| n.parse::<u32>().ok()),
                );
                continue;
            }
            _ => continue,
        };
        set_property(content, part, name, &markup.text());
    }
    markup.report(part, content);
    content.metadata.at(part).set(metadata::KEYWORDS, words);
    add_subject(content, part, &subject);
    // `dc:creator` is who saved it last; the first author has a word of his own.
    content.metadata.at(part).set(metadata::LAST_SAVED_BY, creator.trim());
    if content.metadata.text(metadata::AUTHOR).is_none() {
        content.metadata.at(part).set(metadata::AUTHOR, creator.trim());
    }
}

/// The words of embedded documents by their folders, and the pictures that they show. A document in a folder is read in
/// place: its text belongs to the page that shows it.
fn objects(
    package: &mut Package<'_>,
    embedded: &[Embedded],
    shown: &mut BTreeSet<String>,
    content: &mut Content,
) -> BTreeMap<String, String> {
    let mut objects = BTreeMap::new();
    for Embedded { folder, of_cells } in embedded {
        let part = format!("{folder}/content.xml");
        if let Some(text) = package.text(&part, content) {
            shown.append(&mut odf_picture::shown(&text, "", folder));
            let body = Body::new(package.context());
            objects.insert(folder.clone(), body.embedded(&text, &part, *of_cells, content));
        }
    }
    objects
}

/// The styles of lists that the styles of the document hold; those of the text stand in it.
fn lists(text: &str, styles: &str) -> Lists {
    let mut lists = Lists::default();
    if text.contains("<text:list") || text.contains("<text:h") {
        lists.read_styles(&mut Markup::new(styles), "document-styles");
    }
    lists
}

/// The words on the masters of slides by their names.
fn grounds(styles: &str, context: &Context<'_>, content: &mut Content) -> BTreeMap<String, String> {
    let mut grounds = BTreeMap::new();
    // Pages of a text have no shapes of their own.
    if styles.contains("presentation:class=") {
        for master in office_xml::cut(styles, "master-page", &["master-page"]) {
            let words = Body::new(context).ground(master.inner, "a master of slides", content);
            if !words.is_empty() {
                grounds.insert(master.name, words);
            }
        }
    }
    grounds
}

/// Extracts the pictures, sounds and films that the document shows and the embedded files of other formats, each of which
/// is one part, and lists what else lies with them.
fn members(package: &mut Package<'_>, shown: &BTreeSet<String>, content: &mut Content) {
    let names: Vec<_> = package.names().map(str::to_owned).collect();
    let mut paths = MemberPaths::default();
    for name in names {
        let is_media = ["Pictures/", "Media/"]
            .iter()
            .any(|folder| name.starts_with(folder) || name.contains(&format!("/{folder}")));
        if shown.contains(&name) {
            if !package.take_member(&name, &paths.take(&name), content) {
                return;
            }
        } else if is_media {
            let size = package.size(&name);
            content.members.push(Member { path: name, size, outcome: None, told: None });
        } else if name.starts_with("Object ")
            && !name.contains('/')
            && let Some(bytes) = package.bytes(&name, content)
        {
            ole_object::open_file(&name, bytes, package.context(), content);
        }
    }
}
