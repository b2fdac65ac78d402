/// Why a lock stays closed: which passwords were tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StillLocked {
    /// The pipeline gives none.
    NoneGiven,
    /// None of this many given ones opens it.
    Wrong(usize),
    /// Trying them all is more work than the object may cost.
    Costly {
        /// How many of the given ones were tried.
        tried: usize,
        /// How many are given.
        given: usize,
    },
    /// They opened none of many locks before it in the same object, and were not tried again.
    InVain,
}

impl StillLocked {
    /// The reason that a document or a member is not read: `what` says that it is locked, in words.
    pub(crate) fn told(self, what: &str) -> String {
        match self {
            StillLocked::NoneGiven | StillLocked::Costly { given: 0, .. } => what.to_owned(),
            StillLocked::Wrong(1) => format!("{what}; the given password does not open it"),
            StillLocked::Wrong(given) => {
                format!("{what}; none of {given} given passwords opens it")
            }
            StillLocked::Costly { tried, given } => format!(
                "{what}; {tried} of {given} given passwords were tried, for trying more of them is more work than one \
                 object may cost"
            ),
            StillLocked::InVain => format!(
                "{what}; the given passwords were not tried, for they opened none of the members before it"
            ),
        }
    }
}
