//! RTF as mails of Outlook hold it: packed by references into a window of 4 KiB (MS-OXRTFCP).

use super::bytes::u32_at;

/// What the window holds at first: words that all RTF files have.
const START: &[u8; 207] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
const WINDOW: usize = 4096;

/// Unpacks; at most some nine times as many bytes come out as go in. None if it is not of this kind; what is damaged
/// ends where the damage is.
pub(super) fn unpack(data: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize| usize::try_from(u32_at(data, at)?).ok();
    let (packed, raw) = (number(0)?, number(4)?);
    // The size counts three of the four numbers of the header.
    let body = data.get(16..packed.saturating_add(4).min(data.len()))?;
    match data.get(8..12)? {
        b"MELA" => Some(body.get(..raw).unwrap_or(body).to_vec()),
        b"LZFu" => Some(inflate(body, raw)),
        _ => None,
    }
}

fn inflate(body: &[u8], raw: usize) -> Vec<u8> {
    let mut window = [b' '; WINDOW];
    for (to, from) in window.iter_mut().zip(START) {
        *to = *from;
    }
    let mut write = START.len();
    let mut out = Vec::with_capacity(raw.min(body.len().saturating_mul(4)));
    let mut put = |byte: u8, window: &mut [u8; WINDOW], out: &mut Vec<u8>| {
        if let Some(place) = window.get_mut(write) {
            *place = byte;
        }
        write = (write + 1) % WINDOW;
        out.push(byte);
        write
    };
    let mut now = START.len();
    let mut rest = body.iter();
    while let Some(control) = rest.next() {
        for bit in 0..8 {
            let Some(&byte) = rest.next() else { return out };
            if control >> bit & 1 == 0 {
                now = put(byte, &mut window, &mut out);
                continue;
            }
            let Some(&low) = rest.next() else { return out };
            let reference = usize::from(u16::from_be_bytes([byte, low]));
            let (offset, length) = (reference >> 4, (reference & 15) + 2);
            // A reference to the place that is written next ends the text.
            if offset == now {
                return out;
            }
            for n in 0..length {
                let byte = window.get((offset + n) % WINDOW).copied().unwrap_or(b' ');
                now = put(byte, &mut window, &mut out);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification() {
        // MS-OXRTFCP, sections 4.1.1 and 4.1.2.
        let simple = b"\x2D\0\0\0\x2B\0\0\0LZFu\xF1\xC5\xC7\xA7\x03\0\x0A\0rcpg125\x42\x32\x0A\xF3 hel\x09\0 bw\x05\xB0ld}\x0A\x80\x0F\xA0";
        assert_eq!(unpack(simple).unwrap(), b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
        let crossing =
            b"\x1A\0\0\0\x1C\0\0\0LZFu\xE2\xD4\x4B\x51\x41\0\x04\x20WXYZ\x0D\x6E\x7D\x01\x0E\xB0";
        assert_eq!(unpack(crossing).unwrap(), b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}");
        let plain = b"\x12\0\0\0\x06\0\0\0MELA\0\0\0\0{\\rtf}";
        assert_eq!(unpack(plain).unwrap(), b"{\\rtf}");
        assert_eq!(unpack(b"\x12\0\0\0\x06\0\0\0XXXX\0\0\0\0"), None);
        assert_eq!(unpack(b"\x12\0\0"), None);
    }
}
