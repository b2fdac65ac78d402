/// What an object was taken for, before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detected {
    /// The row of the table of formats; `none` if no row matched.
    pub format: &'static str,
    /// The version of that row.
    pub format_version: u32,
    /// The media type.
    pub media_type: &'static str,
}
