//! The encodings that a text may be in, besides those of Unicode in wide units, and their names.

use encoding_rs::{EUC_KR, Encoding};

use super::decoded::Decoded;
use super::likelihood::Script;
use super::{filler, johab, utf7};

/// An encoding that a text may be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Standard(&'static Encoding),
    Johab,
    Utf7,
}

impl Code {
    /// The text of bytes in it.
    pub(super) fn decode(self, bytes: &[u8]) -> Decoded {
        let (text, lossy) = match self {
            Code::Standard(encoding) => {
                let (text, lossy) = encoding.decode_without_bom_handling(bytes);
                let text = text.into_owned();
                (if encoding == EUC_KR { filler::compose(text) } else { text }, lossy)
            }
            Code::Johab => johab::decode(bytes),
            Code::Utf7 => utf7::decode(bytes),
        };
        Decoded { text, encoding: self.name(), lossy, doubts: Vec::new() }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Code::Standard(encoding) => encoding.name(),
            Code::Johab => "Johab",
            Code::Utf7 => "UTF-7",
        }
    }

    pub(super) fn script(self) -> Script {
        match self.name() {
            "EUC-KR" | "Johab" => Script::Korean,
            "GBK" | "gb18030" | "Big5" => Script::Chinese,
            "Shift_JIS" | "EUC-JP" | "ISO-2022-JP" => Script::Japanese,
            _ => Script::Letters,
        }
    }
}

/// The encoding of a label as mails and pages write it: those of the WHATWG, and names that the WHATWG does not know.
pub(super) fn labelled(label: &str) -> Option<Code> {
    let label = label.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    Some(match label.as_str() {
        "cp949" | "ms949" | "x-windows-949" | "uhc" | "ks_c_5601" | "ksc_5601" | "euc_kr"
        | "euckr" | "5601" => Code::Standard(EUC_KR),
        "johab" | "cp1361" | "ms1361" | "ksc5601-1992" | "x-johab" => Code::Johab,
        "utf-7" | "utf7" | "unicode-1-1-utf-7" => Code::Utf7,
        "cp932" => Code::Standard(encoding_rs::SHIFT_JIS),
        "cp936" => Code::Standard(encoding_rs::GBK),
        "cp950" => Code::Standard(encoding_rs::BIG5),
        // Bytes that hold 16-bit units were found by their pattern; a label in ASCII proves otherwise.
        "x-user-defined" => return None,
        label => {
            let encoding = Encoding::for_label_no_replacement(label.as_bytes())?;
            // `unicode` and `ucs-2` are names of it, too.
            let is_wide = [encoding_rs::UTF_16LE, encoding_rs::UTF_16BE].contains(&encoding);
            Code::Standard(Some(encoding).filter(|_| !is_wide)?)
        }
    })
}
