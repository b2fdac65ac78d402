//! Pages for people, made on the server. Whatever comes from a file, a name or a query is text to these
//! templates: maud escapes it, nothing here marks a string as markup, and it goes in as
//! [`Shown`](madang_document::shown::Shown), so that no name can pretend to be another.

pub(crate) mod caution;
pub(crate) mod described;
pub(crate) mod document;
pub(crate) mod drop;
pub(crate) mod error;
pub(crate) mod facts;
pub(crate) mod frames;
pub(crate) mod grid;
pub(crate) mod hits;
pub(crate) mod layout;
pub(crate) mod leaf;
pub(crate) mod opened;
pub(crate) mod part_name;
pub(crate) mod passage;
pub(crate) mod player;
pub(crate) mod property;
pub(crate) mod property_value;
pub(crate) mod question;
pub(crate) mod queues;
pub(crate) mod remark;
pub(crate) mod renditions;
pub(crate) mod search;
pub(crate) mod sign_in;
pub(crate) mod text_part;
pub(crate) mod typed;
pub(crate) mod unread;
pub(crate) mod versions;
pub(crate) mod words;
