//! Entries of documents.
