//! A folder or bucket of JSON-LD files.
