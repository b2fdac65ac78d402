use std::sync::Arc;

use axum::routing::MethodRouter;
use madang_document::principal::Role;

use crate::server::Server;

/// A row of the table of routes.
#[derive(Debug)]
pub struct Route {
    /// `GET`, `PUT` or `POST`; `GET` answers `HEAD` too.
    pub method: &'static str,
    /// The path, with `{name}` for its variable parts.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    /// For programs or for people.
    pub surface: Surface,
    /// How the answer is narrowed to the principal's agencies.
    pub scope: Scoped,
    /// One line for the API's description.
    pub summary: &'static str,
    /// The query parameters it knows.
    pub query: &'static [&'static str],
    pub(crate) answer: Answer,
    pub(crate) handler: fn() -> MethodRouter<Arc<Server>>,
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody: it tells nothing.
    Open,
    /// A principal with one of these roles; an administrator has all.
    Any(&'static [Role]),
}

/// For whom a route is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Programs: without a principal 401.
    Api,
    /// People: without a principal they are led to the sign-in page.
    Page,
}

/// How an answer is narrowed to the agencies of the principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scoped {
    /// Says nothing about any object.
    Nothing,
    /// Names one thing: 404 if it belongs to a hidden agency.
    One,
    /// Lists or counts: hidden agencies are left out.
    Many,
}

/// What a route answers with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// JSON of this shape.
    Json(&'static str),
    /// JSON of the first shape; while there is not yet what it tells of, 202 and the second.
    JsonOnceRead(&'static str, &'static str),
    /// JSON of this shape to a file that was kept: 201 if it is new, 202 if it is not recorded yet.
    Kept(&'static str),
    /// A file of whatever type it is, or a range of it.
    File,
    /// A film or sound that its browser may have already, or a range of it.
    Media,
    /// A picture that its browser may have already.
    Picture,
    /// Something else, of this media type.
    Other(&'static str),
}
