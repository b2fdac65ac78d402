use std::fmt;

use madang_document::content::Segment;

/// What an engine recognises something in.
#[derive(Clone, Copy)]
pub enum Signal<'a> {
    /// A picture: a scanned page, a photograph, a frame of a video.
    Picture(Picture<'a>),
    /// Sound: speech in a recording or in the track of a video.
    Sound(Sound<'a>),
}

/// Pixels, decoded and upright. Grey, one byte each, row by row from the upper left, because recognition has no use
/// for colour and a third of the bytes is a third of the time.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    /// `width` times `height` bytes.
    pub grey: &'a [u8],
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Pixels to the inch, if the document says so: without it an engine guesses how large a letter is.
    pub dpi: Option<u32>,
}

/// Samples of sound, one channel, from -1 to 1.
#[derive(Clone, Copy)]
pub struct Sound<'a> {
    /// At [`Recogniser::sample_rate`] to the second.
    pub samples: &'a [f32],
}

/// Which kind of signal an engine takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// Pictures.
    Sight,
    /// Sound.
    Hearing,
}

/// An engine that finds text in what is not text: Tesseract in pictures, Whisper in speech.
///
/// It is handed pixels or samples, never a path, a descriptor or a clock; its model is loaded when it is made, before
/// the first child is forked, and shared by all of them. So it must hold no thread while it is not recognising: a
/// fork copies only the thread that forks. (Tesseract: built without OpenMP or with `OMP_THREAD_LIMIT=1`. Whisper:
/// its pool of threads ends with each run.) Within [`Recogniser::recognise`] it may start threads and must end them.
///
/// The same signal gives the same segments, as far as there is time: a repeated run must not change a document.
pub trait Recogniser {
    /// Name and version, as in `tesseract 5.5.0`: it stands in a document's properties, and a change of it is what
    /// tells that a recognised text is worth recognising again.
    fn name(&self) -> &str;

    /// What else its answer depends on, as text of any form: which data it has loaded. An engine whose data were exchanged under
    /// the same name remembers nothing of what it made out by the earlier ones.
    fn data(&self) -> &str {
        ""
    }

    /// What it takes.
    fn sense(&self) -> Sense;

    /// The languages that it knows: ISO 639-3.
    fn languages(&self) -> &[String];

    /// The samples to the second that it wants; 0 of an engine for pictures.
    fn sample_rate(&self) -> u32 {
        0
    }

    /// The text in `signal`, in reading order, as a document of one page ([`Locator::Page`] number 1, with bounds in
    /// points at the picture's `dpi`, or at 72 if there is none) or of one recording ([`Locator::Time`] from its
    /// start on). The caller moves them to the place of the signal in its document. Every segment has a confidence.
    ///
    /// `languages` are those to expect, the likeliest first; unknown ones are passed over. Of a signal that takes longer than
    /// `patience` lasts it gives what it made out before.
    ///
    /// # Errors
    /// [`Unrecognised`] when the engine failed; what is merely without text is an empty list.
    ///
    /// [`Locator::Page`]: madang_document::locator::Locator::Page
    /// [`Locator::Time`]: madang_document::locator::Locator::Time
    fn recognise(
        &self,
        signal: &Signal<'_>,
        languages: &[String],
        patience: &dyn Patience,
    ) -> Result<Vec<Segment>, Unrecognised>;
}

/// Whoever waits for an engine: hears that it goes on, and how much it has to do, and says how long it may.
pub trait Patience {
    /// Work goes on. To be called about every second: a child that is silent for long is taken for hung.
    fn alive(&self);

    /// There is so much more to do than on a usual page, in units of work ([`crate::sink::Sink::progress`]): time is allowed
    /// by these.
    fn more(&self, _units: u32) {}

    /// Whether there is time for more. To be asked between parts of a signal.
    fn has_time(&self) -> bool {
        true
    }
}

/// Who waits as long as it takes, and only hears that it goes on.
impl<F: Fn()> Patience for F {
    fn alive(&self) {
        self();
    }
}

/// An engine failed on a signal: a note in the document, never its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{engine} failed: {reason}")]
pub struct Unrecognised {
    /// [`Recogniser::name`].
    pub engine: String,
    /// One sentence.
    pub reason: String,
}

impl fmt::Debug for Signal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Signal::Picture(picture) => picture.fmt(f),
            Signal::Sound(sound) => sound.fmt(f),
        }
    }
}

impl fmt::Debug for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}x{})", self.width, self.height)
    }
}

impl fmt::Debug for Sound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sound({} samples)", self.samples.len())
    }
}
