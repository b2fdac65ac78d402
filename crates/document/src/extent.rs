/// How much a pipeline holds: what the entry of its drop folder says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Live objects, members apart.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Their media types, each with its number of objects, ordered by name.
    pub media_types: Vec<(String, u64)>,
}
