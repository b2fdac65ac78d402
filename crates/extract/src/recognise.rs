use crate::probe::Probe;

/// The media type and name of a format that Madang knows by sight but does not read, so that the file is
/// catalogued as what it is.
pub fn recognise(probe: &Probe<'_>) -> Option<(&'static str, &'static str)> {
    KNOWN
        .iter()
        .find(|(magic, ..)| probe.starts_with(magic))
        .map(|&(_, media_type, name)| (media_type, name))
}

/// First bytes, media type, name.
const KNOWN: &[(&[u8], &str, &str)] = &[
    (b"HWP Document File V3.", "application/x-hwp", "HWP 3"),
    (b"7z\xBC\xAF\x27\x1C", "application/x-7z-compressed", "7z archives"),
    (b"Rar!\x1A\x07", "application/vnd.rar", "RAR archives"),
];
