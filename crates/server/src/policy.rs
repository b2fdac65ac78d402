//! What a page or a file of this server may do in a browser (Content Security Policy).

/// Pages: load their own script, style and pictures, and nothing else.
pub(crate) const PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The page of a document: films and sound of this server, too.
pub(crate) const PAGE_WITH_MEDIA: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// A file that a browser opens by itself: nothing, and without an origin.
pub(crate) const SANDBOX: &str = "sandbox; default-src 'none'";
