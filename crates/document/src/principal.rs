use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::agency::Agency;

/// Who asks: every request has one. Built by whoever checked a key or a session, and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// For the audit trail: `key:…`, `session:…`, or `local` for the command line on its own data folder.
    pub name: String,
    /// What they may do.
    pub roles: BTreeSet<Role>,
    /// Whose objects they may see.
    pub agencies: Scope,
}

impl Principal {
    /// The owner of the data folder, at its own command line: may do and see everything.
    pub fn local() -> Principal {
        Principal { name: "local".into(), roles: Role::ALL.into(), agencies: Scope::All }
    }

    /// Whether they have this role; an administrator has all of them.
    pub fn may(&self, role: Role) -> bool {
        self.roles.contains(&role) || self.roles.contains(&Role::Admin)
    }
}

/// What a principal may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Search, open documents, read the catalogue.
    Search,
    /// Drop files and read receipts.
    Drop,
    /// Watch and operate the queues.
    Operate,
    /// Everything, keys included.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [Role::Search, Role::Drop, Role::Operate, Role::Admin];

    /// The word used on the command line and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Search => "search",
            Role::Drop => "drop",
            Role::Operate => "operate",
            Role::Admin => "admin",
        }
    }

    /// The role of this word.
    pub fn parse(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// Whose objects a principal may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every agency's, those to come included.
    All,
    /// Only these agencies'.
    Only(BTreeSet<Agency>),
}

impl Scope {
    /// Whether objects of this agency may be seen.
    pub fn covers(&self, agency: &Agency) -> bool {
        match self {
            Scope::All => true,
            Scope::Only(agencies) => agencies.contains(agency),
        }
    }
}
