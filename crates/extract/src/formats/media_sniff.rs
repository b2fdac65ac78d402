//! How audio and video formats are told apart, and what media type their first bytes allow to say.

use super::dav;
use crate::format::Match;
use crate::probe::Probe;

pub(super) const MP4_TYPES: &[&str] =
    &["video/mp4", "audio/mp4", "video/quicktime", "video/3gpp", "video/3gpp2"];
pub(super) const MATROSKA_TYPES: &[&str] =
    &["video/x-matroska", "audio/x-matroska", "video/webm", "audio/webm"];

fn magic(yes: bool) -> Match {
    if yes { Match::Magic } else { Match::No }
}

/// ISO base media (ISO 14496-12) and QuickTime. Still pictures share the container: HEIF, AVIF, Canon raw and
/// JPEG 2000 are not for us.
pub(super) fn mp4(probe: &Probe<'_>) -> Match {
    const STILL: [&[u8]; 10] =
        [b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis", b"crx ", b"jp2 "];
    if probe.has_at(4, b"ftyp") {
        return magic(!STILL.iter().any(|brand| probe.has_at(8, brand)));
    }
    // QuickTime files from before brands start with any of these boxes.
    let old: [&[u8]; 5] = [b"moov", b"mdat", b"wide", b"free", b"skip"];
    let sized = probe.head.first_chunk::<4>().is_some_and(|size| {
        let size = u32::from_be_bytes(*size);
        size == 1 || size >= 8
    });
    let box_first = sized && old.iter().any(|kind| probe.has_at(4, kind));
    let named = matches!(probe.extension.as_str(), "mov" | "qt" | "mp4" | "m4a" | "m4v" | "3gp");
    let movie = probe.has_at(4, b"moov") || contains(probe, b"moov");
    magic(box_first && (named || movie))
}

pub(super) fn mp4_type(probe: &Probe<'_>) -> &'static str {
    let brand = probe.head.get(8..12).filter(|_| probe.has_at(4, b"ftyp")).unwrap_or_default();
    // The handler types of the tracks (ISO 14496-12, section 8.4.3), if the head reaches that far.
    let handler =
        |kind: &[u8; 4]| contains(probe, &[b"hdlr\0\0\0\0\0\0\0\0", kind.as_slice()].concat());
    let (video, sound) = (handler(b"vide"), handler(b"soun"));
    match brand {
        b"M4A " | b"M4B " | b"M4P " | b"F4A " => "audio/mp4",
        _ if sound && !video && probe.extension != "mp4" && probe.extension != "mov" => "audio/mp4",
        b"qt  " => "video/quicktime",
        [b'3', b'g', b'2', _] => "video/3gpp2",
        [b'3', b'g', _, _] => "video/3gpp",
        [] => "video/quicktime",
        _ => "video/mp4",
    }
}

/// Matroska and WebM: the header of EBML (RFC 8794).
pub(super) fn matroska(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(&[0x1A, 0x45, 0xDF, 0xA3]))
}

pub(super) fn matroska_type(probe: &Probe<'_>) -> &'static str {
    let start = probe.head.get(..64).unwrap_or(&probe.head);
    let webm = start.windows(4).any(|w| w == b"webm");
    // Codec identifiers (RFC 9559, section 5.1.4.1.21) after the element's own number, if the head holds them.
    let codec = |kind: &[u8; 2]| {
        probe
            .head
            .windows(4)
            .any(|w| matches!(w, [0x86, size, rest @ ..] if size & 0x80 != 0 && rest == kind))
    };
    match (webm, codec(b"A_") && !codec(b"V_")) {
        (true, true) => "audio/webm",
        (true, false) => "video/webm",
        (false, true) => "audio/x-matroska",
        (false, false) => "video/x-matroska",
    }
}

pub(super) fn avi(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(b"RIFF") && probe.has_at(8, b"AVI "))
}

pub(super) fn wav(probe: &Probe<'_>) -> Match {
    let riff = [b"RIFF", b"RIFX", b"RF64"].iter().any(|m| probe.starts_with(*m));
    magic(riff && probe.has_at(8, b"WAVE"))
}

pub(super) fn aiff(probe: &Probe<'_>) -> Match {
    let form = probe.has_at(8, b"AIFF") || probe.has_at(8, b"AIFC");
    magic(probe.starts_with(b"FORM") && form)
}

/// Apple's Core Audio Format, version 1.
pub(super) fn caf(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(b"caff\0\x01"))
}

/// Sun's and NeXT's: the head has at least 24 bytes.
pub(super) fn au(probe: &Probe<'_>) -> Match {
    let offset = probe.head.get(4..8).and_then(|bytes| bytes.first_chunk::<4>());
    let offset = offset.map_or(0, |bytes| u32::from_be_bytes(*bytes));
    magic(probe.starts_with(b".snd") && (24..1 << 20).contains(&offset))
}

/// Sony's Wave64: the GUIDs of `riff` and `wave`.
pub(super) fn w64(probe: &Probe<'_>) -> Match {
    const RIFF: [u8; 16] = [
        0x72, 0x69, 0x66, 0x66, 0x2E, 0x91, 0xCF, 0x11, 0xA5, 0xD6, 0x28, 0xDB, 0x04, 0xC1, 0x00,
        0x00,
    ];
    magic(probe.starts_with(&RIFF) && probe.has_at(24, b"wave"))
}

/// Two bytes begin a frame of Dolby's, and say little without the name.
pub(super) fn ac3(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(&[0x0B, 0x77]) && probe.extension == "ac3")
}

pub(super) fn eac3(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(&[0x0B, 0x77]) && matches!(probe.extension.as_str(), "eac3" | "ec3"))
}

/// The sync word of DTS in its usual order, and the name.
pub(super) fn dts(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(&[0x7F, 0xFE, 0x80, 0x01]) && probe.extension == "dts")
}

/// A block of WavPack, of version 4.
pub(super) fn wavpack(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(b"wvpk") && probe.head.get(9) == Some(&4))
}

/// True Audio, with or without a tag before it.
pub(super) fn tta(probe: &Probe<'_>) -> Match {
    magic(after_id3(probe).is_some_and(|audio| audio.starts_with(b"TTA1")))
}

/// Musepack of stream version 8.
pub(super) fn musepack(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(b"MPCKSH"))
}

pub(super) fn ogg(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(b"OggS"))
}

pub(super) fn ogg_type(probe: &Probe<'_>) -> &'static str {
    let video: [&[u8]; 4] = [b"\x80theora", b"BBCD\0", b"\x01video", b"OVP80"];
    let video = video.iter().any(|codec| contains(probe, codec));
    if video { "video/ogg" } else { "audio/ogg" }
}

pub(super) fn flac(probe: &Probe<'_>) -> Match {
    magic(after_id3(probe).is_some_and(|audio| audio.starts_with(b"fLaC")))
}

/// MPEG audio: frames, or an ID3 tag and then frames. The tag may fill the whole head (it holds the cover);
/// then it is MP3 unless the name says otherwise.
pub(super) fn mp3(probe: &Probe<'_>) -> Match {
    match after_id3(probe) {
        None => magic(!matches!(probe.extension.as_str(), "aac" | "flac" | "tta")),
        Some(audio) if is_frame(audio) => {
            // A second frame proves it; without it two bytes prove little, unless a tag or name agrees.
            let sure = probe.starts_with(b"ID3") || probe.extension == "mp3" || second_frame(audio);
            magic(sure)
        }
        Some(_) if probe.starts_with(b"ID3") => magic(probe.extension == "mp3"),
        Some(_) if probe.extension == "mp3" => Match::Extension,
        Some(_) => Match::No,
    }
}

/// What follows an ID3v2 tag (ID3v2.4, section 3.1); everything if there is none, nothing if it fills the
/// head.
fn after_id3<'a>(probe: &'a Probe<'_>) -> Option<&'a [u8]> {
    let [b'I', b'D', b'3', _, _, _, a, b, c, d, ..] = *probe.head.as_slice() else {
        return Some(&probe.head);
    };
    let size =
        [a, b, c, d].into_iter().fold(0usize, |size, byte| size << 7 | usize::from(byte & 0x7F));
    let audio = probe.head.get(10 + size..)?;
    let padding = audio.iter().take_while(|&&byte| byte == 0).count();
    audio.get(padding..)
}

/// A frame header of MPEG audio, layers 1 to 3 (ISO 11172-3, section 2.4.2.3).
fn is_frame(audio: &[u8]) -> bool {
    matches!(audio, [0xFF, b, c, ..]
        if b & 0xE0 == 0xE0 && b & 0x18 != 0x08 && b & 0x06 != 0 && c >> 4 != 0xF && c >> 4 != 0 && c & 0x0C != 0x0C)
}

/// Whether a second header of the same kind follows within the longest frame.
fn second_frame(audio: &[u8]) -> bool {
    let Some([_, kind, ..]) = audio.get(..4) else { return false };
    let near = audio.get(24..2_000).or_else(|| audio.get(24..)).unwrap_or_default();
    near.windows(4).any(|w| is_frame(w) && w.get(1) == Some(kind))
}

/// AAC in ADTS frames (ISO 14496-3, section 1.A.3.2): layer 0, and the length says where the next one is.
pub(super) fn aac(probe: &Probe<'_>) -> Match {
    let Some(audio) = after_id3(probe) else {
        return magic(probe.extension == "aac");
    };
    let [0xFF, b, _, d, e, f, ..] = *audio else { return Match::No };
    let length = usize::from(d & 3) << 11 | usize::from(e) << 3 | usize::from(f >> 5);
    let next = matches!(audio.get(length..), Some([0xFF, next, ..]) if next & 0xF6 == 0xF0);
    magic(b & 0xF6 == 0xF0 && length > 7 && next)
}

pub(super) fn amr(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(b"#!AMR"))
}

/// The header object of ASF (Advanced Systems Format, section 10.1).
const ASF_HEADER: [u8; 16] = [
    0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11, 0xA6, 0xD9, 0x00, 0xAA, 0x00, 0x62, 0xCE, 0x6C,
];

/// The type of a stream of video (the same, section 10.4).
const ASF_VIDEO: [u8; 16] = [
    0xC0, 0xEF, 0x19, 0xBC, 0x4D, 0x5B, 0xCF, 0x11, 0xA8, 0xFD, 0x00, 0x80, 0x5F, 0x5C, 0x44, 0x2B,
];

pub(super) fn asf(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(&ASF_HEADER))
}

pub(super) fn asf_type(probe: &Probe<'_>) -> &'static str {
    if contains(probe, &ASF_VIDEO) { "video/x-ms-wmv" } else { "audio/x-ms-wma" }
}

pub(super) fn flv(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(b"FLV\x01"))
}

/// Packets of 188 bytes that each start with 0x47 (ISO 13818-1, section 2.4.3.2).
pub(super) fn mpeg_ts(probe: &Probe<'_>) -> Match {
    let synced = (0..5).all(|n| probe.head.get(n * 188) == Some(&0x47));
    // Camcorders put four bytes of time before each packet.
    let timed = (0..5).all(|n| probe.head.get(4 + n * 192) == Some(&0x47));
    magic(synced || timed)
}

/// A pack header (ISO 13818-1, section 2.5.3.3).
pub(super) fn mpeg_ps(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(&[0, 0, 1, 0xBA]))
}

/// Frames of Dahua's recorders, or the head of a file that one exports.
pub(super) fn dav(probe: &Probe<'_>) -> Match {
    magic(dav::is_frame(&probe.head) || probe.starts_with(dav::EXPORTED))
}

/// Bare H.264 (ITU-T H.264, annex B): units behind start codes, among the first of them a set of parameters for the
/// sequence and one for pictures.
pub(super) fn h264(probe: &Probe<'_>) -> Match {
    let kinds = units(&probe.head, |head| (head & 0x80 == 0).then_some(head & 0x1F));
    magic(matches!(kinds.first(), Some(7 | 9)) && kinds.contains(&7) && kinds.contains(&8))
}

/// Bare H.265 (ITU-T H.265, annex B), the same with its three sets of parameters.
pub(super) fn hevc(probe: &Probe<'_>) -> Match {
    let kinds = units(&probe.head, |head| (head & 0x81 == 0).then_some(head >> 1));
    magic(
        matches!(kinds.first(), Some(32 | 35))
            && [32, 33, 34].iter().all(|kind| kinds.contains(kind)),
    )
}

/// Units that are looked at.
const UNITS_MOST: usize = 16;

/// The kinds of the first units behind start codes, as `kind` reads them from the first byte; none if the bytes do not
/// begin with a start code, or one of them has no kind.
fn units(head: &[u8], kind: impl Fn(u8) -> Option<u8>) -> Vec<u8> {
    if !head.starts_with(&[0, 0, 1]) && !head.starts_with(&[0, 0, 0, 1]) {
        return Vec::new();
    }
    let codes = head.windows(4).filter(|window| window.starts_with(&[0, 0, 1]));
    let kinds = codes.take(UNITS_MOST).map(|window| window.last().copied().and_then(&kind));
    kinds.collect::<Option<Vec<u8>>>().unwrap_or_default()
}

/// Bare MPEG-1 or MPEG-2 video: a sequence header (ISO 13818-2, section 6.2.2.1) with a size.
pub(super) fn mpeg_video(probe: &Probe<'_>) -> Match {
    let size = probe.head.get(4..7).unwrap_or_default();
    let has_size =
        matches!(size, [wide, both, high] if (wide | both >> 4) != 0 && (both & 15 | high) != 0);
    magic(probe.starts_with(&[0, 0, 1, 0xB3]) && has_size)
}

/// MXF (SMPTE ST 377-1, section 7): the key of a header partition pack.
pub(super) fn mxf(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(&[6, 0x0E, 0x2B, 0x34, 2, 5, 1, 1, 0x0D, 1, 2, 1, 1, 2]))
}

/// IVF, the bare container of VP8, VP9 and AV1.
pub(super) fn ivf(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(b"DKIF\0\0\x20\0"))
}

/// RealMedia.
pub(super) fn real(probe: &Probe<'_>) -> Match {
    magic(probe.starts_with(b".RMF\0\0"))
}

fn contains(probe: &Probe<'_>, bytes: &[u8]) -> bool {
    probe.head.windows(bytes.len()).any(|w| w == bytes)
}
