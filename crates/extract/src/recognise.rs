use madang_document::reason_kind::ReasonKind;

use crate::error::ExtractError;
use crate::probe::Probe;
use crate::split_name::{JOIN, is_part};

/// A format that Madang knows by sight but does not read, so that the file is catalogued as what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recognised {
    /// Media type.
    pub media_type: &'static str,
    /// What a file of it is called, in the plural.
    pub name: &'static str,
    /// Why it is not read.
    pub why: Why,
}

/// Why a format that is known is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// There is no reader for it.
    NoReader,
    /// It is a wrapping by a rights management system around some other format.
    Drm,
    /// It is a part of something whose other parts are elsewhere.
    Part,
}

impl Recognised {
    /// Why such a file is not read.
    pub(crate) fn error(&self) -> ExtractError {
        match self.why {
            Why::NoReader => {
                ExtractError::Unsupported(ReasonKind::NoReader(self.name.into()).into())
            }
            Why::Drm => ExtractError::Drm(ReasonKind::Wrapped(self.name.into()).into()),
            Why::Part => ExtractError::Unsupported(JOIN.into()),
        }
    }
}

const fn known(media_type: &'static str, name: &'static str) -> Recognised {
    Recognised { media_type, name, why: Why::NoReader }
}

const fn drm(name: &'static str) -> Recognised {
    Recognised { media_type: "application/octet-stream", name, why: Why::Drm }
}

/// Any part of a split archive but the first, which alone has a magic.
const PART: Recognised = Recognised {
    media_type: "application/octet-stream",
    name: "parts of split archives",
    why: Why::Part,
};

/// What the bytes, else the name, say the file is; asked only when no row of the table of formats matched.
pub(crate) fn recognise(probe: &Probe<'_>) -> Option<Recognised> {
    if probe.head.is_empty() {
        return None;
    }
    if let Some(known) = recognise_zip(probe).or_else(|| recognise_cfb(probe)) {
        return Some(known);
    }
    let by_magic = MAGIC.iter().find(|(offset, magic, _)| probe.has_at(*offset, magic));
    by_magic.map(|(.., known)| *known).or_else(|| {
        if is_part(probe.name) {
            return Some(PART);
        }
        let by_name = NAMED.iter().find(|(extension, _)| probe.extension == *extension);
        by_name.map(|(_, known)| *known)
    })
}

/// A wrapping by a rights management system, whatever the name says is wrapped.
pub(crate) fn recognise_drm(probe: &Probe<'_>) -> Option<Recognised> {
    let wrapped = MAGIC.iter().filter(|(.., known)| known.why == Why::Drm);
    wrapped
        .clone()
        .find(|(offset, magic, _)| probe.has_at(*offset, magic))
        .map(|(.., known)| *known)
}

/// Whether the bytes read as text but are the code of a layout or of an archive: PostScript, WARC, cpio, ar, PGP. Other
/// magics in text are chance; a report on the MZ generation is no program.
pub(crate) fn is_markup(probe: &Probe<'_>) -> bool {
    let codes: [&[u8]; 6] = [
        b"%!PS",
        b"WARC/",
        b"070701",
        b"!<arch>\n",
        b"-----BEGIN PGP SIGNATURE-----",
        b"-----BEGIN PGP MESSAGE-----",
    ];
    codes.iter().any(|code| probe.starts_with(code))
}

/// A format that stands on ZIP, by its inside.
pub(crate) fn recognise_zip(probe: &Probe<'_>) -> Option<Recognised> {
    let zip = probe.zip()?;
    if let Some(mimetype) = &zip.mimetype
        && let Some((_, known)) =
            ZIP_MIMETYPES.iter().find(|(known, _)| mimetype.starts_with(known))
    {
        return Some(*known);
    }
    // At its root only: an archive of sources may hold such a file deeper and is an archive all the same.
    let member = |name: &str| zip.names.iter().any(|n| n == name);
    ZIP_MEMBERS.iter().find(|(name, _)| member(name)).map(|(_, known)| *known)
}

/// A format that stands on the compound file, by its streams.
fn recognise_cfb(probe: &Probe<'_>) -> Option<Recognised> {
    let streams = probe.cfb()?;
    // Names in a compound file are compared without regard to case (MS-CFB, section 2.6.4).
    let stream = |name: &str| {
        streams.iter().any(|s| s.split('/').next().is_some_and(|s| s.eq_ignore_ascii_case(name)))
    };
    let by_stream = CFB_STREAMS.iter().find(|(name, _)| stream(name)).map(|(_, known)| *known);
    by_stream.or(Some(known("application/x-ole-storage", "compound files")))
}

const ZIP_MIMETYPES: &[(&str, Recognised)] =
    &[("application/vnd.sun.xml", known("application/vnd.sun.xml.writer", "StarOffice documents"))];

/// A member that only archives of this kind have.
const ZIP_MEMBERS: &[(&str, Recognised)] = &[
    ("AndroidManifest.xml", known("application/vnd.android.package-archive", "Android packages")),
    ("META-INF/MANIFEST.MF", known("application/java-archive", "Java archives")),
    ("FixedDocSeq.fdseq", known("application/vnd.ms-xpsdocument", "XPS documents")),
    ("FixedDocumentSequence.fdseq", known("application/vnd.ms-xpsdocument", "XPS documents")),
    ("visio/document.xml", known("application/vnd.ms-visio.drawing.main+xml", "Visio drawings")),
    ("3D/3dmodel.model", known("model/3mf", "3D models")),
    ("designmap.xml", known("application/vnd.adobe.indesign-idml-package", "InDesign documents")),
];

/// A stream that only compound files of this kind have.
const CFB_STREAMS: &[(&str, Recognised)] = &[
    ("FileHeader", known("application/x-hwp", "HWP 5 documents")),
    ("VisioDocument", known("application/vnd.visio", "Visio 97 drawings")),
    ("   114", known("application/vnd.ms-project", "Project plans")),
    ("Props9", known("application/vnd.ms-project", "Project plans")),
    ("Quill", known("application/x-mspublisher", "Publisher documents")),
    ("SwDocContentMgr", known("application/sldworks", "SolidWorks drawings")),
    // SolidWorks has a storage of this name too.
    ("CONTENTS", known("application/vnd.ms-works", "Works documents")),
];

/// Offset, bytes there, what it is. The wrappings of rights management first.
pub(crate) const MAGIC: &[(usize, &[u8], Recognised)] = &[
    // Fasoo and SoftCamp, the two in general use at Korean agencies, put a header of their own before the file.
    (0, b"\x9B DRMONE ", drm("Fasoo")),
    (0, b"<DRMONE", drm("Fasoo")),
    (1, b"DRMONE", drm("Fasoo")),
    (2, b"DRMONE", drm("Fasoo")),
    (0, b"SCDSA00", drm("SoftCamp Document Security")),
    (0, b"DRMKSS", drm("MarkAny Document SAFER")),
    (0, b"<DOCUMENT SAFER", drm("MarkAny Document SAFER")),
    (0, b"<## NASCA DRM FILE", drm("NASCA")),
    // What Microsoft's client wraps that is no format of its own.
    (0, b".pfile", drm("Microsoft Purview (PFILE)")),
    // A mail of Outlook's that its rights management packed (MS-OXORMMS): `message.rpmsg`.
    (0, b"\x76\xE8\x04\x60\xC4\x11\xE3\x86", drm("Microsoft Outlook (RPMSG)")),
    (0, b"HWP Document File V2", known("application/x-hwp", "HWP 2 documents")),
    (0, b"BZh", known("application/x-bzip2", "bzip2 archives")),
    (0, b"\x1F\x8B", known("application/gzip", "gzip archives")),
    (0, b"\x04\x22\x4D\x18", known("application/x-lz4", "LZ4 archives")),
    // Of a version that is to come: those that there are have a reader.
    (0, b"Rar!\x1A\x07", known("application/vnd.rar", "RAR archives of this version")),
    (0, b"RE~^", known("application/vnd.rar", "RAR archives of before 1994")),
    (0, b"\xFF\x06\0\0sNaPpY", known("application/x-snappy-framed", "Snappy archives")),
    (0, b"\x60\xEA", known("application/x-arj", "ARJ archives")),
    (2, b"-lh", known("application/x-lzh-compressed", "LHA archives")),
    (7, b"**ACE**", known("application/x-ace-compressed", "ACE archives")),
    (0, b"!<arch>\n", known("application/x-archive", "ar archives")),
    (0, b"070701", known("application/x-cpio", "cpio archives")),
    (0, b"070707", known("application/x-cpio", "cpio archives")),
    (0, b"\xC7\x71", known("application/x-cpio", "cpio archives")),
    (0, b"-----BEGIN PGP SIGNATURE-----", known("application/pgp-signature", "signatures")),
    (0, b"-----BEGIN PGP MESSAGE-----", known("application/pgp-encrypted", "encrypted messages")),
    (0, b"WARC/", known("application/warc", "web archives")),
    (0, b"\xD7\xCD\xC6\x9A", known("image/wmf", "Windows metafiles")),
    (40, b" EMF", known("image/emf", "enhanced metafiles")),
    (0, b"\0\0\x01\0", known("image/vnd.microsoft.icon", "icons")),
    (0, b"\0\0\x02\0\x04\x04", known("application/vnd.lotus-1-2-3", "Lotus worksheets")),
    (0, b"\0\0\x02\0\x06\x04", known("application/vnd.lotus-1-2-3", "Lotus worksheets")),
    (0, b"\0\0\x1A\0", known("application/vnd.lotus-1-2-3", "Lotus worksheets")),
    (0, b"icns", known("image/icns", "icons")),
    (0, b"AT&TFORM", known("image/vnd.djvu", "DjVu documents")),
    (0, b"AC10", known("image/vnd.dwg", "AutoCAD drawings")),
    (0, b"%!PS", known("application/postscript", "PostScript documents")),
    (0, b"\xD0\xCF\x11\xE0", known("application/x-ole-storage", "compound files")),
    // What macOS puts beside a file under its name, with `._` in front (RFC 1740, appendix A and B).
    (0, b"\x00\x05\x16\x07\x00", known("multipart/appledouble", "AppleDouble files")),
    (0, b"\x00\x05\x16\x00\x00", known("application/applefile", "AppleSingle files")),
    (0, b"ITSF", known("application/vnd.ms-htmlhelp", "help files")),
    (0, b"\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D", known("application/msonenote", "OneNote sections")),
    (0, b"\xFFWPC", known("application/vnd.wordperfect", "WordPerfect documents")),
    (0, b"\x31\xBE\0\0", known("application/x-mswrite", "Write documents")),
    (4, b"Standard Jet DB", known("application/x-msaccess", "Access databases")),
    (4, b"Standard ACE DB", known("application/x-msaccess", "Access databases")),
    (0, b"!BDN", known("application/vnd.ms-outlook-pst", "Outlook folders")),
    (0, b"\x89HDF\r\n\x1A\n", known("application/x-hdf5", "HDF5 data")),
    (0, b"CDF\x01", known("application/x-netcdf", "NetCDF data")),
    (0, b"\0\0\x27\x0A", known("application/vnd.shp", "shape files")),
    (0, b"bplist", known("application/x-bplist", "property lists")),
    (0, b"\0\x01\0\0\0", known("font/ttf", "fonts")),
    (0, b"OTTO", known("font/otf", "fonts")),
    (0, b"ttcf", known("font/collection", "fonts")),
    (0, b"wOFF", known("font/woff", "fonts")),
    (0, b"wOF2", known("font/woff2", "fonts")),
    (0, b"\x7FELF", known("application/x-elf", "programs")),
    (0, b"MZ", known("application/vnd.microsoft.portable-executable", "programs")),
    (0, b"\xCA\xFE\xBA\xBE", known("application/java-vm", "Java classes")),
    (0, b"\xCF\xFA\xED\xFE", known("application/x-mach-binary", "programs")),
    (0, b"\xFE\xED\xFA", known("application/x-mach-binary", "programs")),
    (0, b"\0asm", known("application/wasm", "programs")),
    (0, b"\xD4\xC3\xB2\xA1", known("application/vnd.tcpdump.pcap", "network captures")),
    (0, b"\xA1\xB2\xC3\xD4", known("application/vnd.tcpdump.pcap", "network captures")),
    (0, b"\x0A\x0D\x0D\x0A", known("application/x-pcapng", "network captures")),
    (0, b"CWS", known("application/x-shockwave-flash", "Flash films")),
    (0, b"FWS", known("application/x-shockwave-flash", "Flash films")),
];

/// Formats without a magic of their own, by extension.
const NAMED: &[(&str, Recognised)] = &[
    ("br", known("application/x-brotli", "Brotli archives")),
    ("dbf", known("application/vnd.dbf", "dBase tables")),
    ("der", known("application/pkix-cert", "certificates")),
    ("p7m", known("application/pkcs7-mime", "signed messages")),
    ("p7s", known("application/pkcs7-signature", "signatures")),
    ("p12", known("application/x-pkcs12", "keys")),
    ("pfx", known("application/x-pkcs12", "keys")),
    ("gpg", known("application/pgp-encrypted", "encrypted messages")),
    ("wmf", known("image/wmf", "Windows metafiles")),
    ("stl", known("model/stl", "3D models")),
    ("dgn", known("image/vnd.dgn", "MicroStation drawings")),
];
