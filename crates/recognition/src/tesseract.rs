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

use std::cell::Cell as Mutable;
use std::ops::Range;
use std::path::{Path, PathBuf};

use madang_document::content::Segment;
use madang_document::locator::Bounds;
use madang_extract::recogniser::{Picture, Recogniser, Sense, Signal, Unrecognised};

use crate::layout::{self, Item, Part};
use crate::libtesseract::{Libtesseract, Model, Segmentation, Word};
use crate::pictured::Pictured;
use crate::rules::{Cell, Rules};
use crate::segments::{Line, confidence};
use crate::slope::{Points, Slope};
use crate::straight::Straight;
use crate::vertical::Vertical;
use madang_extract::letters::{Piece, Pieces};
use madang_extract::lighting;
use madang_extract::pixels::Pixels;
use madang_extract::rect::Rect;

/// The languages that are loaded, those that are there: Korean first, because its data know Latin letters, too.
const LANGUAGES: [&str; 2] = ["kor", "eng"];

/// Where distributions keep the data.
const FOLDERS: [&str; 4] = [
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
];

/// Height of letters, pixels, that the page is scaled to if it is far from it.
const LETTER: usize = 30;
const SMALLEST: usize = 19;
const LARGEST: usize = 44;

/// Pixels of a page that is enlarged.
const PIXELS_MOST: f32 = 24e6;

/// Parts of one page that are read.
const PARTS_MOST: usize = 2_000;

/// The margin that the engine wants around letters, pixels.
const MARGIN: usize = 12;

/// Of the letters of a block, the share of Hangul of what is not Korean.
const FOREIGN: f32 = 0.15;

/// So many parts of a page of which nothing can be read are followed by no others: noise is cut into hundreds.
const HOPELESS_PARTS: usize = 24;

/// Or so many letters: a pattern that has rows is one large block.
const HOPELESS_LETTERS: usize = 400;

/// A confidence at which nothing was read at all.
const HOPELESS: f32 = 0.35;

/// A confidence at which a block is tried in the other language, whatever its letters seem to be: of a page of Latin nothing is
/// read in Korean, or syllables that are none.
const GUESS: f32 = 0.5;

/// Digits of what is taken for one number.
const NUMBER_MOST: usize = 12;

/// So many words of a page are tried in the other language in vain: of a bad scan none is sure.
const FOREIGN_TRIED: u32 = 24;

/// So many blocks of a page are tried so in vain: of a bad scan, or of noise, nothing is read in either language.
const GUESSES_TRIED: u32 = 3;

/// A confidence at which nothing else is tried.
const SURE: f32 = 0.6;

/// How much surer of a page turned by a half or a quarter one has to be.
const SURER: f32 = 0.12;

/// Letters on a picture up to which it is taken for a sign, which may lie on its side and not look so.
const SIGN_MOST: usize = 120;

/// A confidence at which a sign is not looked at from another side.
const SURE_OF_SIGN: f32 = 0.85;

/// Columns of a page, by which the lines that run down there are found.
const BAND: usize = 16;

/// So many lines that run down tell whether a page of them lies so.
const PROBED_VERTICALS: usize = 3;

/// Lines beside each other stand out so much more than those below each other, where the page lies on its side.
const SIDEWAYS: f32 = 1.15;

/// Tesseract with the data of its languages.
#[derive(Debug)]
pub struct Tesseract {
    name: String,
    languages: Vec<String>,
    models: Vec<Model>,
}

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
        let (mut languages, mut models) = (Vec::new(), Vec::new());
        for language in LANGUAGES.iter().filter(|language| is_there(folder, language)) {
            models.push(Model::load(table, folder, language)?);
            languages.push((*language).to_owned());
        }
        let tesseract =
            Tesseract { name: format!("tesseract {}", table.version()), languages, models };
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
        alive: &dyn Fn(),
    ) -> Result<Vec<Segment>, String> {
        let (width, height) = (picture.width as usize, picture.height as usize);
        if picture.grey.len() != width.saturating_mul(height) || picture.grey.is_empty() {
            return Err("the picture has another size than it says".into());
        }
        let grey = Pixels { width, height, bytes: picture.grey.to_vec() };
        let (order, is_latin) = self.order(wanted);
        let grey = lighting::evened(grey);
        alive();
        let Some(page) = Page::of(grey, alive) else { return Ok(Vec::new()) };
        let (latin, in_vain) = (Mutable::new(is_latin), Mutable::new(0));
        let (turned_in_vain, foreign_in_vain) = (Mutable::new(0), Mutable::new(0));
        let models = &self.models;
        let reader =
            Reader { models, order, latin, in_vain, turned_in_vain, foreign_in_vain, alive };
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
        alive: &dyn Fn(),
    ) -> Result<Vec<Segment>, Unrecognised> {
        match signal {
            Signal::Picture(picture) => self
                .picture(picture, languages, alive)
                .map_err(|reason| Unrecognised { engine: self.name.clone(), reason }),
            Signal::Sound(_) => Ok(Vec::new()),
        }
    }
}

/// A rectangle of a page that was turned by so many quarters, on the picture of this size as it was before.
fn turned_back(edges: [f32; 4], quarters: u8, (width, height): (f32, f32)) -> [f32; 4] {
    let [left, top, right, bottom] = edges;
    match quarters % 4 {
        1 => [top, height - right, bottom, height - left],
        2 => [width - right, height - bottom, width - left, height - top],
        3 => [width - bottom, left, width - top, right],
        _ => edges,
    }
}

/// A page of even light, in the size in which it is read.
struct Page {
    grey: Pixels,
    /// How high its letters are.
    letter: usize,
    /// How many times larger it is than the picture.
    scale: f32,
    /// Whether its lines seem to stand beside each other.
    is_sideways: bool,
}

impl Page {
    /// None if there is nothing on it that could be letters.
    fn of(grey: Pixels, alive: &dyn Fn()) -> Option<Page> {
        let ink = lighting::ink(&grey);
        let pieces = Pieces::of(&ink);
        let letter = pieces.letter_height(&ink)?;
        let factor = match letter {
            ..SMALLEST => (LETTER as f32 / letter as f32).min(3.0),
            LARGEST.. => LETTER as f32 / letter as f32,
            _ => 1.0,
        };
        let area = grey.bytes.len() as f32;
        let factor = factor.min((PIXELS_MOST / area).sqrt().max(1.0));
        let is_sideways = {
            let mut letters = ink;
            pieces.erase(&mut letters, |piece| !is_small(&piece.rect, letter));
            let points = Points::of(&letters);
            points.transposed(letters.width).sharpness() > points.sharpness() * SIDEWAYS
        };
        alive();
        let (grey, letter) = match factor {
            1.0 => (grey, letter),
            factor => (grey.scaled(factor), (letter as f32 * factor) as usize),
        };
        Some(Page { grey, letter: letter.max(4), scale: factor, is_sideways })
    }

    fn turned(&self, quarters: u8) -> Page {
        let grey = self.grey.turned(quarters);
        Page { grey, letter: self.letter, scale: self.scale, is_sideways: false }
    }
}

/// Whether a piece may be of a letter among those of this height.
fn is_small(rect: &Rect, letter: usize) -> bool {
    rect.height() <= letter * 5 && rect.width() <= letter * 8
}

/// What is to be read of a page, level.
struct Prepared {
    grey: Pixels,
    letter: usize,
    straight: Straight,
    parts: Vec<Part>,
    tables: Vec<Vec<(Cell, Vec<Part>)>>,
    /// Lines that run down.
    verticals: Vec<Vertical>,
}

impl Prepared {
    fn of(page: &Page, alive: &dyn Fn()) -> Prepared {
        let letter = page.letter;
        let mut ink = lighting::ink(&page.grey);
        let pieces = Pieces::of(&ink);
        let mut letters = ink.clone();
        pieces.erase(&mut letters, |piece| !is_small(&piece.rect, letter));
        let slope = Points::of(&letters).slope(letter);
        let straight = Straight::new(slope, ink.width, ink.height);
        alive();
        let mut grey = match straight.is_level() {
            true => page.grey.clone(),
            false => {
                let level = straight.page(&page.grey);
                ink = lighting::ink(&level);
                level
            }
        };
        alive();
        turn_dark(&mut grey, &mut ink, letter);
        Pictured::of(&grey, letter).erase(&mut ink, &mut grey);
        let verticals = take_verticals(&mut ink, &mut grey, letter);
        alive();
        let rules = Rules::of(&ink, &lighting::faint(&grey), letter);
        rules.erase(&mut ink, &mut grey);
        let grids = rules.grids();
        alive();
        let pieces = Pieces::of(&ink);
        // What reaches across half the page is the edge of the sheet, or of the table on which it lay.
        let is_edge = |piece: &Piece| {
            let (width, height) = (piece.rect.width(), piece.rect.height());
            width * 2 > ink.width || height * 2 > ink.height
        };
        pieces.paint(&mut grey, 255, 2, is_edge);
        let pictures: Vec<Rect> =
            pieces.pieces.iter().filter(|it| is_picture(it, letter)).map(|it| it.rect).collect();
        let items: Vec<Rect> = pieces
            .pieces
            .iter()
            .map(|piece| piece.rect)
            .filter(|rect| {
                is_of_letter(rect, letter)
                    && !pictures.iter().any(|picture| picture.has_middle_of(rect))
            })
            .collect();
        let (mut loose, mut held): (Vec<Item>, Vec<Vec<Item>>) =
            (Vec::new(), vec![Vec::new(); grids.len()]);
        for rect in items {
            let item = Item { rect, table: None };
            match grids.iter().position(|grid| grid.rect.has_middle_of(&rect)) {
                Some(grid) => held.get_mut(grid).into_iter().for_each(|held| held.push(item)),
                None => loose.push(item),
            }
        }
        let tables = grids.iter().zip(&held).map(|(grid, items)| {
            let cells = grid.cells.iter().map(|cell| {
                let within = items.iter().copied().filter(|it| cell.rect.has_middle_of(&it.rect));
                let parts = layout::parts(within.collect(), letter);
                let is_within = |line: &Vertical| cell.rect.has_middle_of(&line.rect);
                (*cell, with_verticals(parts, &verticals, &[], is_within))
            });
            cells.collect::<Vec<_>>()
        });
        let tables: Vec<Vec<(Cell, Vec<Part>)>> = tables.collect();
        loose.extend(
            grids.iter().enumerate().map(|(n, grid)| Item { rect: grid.rect, table: Some(n) }),
        );
        let parts = layout::parts(loose, letter);
        let grids: Vec<Rect> = grids.iter().map(|grid| grid.rect).collect();
        let is_loose = |line: &Vertical| !grids.iter().any(|grid| grid.has_middle_of(&line.rect));
        let parts = with_verticals(parts, &verticals, &grids, is_loose);
        Prepared { grey, letter, straight, parts, tables, verticals }
    }

    /// A block of lines as an image of its own, and where its left upper corner stands.
    fn image(&self, rect: Rect) -> (Pixels, f32, f32) {
        let wide = rect.grown(self.letter / 4, self.grey.width, self.grey.height);
        let place = |edge: usize| edge as f32 - MARGIN as f32;
        (self.grey.cut(wide, MARGIN), place(wide.left), place(wide.top))
    }
}

/// Whether a piece is of a letter, and no speck.
fn is_of_letter(rect: &Rect, letter: usize) -> bool {
    is_small(rect, letter) && side(rect) * 5 >= letter
}

fn side(rect: &Rect) -> usize {
    rect.width().max(rect.height())
}

/// Takes the lines that run down from a page, before its rules are sought: the upright strokes of vowels that stand below each
/// other are taken for one.
fn take_verticals(ink: &mut Pixels, grey: &mut Pixels, letter: usize) -> Vec<Vertical> {
    let pieces = Pieces::of(ink);
    let all = pieces.pieces.iter().map(|piece| piece.rect);
    let of_letters: Vec<Rect> = all.filter(|rect| is_of_letter(rect, letter)).collect();
    let found = Vertical::of_page(grey, of_letters, letter);
    if !found.is_empty() {
        // Of a page of specks there are as many as there are pixels: each is held against those lines alone that stand where it is.
        let mut at: Vec<Vec<&Rect>> = vec![Vec::new(); ink.width / BAND + 1];
        for line in &found {
            let bands = line.rect.left / BAND..=line.rect.right / BAND;
            for band in at.get_mut(bands).into_iter().flatten() {
                band.push(&line.rect);
            }
        }
        let is_taken = |piece: &Piece| {
            let middle = (piece.rect.left + piece.rect.right) / 2;
            is_small(&piece.rect, letter)
                && at
                    .get(middle / BAND)
                    .is_some_and(|lines| lines.iter().any(|line| line.has_middle_of(&piece.rect)))
        };
        pieces.paint(grey, 255, 2, is_taken);
        pieces.erase(ink, is_taken);
    }
    found
}

/// Parts with those lines among them that run down and are `meant`: each before what reaches lower than it begins. The tables of
/// the page lie in these rectangles.
fn with_verticals(
    parts: Vec<Part>,
    verticals: &[Vertical],
    tables: &[Rect],
    meant: impl Fn(&Vertical) -> bool,
) -> Vec<Part> {
    let bottom = |part: &Part| match part {
        Part::Lines(rect) => rect.bottom,
        Part::Table(n) => tables.get(*n).map_or(0, |rect| rect.bottom),
        Part::Vertical(_) => 0,
    };
    let place = |line: &Vertical| {
        parts.iter().position(|part| bottom(part) > line.rect.top).unwrap_or(parts.len())
    };
    let mut down: Vec<(usize, usize)> = Vec::new();
    for (n, line) in verticals.iter().enumerate().filter(|(_, line)| meant(line)) {
        down.push((place(line), n));
    }
    if down.is_empty() {
        return parts;
    }
    let mut all = Vec::with_capacity(parts.len() + down.len());
    for at in 0..=parts.len() {
        let here = down.iter().filter(|(place, _)| *place == at);
        all.extend(here.map(|(_, n)| Part::Vertical(*n)));
        all.extend(parts.get(at));
    }
    all
}

/// Whether a piece is a picture, so that what is small in it is no letter. A frame, or the table around a sheet that was
/// photographed, is large, too, but it is not what it surrounds.
fn is_picture(piece: &Piece, letter: usize) -> bool {
    let (width, height) = (piece.rect.width(), piece.rect.height());
    width > letter * 5 && height > letter * 5 && piece.ink * 3 > width * height
}

/// Shades between dark and light of which a picture has many, and letters on a dark ground few.
const BETWEEN: f32 = 0.25;

/// Turns letters that are light on a dark ground.
fn turn_dark(grey: &mut Pixels, ink: &mut Pixels, letter: usize) {
    let pieces = Pieces::of(ink);
    let dark = pieces.pieces.iter().filter(|piece| {
        let rect = piece.rect;
        rect.height() * 10 >= letter * 13
            && rect.width() >= letter * 3
            && piece.ink * 2 > rect.width() * rect.height()
    });
    for piece in dark {
        let rect = piece.rect;
        let mut counts = [0usize; 256];
        for y in rect.top..rect.bottom {
            for shade in grey.row(y).get(rect.left..rect.right).unwrap_or(&[]) {
                if let Some(count) = counts.get_mut(usize::from(*shade)) {
                    *count += 1;
                }
            }
        }
        let area = rect.width() * rect.height();
        let shade_at = |part: f32| {
            let mut below = 0;
            let found = counts.iter().position(|count| {
                below += count;
                below as f32 >= area as f32 * part
            });
            found.unwrap_or(255)
        };
        let (dark, light) = (shade_at(0.2), shade_at(0.98));
        let span = light.saturating_sub(dark);
        let between = counts.iter().skip(dark + span / 4).take(span / 2).sum::<usize>();
        if span < 70 || between as f32 > area as f32 * BETWEEN {
            continue;
        }
        for y in rect.top..rect.bottom {
            let width = grey.width;
            let row = grey.bytes.get_mut(y * width + rect.left..y * width + rect.right);
            let shades = row.into_iter().flatten();
            let marks = ink.bytes.get_mut(y * width + rect.left..y * width + rect.right);
            for (shade, mark) in shades.zip(marks.into_iter().flatten()) {
                let far = usize::from(*shade).saturating_sub(dark).min(span);
                *shade = (255 - far * 255 / span.max(1)) as u8;
                *mark = u8::from(*shade < 128);
            }
        }
    }
}

/// Which of two readings of a number is to be believed: of those with the same digits the one with more signs and points, which are
/// overlooked rather than made up, and of others that of which one is surer.
fn is_better_number(one: &[Line], other: &[Line]) -> bool {
    let text = |lines: &[Line]| -> String { lines.iter().map(|line| line.text.as_str()).collect() };
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let (a, b) = (text(one), text(other));
    match digits(&a) == digits(&b) {
        true => a.len() > b.len(),
        false => confidence(one) > confidence(other),
    }
}

/// The resolution of a page whose letters are so high, which the engine asks for only to guess how large they are.
fn dpi(letter: usize) -> u32 {
    (letter * 9).clamp(100, 600) as u32
}

/// Reads a page with models in some order.
struct Reader<'a> {
    models: &'a [Model],
    order: Vec<usize>,
    /// Whether what was read last was Latin.
    latin: Mutable<bool>,
    /// Blocks of which nothing was read in either language.
    in_vain: Mutable<u32>,
    /// Lines that run down of which nothing was read on either side.
    turned_in_vain: Mutable<u32>,
    /// Words of which no more was read in the other language.
    foreign_in_vain: Mutable<u32>,
    alive: &'a dyn Fn(),
}

impl Reader<'_> {
    /// The lines of a page as they are read best, and by how many quarters it was turned for that.
    fn upright(&self, page: &Page) -> Result<(u8, Vec<Line>, Straight, f32), String> {
        let mut quarters = 0;
        if page.is_sideways {
            let none = self.probe(page)?;
            let mut surest = none;
            for turned in [1, 3] {
                let sure = self.probe(&page.turned(turned))?;
                if sure > (none + SURER).max(surest) {
                    quarters = turned;
                }
                surest = surest.max(sure);
            }
            // A pattern has rows, too, and the rest of it says as little. Of a page of tables nothing was tried.
            if surest > 0.0 && surest < HOPELESS {
                let (width, height) = (page.grey.width, page.grey.height);
                let straight = Straight::new(Slope::default(), width, height);
                return Ok((0, Vec::new(), straight, page.scale));
            }
        }
        let turned;
        let mut upright = page;
        if quarters > 0 {
            turned = page.turned(quarters);
            upright = &turned;
        }
        let latin = self.latin.get();
        let prepared = Prepared::of(upright, self.alive);
        let lines = self.lines(&prepared)?;
        let sure = confidence(&lines);
        // How the few letters of a sign stand beside each other does not tell how they lie, and as words they are short enough to
        // be taken for others.
        let letters: usize = lines.iter().map(|line| line.letters).sum();
        let is_sign = letters <= SIGN_MOST && !page.is_sideways;
        let enough = if is_sign { SURE_OF_SIGN } else { SURE };
        if sure < enough && !lines.is_empty() && quarters == 0 {
            let ways: &[u8] = if is_sign { &[2, 1, 3] } else { &[2] };
            for &quarters in ways {
                let other = page.turned(quarters);
                if self.probe(&other)? > sure + SURER {
                    self.latin.set(latin);
                    self.in_vain.set(0);
                    let prepared = Prepared::of(&other, self.alive);
                    return Ok((quarters, self.lines(&prepared)?, prepared.straight, page.scale));
                }
            }
        }
        Ok((quarters, lines, prepared.straight, page.scale))
    }

    /// How sure one is of the largest block of a page.
    fn probe(&self, page: &Page) -> Result<f32, String> {
        let (latin, in_vain) = (self.latin.get(), self.in_vain.get());
        let prepared = Prepared::of(page, self.alive);
        let area = |rect: &Rect| rect.width() * rect.height();
        let blocks = prepared.parts.iter().filter_map(|part| match part {
            Part::Lines(rect) => Some(*rect),
            Part::Table(_) | Part::Vertical(_) => None,
        });
        let block = blocks.max_by_key(area);
        let down: usize = prepared.verticals.iter().map(|line| area(&line.rect)).sum();
        let sure = match block {
            Some(mut rect) if down < area(&rect) => {
                rect.bottom = rect.bottom.min(rect.top + prepared.letter * 10);
                confidence(&self.block(&prepared, rect)?)
            }
            _ => {
                let mut lines = Vec::new();
                for line in prepared.verticals.iter().take(PROBED_VERTICALS) {
                    lines.extend(self.vertical(line)?);
                }
                confidence(&lines)
            }
        };
        // Of a page that lies on its head nothing is learned about the language of the one that does not.
        self.latin.set(latin);
        self.in_vain.set(in_vain);
        Ok(sure)
    }

    fn lines(&self, prepared: &Prepared) -> Result<Vec<Line>, String> {
        let mut lines: Vec<Line> = Vec::new();
        for (n, part) in prepared.parts.iter().take(PARTS_MOST).enumerate() {
            let letters: usize = lines.iter().map(|line| line.letters).sum();
            let is_enough = n >= HOPELESS_PARTS || letters >= HOPELESS_LETTERS;
            if is_enough && confidence(&lines) < HOPELESS {
                break;
            }
            match part {
                Part::Lines(rect) => lines.extend(self.fitted_block(prepared, *rect)?),
                Part::Vertical(number) => lines.extend(self.sure_vertical(prepared, *number)?),
                Part::Table(number) => {
                    let cells = prepared.tables.get(*number).map_or(&[][..], Vec::as_slice);
                    lines.extend(self.table(prepared, cells)?);
                }
            }
        }
        Ok(lines)
    }

    /// A table, a line for each row of it, with tabs between its cells.
    fn table(&self, prepared: &Prepared, cells: &[(Cell, Vec<Part>)]) -> Result<Vec<Line>, String> {
        let mut rows: Vec<(usize, usize, Line)> = Vec::new();
        for (cell, parts) in cells {
            let mut read: Vec<Line> = Vec::new();
            for part in parts {
                match part {
                    Part::Lines(rect) => read.extend(self.fitted_block(prepared, *rect)?),
                    Part::Vertical(number) => read.extend(self.sure_vertical(prepared, *number)?),
                    Part::Table(_) => {}
                }
            }
            let sure = confidence(&read);
            let Some(rect) = read.iter().map(|line| line.rect).reduce(Rect::and) else { continue };
            let texts: Vec<&str> = read.iter().map(|line| line.text.as_str()).collect();
            let letters: usize = read.iter().map(|line| line.letters).sum();
            let text = texts.join(" ");
            let words = read.iter().flat_map(|line| line.words.iter().cloned());
            match rows.last_mut().filter(|(row, ..)| *row == cell.row) {
                Some((_, column, line)) => {
                    let tabs = "\t".repeat(cell.column.saturating_sub(*column).clamp(1, 64));
                    line.text = format!("{}{tabs}{text}", line.text);
                    let all = (line.letters + letters).max(1) as f32;
                    line.confidence =
                        (line.confidence * line.letters as f32 + sure * letters as f32) / all;
                    line.letters += letters;
                    line.rect = line.rect.and(rect);
                    line.words.extend(words);
                    *column = cell.column;
                }
                None => {
                    let tabs = "\t".repeat(cell.column.min(64));
                    let text = format!("{tabs}{text}");
                    let words = words.collect();
                    let line = Line { text, rect, confidence: sure, letters, words };
                    rows.push((cell.row, cell.column, line));
                }
            }
        }
        Ok(rows.into_iter().map(|(.., line)| line).collect())
    }

    /// A line that runs down, with its letters upright.
    fn vertical(&self, line: &Vertical) -> Result<Vec<Line>, String> {
        let Some(model) = self.order.first().and_then(|n| self.models.get(*n)) else {
            return Ok(Vec::new());
        };
        let laid = line.laid();
        let words =
            model.read(&laid.image, Segmentation::Line, dpi(line.rect.width()), self.alive)?;
        (self.alive)();
        let words: Vec<Word> = words.into_iter().map(|word| laid.on_page(word)).collect();
        Ok(Line::of(&words, 0.0, 0.0))
    }

    /// The same if it is read for sure. If not, its letters may lie on their sides, as those of a label along the edge of a
    /// drawing; what is read neither way is left out.
    fn sure_vertical(&self, prepared: &Prepared, number: usize) -> Result<Vec<Line>, String> {
        let Some(line) = prepared.verticals.get(number) else { return Ok(Vec::new()) };
        let mut best = self.vertical(line)?;
        let mut sure = confidence(&best);
        if sure < SURE && self.turned_in_vain.get() < GUESSES_TRIED {
            let (image, left, top) = line.standing();
            let size = (image.width as f32, image.height as f32);
            for (quarters, model) in [1, 3].into_iter().flat_map(|quarters| {
                self.order.iter().filter_map(move |n| Some((quarters, self.models.get(*n)?)))
            }) {
                let turned = image.turned(quarters);
                let dpi = dpi(line.rect.width());
                let words = model.read(&turned, Segmentation::Line, dpi, self.alive)?;
                (self.alive)();
                let words = words.into_iter().map(|word| {
                    let edges = word.bounds.map(|edge| edge as f32);
                    let bounds = turned_back(edges, quarters, size).map(|edge| edge as i32);
                    Word { bounds, ..word }
                });
                let lines = Line::of(&words.collect::<Vec<_>>(), left, top);
                if confidence(&lines) > sure {
                    (sure, best) = (confidence(&lines), lines);
                }
            }
            if sure < SURE {
                self.turned_in_vain.set(self.turned_in_vain.get() + 1);
            }
        }
        Ok(if sure < SURE { Vec::new() } else { best })
    }

    /// A block of lines whose words are where they stand.
    fn fitted_block(&self, prepared: &Prepared, rect: Rect) -> Result<Vec<Line>, String> {
        let lines = self.block(prepared, rect)?.into_iter();
        Ok(lines.map(|line| line.fitted(&prepared.grey, prepared.letter)).collect())
    }

    /// A block of lines.
    fn block(&self, prepared: &Prepared, rect: Rect) -> Result<Vec<Line>, String> {
        let (first, second) = match (self.order.as_slice(), self.latin.get()) {
            ([first, second, ..], true) => (*second, Some(*first)),
            ([first, rest @ ..], _) => (*first, rest.first().copied()),
            ([], _) => return Ok(Vec::new()),
        };
        let mut lines = self.read(prepared, rect, first)?;
        let Some(second) = second else { return Ok(lines) };
        let mut foreign = second;
        let letters: usize = lines.iter().map(|line| line.letters).sum();
        let hangul: usize = lines.iter().map(Line::hangul).sum();
        let sure = confidence(&lines);
        // The model of Korean overlooks signs and points of numbers that stand alone, as in a table.
        let is_number = letters <= NUMBER_MOST
            && lines.iter().all(|line| line.text.chars().all(|c| !c.is_alphabetic()))
            && lines.iter().any(|line| line.text.contains(|c: char| c.is_ascii_digit()));
        if is_number && !self.latin.get() {
            let other = self.read(prepared, rect, second)?;
            return Ok(if is_better_number(&other, &lines) { other } else { lines });
        }
        let is_guess = sure < GUESS && self.in_vain.get() < GUESSES_TRIED;
        let is_foreign = letters > 8 && hangul as f32 <= letters as f32 * FOREIGN;
        // What was read in the wrong language is read as no word of it, and shows by how sure one is of it.
        let is_unclear = (HOPELESS..SURE + 0.2).contains(&sure);
        let is_wrong = is_unclear && is_foreign != self.latin.get();
        if is_guess && !is_wrong {
            // The first lines tell, and cost little where it is in vain.
            let bottom = rect.bottom.min(rect.top + prepared.letter * 6);
            let first = self.read(prepared, Rect { bottom, ..rect }, second)?;
            if confidence(&first) < SURE {
                self.in_vain.set(self.in_vain.get() + 1);
                return Ok(lines);
            }
        }
        if is_guess || is_wrong {
            let other = self.read(prepared, rect, second)?;
            if confidence(&other) > sure {
                self.latin.set(!self.latin.get());
                (lines, foreign) = (other, first);
            }
        }
        for line in &mut lines {
            self.foreign_words(prepared, line, foreign)?;
        }
        Ok(lines)
    }

    /// Reads words of a line once more that are none of the language it was read in.
    fn foreign_words(
        &self,
        prepared: &Prepared,
        line: &mut Line,
        model: usize,
    ) -> Result<(), String> {
        let is_latin = self.latin.get();
        for span in line.doubtful(is_latin).into_iter().rev() {
            if self.foreign_in_vain.get() >= FOREIGN_TRIED {
                break;
            }
            if self.is_foreign_span(prepared, line, span.clone(), model)? {
                continue;
            }
            let mut is_in_vain = true;
            if !is_latin {
                for part in line.without_hangul(&span).into_iter().rev() {
                    is_in_vain &= !self.is_foreign_span(prepared, line, part, model)?;
                }
            }
            if is_in_vain {
                self.foreign_in_vain.set(self.foreign_in_vain.get() + 1);
            }
        }
        Ok(())
    }

    /// Reads some words of a line in another language, and puts that in their place if it is better. False if it is not.
    fn is_foreign_span(
        &self,
        prepared: &Prepared,
        line: &mut Line,
        span: Range<usize>,
        model: usize,
    ) -> Result<bool, String> {
        let Some(before) = line.span(&span) else { return Ok(false) };
        let (width, height) = (prepared.grey.width, prepared.grey.height);
        let around = line.rect.grown(prepared.letter / 4, width, height);
        // The engine tells only about where a word ends: with its neighbours no letter is cut in two.
        let (beside, near) = (prepared.letter * 5 / 4, prepared.letter / 4);
        let rect = Rect {
            left: before.rect.left.saturating_sub(beside).max(around.left),
            right: (before.rect.right + beside).min(around.right),
            ..line.rect
        };
        let columns = before.rect.left.saturating_sub(near / 2)..before.rect.right + near / 2;
        let read = self.read(prepared, rect, model)?;
        let after = match read.as_slice() {
            [after] => after.within(columns, near),
            _ => None,
        };
        let after = after.filter(|after| after.is_better_than(&before, self.latin.get()));
        let is_better = after.is_some();
        if let Some(after) = after {
            line.replace(span, after.words);
        }
        Ok(is_better)
    }

    fn read(&self, prepared: &Prepared, rect: Rect, model: usize) -> Result<Vec<Line>, String> {
        let Some(model) = self.models.get(model) else { return Ok(Vec::new()) };
        let (image, left, top) = prepared.image(rect);
        (self.alive)();
        // Two lines, of which the lower begins a third of a letter below the upper, are higher.
        let is_line = rect.height() * 10 < prepared.letter * 23;
        let segmentation = if is_line { Segmentation::Line } else { Segmentation::Block };
        let words = model.read(&image, segmentation, dpi(prepared.letter), self.alive)?;
        (self.alive)();
        Ok(Line::distinct(Line::of(&words, left, top)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_numbers_are_overlooked_rather_than_made_up() {
        let line = |text: &str, confidence| {
            let (rect, letters) = (Rect { left: 0, top: 0, right: 9, bottom: 9 }, text.len());
            [Line { text: text.to_owned(), rect, confidence, letters, words: Vec::new() }]
        };
        for (one, other, expected) in [
            (line("-3.6", 0.6), line("36", 0.9), true),
            (line("40", 0.9), line("4.0", 0.6), false),
            (line("8,100", 0.9), line("18,100", 0.6), true),
            (line("8,100", 0.6), line("18,100", 0.9), false),
            (line("980", 0.9), line("980", 0.6), false),
        ] {
            assert_eq!(is_better_number(&one, &other), expected, "{one:?} {other:?}");
        }
    }
}
