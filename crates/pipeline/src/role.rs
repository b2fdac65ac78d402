/// A part of the service; a process may run some of them only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees what is dropped.
    Source,
    /// Reads it.
    Worker,
    /// Brings it into the index.
    Indexer,
    /// Makes its catalogue entries.
    Cataloguer,
    /// Brings those to other registries.
    Relay,
    /// Removes the texts and previews that nobody names any more.
    Eraser,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 6] =
        [Role::Source, Role::Worker, Role::Indexer, Role::Cataloguer, Role::Relay, Role::Eraser];

    /// The word used on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Source => "source",
            Role::Worker => "worker",
            Role::Indexer => "indexer",
            Role::Cataloguer => "cataloguer",
            Role::Relay => "relay",
            Role::Eraser => "eraser",
        }
    }
}
