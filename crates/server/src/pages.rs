//! Pages for people, made on the server. Whatever comes from a file, a name or a query is text to these
//! templates: maud escapes it, and nothing here marks a string as markup.

pub(crate) mod document;
pub(crate) mod drop;
pub(crate) mod error;
pub(crate) mod layout;
pub(crate) mod queues;
pub(crate) mod search;
pub(crate) mod sign_in;
pub(crate) mod words;
