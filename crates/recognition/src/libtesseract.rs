//! Tesseract's library by its C interface (`tesseract/capi.h` of version 5), found when it is asked for.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_float, c_int, c_void};
use std::fmt;
use std::path::Path;

use madang_extract::pixels::Pixels;

type Handle = *mut c_void;
type Cancel = unsafe extern "C" fn(*mut c_void, c_int) -> bool;

/// Declares the table of functions.
macro_rules! functions {
    ($($library:literal { $(fn $name:ident($($argument:ty),*) $(-> $answer:ty)?;)* })*) => {
        /// Functions of Tesseract, under their own names.
        #[derive(Clone, Copy)]
        #[expect(non_snake_case, reason = "under their own names")]
        pub(crate) struct Libtesseract {
            $($($name: unsafe extern "C" fn($($argument),*) $(-> $answer)?,)*)*
        }

        impl Libtesseract {
            /// Loads the library. It stays loaded.
            ///
            /// # Errors
            /// One sentence that names what is missing.
            pub(crate) fn load() -> Result<Libtesseract, String> {
                one_thread();
                // SAFETY: each symbol is a function of the library of this version, whose header declares this type;
                // the tests call each of them.
                unsafe {
                    Ok(Libtesseract {
                        $($($name: std::mem::transmute::<
                            *mut c_void,
                            unsafe extern "C" fn($($argument),*) $(-> $answer)?,
                        >(symbol($library, stringify!($name))?),)*)*
                    })
                }
            }
        }
    };
}

functions! {
    "libtesseract.so.5" {
    fn TessVersion() -> *const c_char;
    fn TessDeleteText(*mut c_char);
    fn TessBaseAPICreate() -> Handle;
    fn TessBaseAPIDelete(Handle);
    fn TessBaseAPIInit2(Handle, *const c_char, *const c_char, c_int) -> c_int;
    fn TessBaseAPISetVariable(Handle, *const c_char, *const c_char) -> c_int;
    fn TessBaseAPISetPageSegMode(Handle, c_int);
    fn TessBaseAPISetImage(Handle, *const u8, c_int, c_int, c_int, c_int);
    fn TessBaseAPISetSourceResolution(Handle, c_int);
    fn TessBaseAPIRecognize(Handle, *mut c_void) -> c_int;
    fn TessBaseAPIGetIterator(Handle) -> Handle;
    fn TessBaseAPIClear(Handle);
    fn TessMonitorCreate() -> Handle;
    fn TessMonitorDelete(Handle);
    fn TessMonitorSetCancelFunc(Handle, Option<Cancel>);
    fn TessMonitorSetCancelThis(Handle, *mut c_void);
    fn TessResultIteratorDelete(Handle);
    fn TessResultIteratorNext(Handle, c_int) -> c_int;
    fn TessResultIteratorGetUTF8Text(Handle, c_int) -> *mut c_char;
    fn TessResultIteratorConfidence(Handle, c_int) -> c_float;
    fn TessResultIteratorGetPageIterator(Handle) -> Handle;
    fn TessPageIteratorIsAtBeginningOf(Handle, c_int) -> c_int;
    fn TessPageIteratorBoundingBox(
        Handle, c_int, *mut c_int, *mut c_int, *mut c_int, *mut c_int
    ) -> c_int;
    }
}

impl fmt::Debug for Libtesseract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Libtesseract")
    }
}

impl Libtesseract {
    /// The version that is loaded, as in `5.3.0`.
    pub(crate) fn version(&self) -> String {
        // SAFETY: a C string of the library's own, which lives as long as it.
        unsafe { CStr::from_ptr((self.TessVersion)()) }.to_string_lossy().into_owned()
    }
}

/// How an image is cut up before it is read (`TessPageSegMode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Segmentation {
    /// Lines below each other, one column, letters of about one size.
    Block = 6,
    /// One line.
    Line = 7,
}

/// Numbers of `TessPageIteratorLevel`.
const LINE: c_int = 2;
const WORD: c_int = 3;
const SYMBOL: c_int = 4;

/// The engine of networks alone (`TessOcrEngineMode`): the data that distributions carry has no other.
const NETWORKS: c_int = 1;

/// A word as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Word {
    /// Its characters.
    pub(crate) text: String,
    /// From 0 to 1.
    pub(crate) confidence: f32,
    /// Whether a line begins with it.
    pub(crate) begins_line: bool,
    /// Whether a blank stands before it.
    pub(crate) is_apart: bool,
    /// Left, top, right, bottom, in pixels of the image.
    pub(crate) bounds: [i32; 4],
    /// Its characters one by one.
    pub(crate) symbols: Vec<Symbol>,
}

/// A character as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Symbol {
    pub(crate) text: String,
    /// From 0 to 1.
    pub(crate) confidence: f32,
    /// The first column of it, and the one after its last.
    pub(crate) columns: [i32; 2],
}

/// The data of one language, loaded.
pub(crate) struct Model {
    table: Libtesseract,
    handle: Handle,
}

impl Model {
    /// Loads a language from a folder of data.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) fn load(
        table: Libtesseract,
        folder: &Path,
        language: &str,
    ) -> Result<Model, String> {
        let path = CString::new(folder.as_os_str().as_encoded_bytes());
        let (Ok(path), Ok(name)) = (path, CString::new(language)) else {
            return Err(format!("{} is no name of a folder", folder.display()));
        };
        // SAFETY: a new handle, deleted with the model; the strings live through the calls.
        unsafe {
            let model = Model { table, handle: (table.TessBaseAPICreate)() };
            if (table.TessBaseAPIInit2)(model.handle, path.as_ptr(), name.as_ptr(), NETWORKS) != 0 {
                return Err(format!("{}/{language}.traineddata cannot be read", folder.display()));
            }
            // What is light on dark is turned by whoever cuts the page up; to read each line twice costs a half more.
            let off = (c"tessedit_do_invert", c"0");
            (table.TessBaseAPISetVariable)(model.handle, off.0.as_ptr(), off.1.as_ptr());
            // Of scripts that are not set apart by blanks, as which the data of Korean count it, each syllable is a word. With
            // this a line is told with the blanks that were seen.
            let blanks = (c"preserve_interword_spaces", c"1");
            (table.TessBaseAPISetVariable)(model.handle, blanks.0.as_ptr(), blanks.1.as_ptr());
            Ok(model)
        }
    }

    /// Reads an image. `alive` is called at each word.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) fn read(
        &self,
        image: &Pixels,
        segmentation: Segmentation,
        dpi: u32,
        alive: &dyn Fn(),
    ) -> Result<Vec<Word>, String> {
        let side = |length: usize| c_int::try_from(length).map_err(|_| "too large".to_owned());
        let (width, height) = (side(image.width)?, side(image.height)?);
        let table = &self.table;
        let mut alive = alive;
        // SAFETY: the image is `width` times `height` bytes and is copied by the library; the monitor is dropped before
        // `alive`, to which it points.
        unsafe {
            (table.TessBaseAPISetPageSegMode)(self.handle, segmentation as c_int);
            (table.TessBaseAPISetImage)(self.handle, image.bytes.as_ptr(), width, height, 1, width);
            (table.TessBaseAPISetSourceResolution)(
                self.handle,
                c_int::try_from(dpi).unwrap_or(300),
            );
            let monitor = (table.TessMonitorCreate)();
            (table.TessMonitorSetCancelFunc)(monitor, Some(is_cancelled));
            (table.TessMonitorSetCancelThis)(monitor, (&raw mut alive).cast());
            let failed = (table.TessBaseAPIRecognize)(self.handle, monitor) != 0;
            (table.TessMonitorDelete)(monitor);
            let words = if failed { Vec::new() } else { self.words() };
            (table.TessBaseAPIClear)(self.handle);
            match failed {
                true => Err("it cannot recognise anything".into()),
                false => Ok(words),
            }
        }
    }

    /// The words of what was recognised last.
    ///
    /// # Safety
    /// Something was recognised and nothing cleared.
    unsafe fn words(&self) -> Vec<Word> {
        let table = &self.table;
        let mut words = Vec::new();
        let (mut line, mut at_byte) = (String::new(), 0);
        // SAFETY: the iterator is deleted before what it walks is cleared; that of the page is the same object.
        unsafe {
            let at = (table.TessBaseAPIGetIterator)(self.handle);
            if at.is_null() {
                return words;
            }
            loop {
                let page = (table.TessResultIteratorGetPageIterator)(at);
                if (table.TessPageIteratorIsAtBeginningOf)(page, WORD) == 0 {
                    self.symbol(at, &mut words);
                    if (table.TessResultIteratorNext)(at, SYMBOL) == 0 {
                        break;
                    }
                    continue;
                }
                let text = (table.TessResultIteratorGetUTF8Text)(at, WORD);
                let begins_line = (table.TessPageIteratorIsAtBeginningOf)(page, LINE) != 0;
                if begins_line {
                    let whole = (table.TessResultIteratorGetUTF8Text)(at, LINE);
                    (line, at_byte) = (String::new(), 0);
                    if !whole.is_null() {
                        line = CStr::from_ptr(whole).to_string_lossy().into_owned();
                        (table.TessDeleteText)(whole);
                    }
                }
                if !text.is_null() {
                    let mut bounds = [0; 4];
                    let [left, top, right, bottom] = &mut bounds;
                    (table.TessPageIteratorBoundingBox)(page, WORD, left, top, right, bottom);
                    let text_read = CStr::from_ptr(text).to_string_lossy().into_owned();
                    words.push(Word {
                        confidence: ((table.TessResultIteratorConfidence)(at, WORD) / 100.0)
                            .clamp(0.0, 1.0),
                        begins_line,
                        is_apart: is_apart(&line, &mut at_byte, &text_read),
                        bounds,
                        symbols: Vec::new(),
                        text: text_read,
                    });
                    (table.TessDeleteText)(text);
                    self.symbol(at, &mut words);
                }
                if (table.TessResultIteratorNext)(at, SYMBOL) == 0 {
                    break;
                }
            }
            (table.TessResultIteratorDelete)(at);
        }
        words
    }
}

impl Model {
    /// Adds the character at which the iterator is to the word that was read last.
    ///
    /// # Safety
    /// The iterator is one of this model's, and not at its end.
    unsafe fn symbol(&self, at: Handle, words: &mut [Word]) {
        let table = &self.table;
        // SAFETY: as the caller says; the text is the library's own copy, which it is told to delete.
        unsafe {
            let text = (table.TessResultIteratorGetUTF8Text)(at, SYMBOL);
            let Some(word) = words.last_mut().filter(|_| !text.is_null()) else { return };
            let page = (table.TessResultIteratorGetPageIterator)(at);
            let [mut left, mut top, mut right, mut bottom] = [0; 4];
            (table.TessPageIteratorBoundingBox)(
                page,
                SYMBOL,
                &raw mut left,
                &raw mut top,
                &raw mut right,
                &raw mut bottom,
            );
            word.symbols.push(Symbol {
                text: CStr::from_ptr(text).to_string_lossy().into_owned(),
                confidence: ((table.TessResultIteratorConfidence)(at, SYMBOL) / 100.0)
                    .clamp(0.0, 1.0),
                columns: [left, right],
            });
            (table.TessDeleteText)(text);
        }
    }
}

/// Whether a blank stands before the next word of a line, of which so many bytes were passed. What stands otherwise in the line
/// is taken for apart.
fn is_apart(line: &str, passed: &mut usize, word: &str) -> bool {
    let rest = line.get(*passed..).unwrap_or_default();
    let trimmed = rest.trim_start();
    match trimmed.strip_prefix(word) {
        Some(after) => {
            *passed = line.len() - after.len();
            trimmed.len() < rest.len()
        }
        None => {
            *passed = line.len();
            true
        }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: the handle is this model's alone.
        unsafe { (self.table.TessBaseAPIDelete)(self.handle) };
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Model")
    }
}

/// Called by the library between words; `alive` is what [`Model::read`] was given.
unsafe extern "C" fn is_cancelled(alive: *mut c_void, _words: c_int) -> bool {
    // SAFETY: it points to the reference in the frame of `read`, which waits for this.
    let alive = unsafe { &*alive.cast::<&dyn Fn()>() };
    alive();
    false
}

/// Has OpenMP, which some builds of the library use, start no threads: a fork copies only the one that forks, and a thread
/// more for each child makes many pages slower, not faster. The variable is read when OpenMP's library is loaded; where
/// something else has loaded it before, the call says the same.
fn one_thread() {
    type SetLevels = unsafe extern "C" fn(c_int);
    // SAFETY: called while there is one thread. The symbol is OpenMP's and has this type (OpenMP 5.0, section 3.2.15).
    unsafe {
        libc::setenv(c"OMP_THREAD_LIMIT".as_ptr(), c"1".as_ptr(), 1);
        if let Ok(set) = symbol("libgomp.so.1", "omp_set_max_active_levels") {
            std::mem::transmute::<*mut c_void, SetLevels>(set)(0);
        }
    }
}

/// The address of a symbol of a library, which is loaded if it is not yet.
fn symbol(library: &str, name: &str) -> Result<*mut c_void, String> {
    let (Ok(file), Ok(symbol)) = (CString::new(library), CString::new(name)) else {
        return Err(format!("{library} has no {name}"));
    };
    // SAFETY: the names are C strings. Everything is bound now: a child must not have to look for a symbol.
    let address = unsafe {
        let handle = libc::dlopen(file.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL);
        if handle.is_null() {
            return Err(complaint().unwrap_or(format!("{library} cannot be loaded")));
        }
        libc::dlsym(handle, symbol.as_ptr())
    };
    match address.is_null() {
        true => Err(format!("{library} has no {name}")),
        false => Ok(address),
    }
}

/// What the loader says of its last failure.
fn complaint() -> Option<String> {
    // SAFETY: a C string that lives until the next call of the loader, or null.
    unsafe {
        let text = libc::dlerror();
        (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_apart_where_the_line_has_a_blank() {
        let (line, mut passed) = ("지하차도 침수", 0);
        let apart: Vec<bool> =
            ["지", "하", "차도", "침", "수"].map(|word| is_apart(line, &mut passed, word)).into();
        assert_eq!(apart, [false, false, false, true, false]);
        let mut passed = 0;
        assert!(is_apart(line, &mut passed, "다른") && is_apart(line, &mut passed, "지"));
    }
}
