//! Bytes to content. Pure and synchronous: no file system, network, clock or environment, and no panic on
//! foreign bytes. What a format says is its own file under `formats/`; which formats there are is one table,
//! [`formats::FORMATS`].

pub mod blob;
pub mod context;
pub mod error;
pub mod extraction;
pub mod format;
pub mod formats;
pub mod language;
pub mod limits;
pub mod probe;
pub mod recognise;
