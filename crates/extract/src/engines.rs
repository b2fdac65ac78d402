use std::fmt;

use crate::recogniser::{Recogniser, Sense};

/// The engines that recognise text in pictures and sound. Made once, before the first child is forked.
#[derive(Default)]
pub struct Engines {
    recognisers: Vec<Box<dyn Recogniser>>,
}

impl Engines {
    /// None: only text that is stored as text is read.
    pub fn none() -> Engines {
        Engines::default()
    }

    /// These; of two for one sense the earlier is asked.
    pub fn new(recognisers: Vec<Box<dyn Recogniser>>) -> Engines {
        Engines { recognisers }
    }

    /// The engine for a sense, if one is installed.
    pub fn of(&self, sense: Sense) -> Option<&dyn Recogniser> {
        self.recognisers.iter().find(|engine| engine.sense() == sense).map(Box::as_ref)
    }
}

impl fmt::Debug for Engines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.recognisers.iter().map(|engine| engine.name())).finish()
    }
}
