use std::fmt;

use crate::libav::Libav;
use crate::recogniser::{Recogniser, Sense};

/// What is loaded before the first child is forked, because a child can load nothing: FFmpeg's libraries, and the
/// engines that recognise text in pictures and sound.
#[derive(Default)]
pub struct Engines {
    libav: Option<Libav>,
    recognisers: Vec<Box<dyn Recogniser>>,
}

impl Engines {
    /// None: only what needs no more than this program itself is read.
    pub fn none() -> Engines {
        Engines::default()
    }

    /// FFmpeg's libraries, for audio and video.
    ///
    /// # Errors
    /// One sentence that says what cannot be loaded.
    pub fn media() -> Result<Engines, String> {
        Ok(Engines { libav: Some(Libav::load()?), recognisers: Vec::new() })
    }

    /// These with recognisers besides; of two for one sense the earlier is asked.
    pub fn and(mut self, recognisers: Vec<Box<dyn Recogniser>>) -> Engines {
        self.recognisers.extend(recognisers);
        self
    }

    /// FFmpeg's libraries, if they are loaded.
    pub fn libav(&self) -> Option<&Libav> {
        self.libav.as_ref()
    }

    /// The engine for a sense, if one is loaded.
    pub fn of(&self, sense: Sense) -> Option<&dyn Recogniser> {
        self.recognisers.iter().find(|engine| engine.sense() == sense).map(Box::as_ref)
    }
}

impl fmt::Debug for Engines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        list.entries(self.libav);
        list.entries(self.recognisers.iter().map(|engine| engine.name())).finish()
    }
}
