//! Bytes to content. Pure and synchronous: no file system, network, clock or environment, and no panic on
//! foreign bytes. The one way in is [`extract::extract`]. What a format says is its own file under `formats/`; which
//! formats there are is one table, [`formats::FORMATS`].

/// The bytes of an object.
pub mod blob;
mod compound_file;
mod contact_sheet;
/// What an extractor is told, and the door through which members leave.
pub mod context;
mod described;
/// What an object was taken for.
pub mod detected;
/// Bytes to text, whatever the character encoding.
mod encoding;
/// The engines that recognise text in pictures and sound.
pub mod engines;
/// Why nothing could be read.
pub mod error;
pub mod extract;
/// One document as it comes out.
pub mod extraction;
/// A row of the table of formats.
pub mod format;
pub mod formats;
mod frame_choice;
mod frame_text;
mod glimpse;
mod guesses;
mod hangul_letters;
/// The language of a text.
pub mod language;
pub mod left_alone;
pub mod letters;
mod libav;
pub mod lighting;
mod likely_text;
/// How much one object may cost.
pub mod limits;
mod loudness;
/// The paths of the members of one container.
mod member_path;
/// What of a name counts.
pub mod naming;
/// What a pipeline wants.
pub mod options;
/// What one extraction is told.
pub mod order;
/// Lines gathered into segments of a sensible size.
mod paragraphs;
/// The passwords that a pipeline gives.
pub mod passwords;
pub mod pixels;
mod plate;
mod private_signs;
/// What a row may look at to tell its kind.
pub mod probe;
/// What finds text in pictures and sound.
pub mod recall;
/// Formats that are known by sight, but not read.
mod recognise;
pub mod recogniser;
pub mod rect;
mod seen_text;
pub mod sidecar;
/// Who takes what extraction finds.
pub mod sink;
mod split_name;
/// A row of the table of stages.
pub mod stage;
pub mod stages;
mod still_locked;
mod text_rows;
mod thinned;
pub mod unpack;
mod visible_text;
mod voice;
mod waveform;
