//! Entries of drop folders.
