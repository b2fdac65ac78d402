/// A language in which a person reads a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locale {
    /// 한국어
    Korean,
    /// English
    English,
}
