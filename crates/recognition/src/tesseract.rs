//! Tesseract behind [`Recogniser`].
//!
//! How a page is cut up before it is read decides how much of it is read: Tesseract's own layout loses a tenth to two
//! thirds of a dense Korean page, and its data of two languages at once reads worse than those of one. So the page is
//! prepared here, and the engine is handed blocks of lines, one after the other:
//!
//! 1. the light is made even, and the page turned upright and level, by the slope of its lines (also of a sheet that was
//!    photographed from one side);
//! 2. what is light on dark is turned, rules are wiped, pictures left out;
//! 3. tables are read cell by cell, columns one after the other, all else from above; the letters of lines that run down are
//!    set beside each other (`vertical.rs`);
//! 4. each block is read in Korean; lines that turn out to be Latin, and then the blocks after them, in English.
//!
//! `tests/measure/scans.py` measures it beside the command line.

use std::path::{Path, PathBuf};

use madang_document::content::Segment;
use madang_document::locator::Bounds;
use madang_extract::lighting;
use madang_extract::pixels::Pixels;
use madang_extract::recogniser::{Patience, Picture, Recogniser, Sense, Signal, Unrecognised};
use madang_extract::rect::Rect;

use crate::data_file;
use crate::libtesseract::{Libtesseract, Model, Segmentation};
use crate::page::Page;
use crate::reader::{Reader, turned_back};
use crate::segments::confidence;

/// Tesseract with the data of its languages.
#[derive(Debug)]
pub struct Tesseract {
    name: String,
    data: String,
    languages: Vec<String>,
    models: Vec<Model>,
}

/// The languages that are loaded, those that are there: Korean first, because its data know Latin letters, too.
const LANGUAGES: [&str; 2] = ["kor", "eng"];

/// Where distributions keep the data.
const FOLDERS: [&str; 4] = [
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
];

impl Tesseract {
    /// Loads the library and its data. `folder` is where the data lie, if that is told (`TESSDATA_PREFIX`). There must be
    /// one thread.
    ///
    /// # Errors
    /// One sentence that says what is missing.
    pub fn load(folder: Option<&Path>) -> Result<Tesseract, String> {
        let table = Libtesseract::load()?;
        let folders: Vec<PathBuf> = match folder {
            Some(folder) => vec![folder.to_owned(), folder.join("tessdata")],
            None => FOLDERS.map(PathBuf::from).into(),
        };
        let is_there = |folder: &Path, language: &str| {
            folder.join(format!("{language}.traineddata")).is_file()
        };
        let found = folders
            .iter()
            .find(|folder| LANGUAGES.iter().any(|language| is_there(folder, language)));
        let Some(folder) = found else {
            let looked: Vec<String> =
                folders.iter().map(|folder| folder.display().to_string()).collect();
            let files = LANGUAGES.map(|language| format!("{language}.traineddata")).join(" or ");
            return Err(format!("no {files} in {}", looked.join(", ")));
        };
        let (mut languages, mut models, mut data) = (Vec::new(), Vec::new(), String::new());
        for language in LANGUAGES.iter().filter(|language| is_there(folder, language)) {
            models.push(Model::load(table, folder, language)?);
            languages.push((*language).to_owned());
            data.push_str(&data_file::stamp(&folder.join(format!("{language}.traineddata"))));
            data.push('\n');
        }
        let tesseract =
            Tesseract { name: format!("tesseract {}", table.version()), data, languages, models };
        tesseract.warm();
        Ok(tesseract)
    }

    /// Reads nothing once: tables that the library builds at its first use are then shared by all children.
    fn warm(&self) {
        for model in &self.models {
            let _ = model.read(&Pixels::of(64, 32, 255), Segmentation::Block, 300, &|| {});
        }
    }

    /// The numbers of the models to read with, and whether the likeliest language is written in Latin letters.
    fn order(&self, wanted: &[String]) -> (Vec<usize>, bool) {
        let known = |language: &&String| self.languages.contains(language);
        let is_wanted = |language: &String| {
            !wanted.iter().any(|it| self.languages.contains(it)) || wanted.contains(language)
        };
        let all = self.languages.iter().enumerate();
        let order = all.filter(|(_, language)| is_wanted(language)).map(|(n, _)| n).collect();
        let likeliest = wanted.iter().find(known);
        (order, likeliest.is_some_and(|language| language != "kor"))
    }

    fn picture(
        &self,
        picture: &Picture<'_>,
        wanted: &[String],
        patience: &dyn Patience,
    ) -> Result<Vec<Segment>, String> {
        let (width, height) = (picture.width as usize, picture.height as usize);
        if picture.grey.len() != width.saturating_mul(height) || picture.grey.is_empty() {
            return Err("the picture has another size than it says".into());
        }
        let grey = Pixels { width, height, bytes: picture.grey.to_vec() };
        let (order, is_latin) = self.order(wanted);
        let grey = lighting::evened(grey);
        let alive = || patience.alive();
        alive();
        let Some(page) = Page::of(grey, &alive) else { return Ok(Vec::new()) };
        let reader = Reader::new(&self.models, order, is_latin, patience);
        let (quarters, lines, straight, scale) = reader.upright(&page)?;
        let to_points = 72.0 / picture.dpi.filter(|dpi| *dpi > 0).unwrap_or(72) as f32;
        let size = (width as f32, height as f32);
        let sure = confidence(&lines);
        let on_picture = |rect: Rect| {
            let edges = straight.of_image(rect).map(|edge| edge / scale);
            let [left, top, right, bottom] = turned_back(edges, quarters, size);
            let within = |edge: f32, most: f32| edge.clamp(0.0, most) * to_points;
            Bounds {
                left: within(left, size.0),
                top: within(top, size.1),
                right: within(right, size.0),
                bottom: within(bottom, size.1),
            }
        };
        let read = lines.iter().filter(|line| line.is_read(sure));
        Ok(read.map(|line| line.segment(&on_picture)).collect())
    }
}

impl Recogniser for Tesseract {
    fn name(&self) -> &str {
        &self.name
    }

    fn data(&self) -> &str {
        &self.data
    }

    fn sense(&self) -> Sense {
        Sense::Sight
    }

    fn languages(&self) -> &[String] {
        &self.languages
    }

    fn recognise(
        &self,
        signal: &Signal<'_>,
        languages: &[String],
        patience: &dyn Patience,
    ) -> Result<Vec<Segment>, Unrecognised> {
        match signal {
            Signal::Picture(picture) => self
                .picture(picture, languages, patience)
                .map_err(|reason| Unrecognised { engine: self.name.clone(), reason }),
            Signal::Sound(_) => Ok(Vec::new()),
        }
    }
}
