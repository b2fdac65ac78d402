use madang_document::reason_kind::ReasonKind;

/// Text with the encoding it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// WHATWG name, or the IANA name of an encoding that the WHATWG leaves out.
    pub encoding: &'static str,
    /// Whether bytes had no meaning in it and were replaced by U+FFFD.
    pub lossy: bool,
    /// What makes the encoding doubtful: another is nearly as likely, or lines are in different ones.
    pub doubts: Vec<ReasonKind>,
}
