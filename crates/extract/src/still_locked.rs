use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

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
    /// This many are given, and none can be tried in a lock of this kind.
    Untried(usize),
    /// They opened none of many locks before it in the same object, and were not tried again.
    InVain,
}

impl StillLocked {
    /// The reason that a document or a member is not read: `what` says that it is locked.
    pub(crate) fn told(self, what: impl Into<Reason>) -> Reason {
        let cause = match self {
            StillLocked::NoneGiven | StillLocked::Costly { given: 0, .. } => return what.into(),
            StillLocked::Wrong(given) => ReasonKind::WrongPasswords(given as u64),
            StillLocked::Costly { tried, given } => {
                ReasonKind::PasswordsLeft { tried: tried as u64, given: given as u64 }
            }
            StillLocked::Untried(given) => ReasonKind::PasswordsUntried(given as u64),
            StillLocked::InVain => ReasonKind::PasswordsInVain,
        };
        what.into().because(cause)
    }
}
