use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::part::Part;
use crate::quote::Quote;
use crate::sidecar_fault::SidecarFault;
use crate::unit::Unit;

/// What is the matter, with the values that belong to it. What it is the matter with is the [`Part`] of the reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    /// A sentence in English for which there is no kind: of a place that makes none yet, or of an earlier Madang.
    Said(Quote),

    // It is closed.
    /// A password is needed.
    Password,
    /// It is encrypted, by this method if that is known.
    Encrypted(Option<Quote>),
    /// None of so many given passwords opens it.
    WrongPasswords(u64),
    /// Only some of the given passwords were tried, for trying them all is too much work.
    PasswordsLeft { tried: u64, given: u64 },
    /// None of so many given passwords was tried, because there is no way to try one here.
    PasswordsUntried(u64),
    /// The given passwords were not tried, because they opened none of the members before it.
    PasswordsInVain,
    /// So many members are in it, and a password is needed for each.
    AllLocked(u64),
    /// It needs another password than the rest, or is damaged.
    OtherPassword,
    /// Making its key is too much work.
    KeyTooCostly,
    /// It is encrypted in a way that is not known.
    CipherUnknown,
    /// It is encrypted by a cipher of this name, for which there is no reader.
    CipherNotRead(Quote),
    /// The password is right, and it stays closed all the same.
    StaysClosed,
    /// Only the holder of a certificate can open it.
    Certificate,
    /// A rights management system protects it.
    Drm,
    /// A rights management system of this name has wrapped it.
    Wrapped(Quote),
    /// In place of the text stands the notice of a protected distribution document.
    Notice(Quote),

    // Nobody reads it.
    /// There is no reader for files that are called so, in the plural as in `ARJ archives`.
    NoReader(Quote),
    /// Neither bytes nor name tell the format.
    UnknownFormat,
    /// It is named as files of a format that all begin alike, and its bytes are of no format known here.
    NotAsNamed(Quote),
    /// It is one part of a split archive; so many parts stand before it, if that is known.
    SplitPart(Option<u64>),
    /// It is packed by a method of this name.
    Method(Quote),
    /// It is packed by a method of this number, as this container counts.
    MethodNumber { number: u64, container: Quote },
    /// It is packed by a method of which not even the name is known.
    MethodNameless,
    /// The libraries for audio and video are not loaded.
    NoMediaLibraries,

    // It is damaged.
    /// It is damaged.
    Damaged,
    /// It is damaged after so many bytes.
    DamagedAfter(u64),
    /// It is damaged at this byte.
    DamagedAt(u64),
    /// It is damaged before this.
    DamagedBefore,
    /// Its positions lead out of the file.
    LeadsOut,
    /// It cannot be read.
    Unreadable,
    /// It takes longer to read than the object may take; what was read until then is there.
    NoTimeForRest,
    /// The time that reading may take is nearly used up: what is begun ends, and nothing else is begun.
    TimeUsed,
    /// The file has so few bytes that no more of its pages can differ.
    FewBytesForPages,
    /// It is not decoded at all: neither what is written on it is known, nor is there a preview.
    NotSeen,
    /// What is written on it is too small to be recognised: it has more pixels than an engine is given.
    TooFine,
    /// It cannot be unpacked.
    NotUnpacked,
    /// It cannot be decoded.
    NotDecoded,
    /// It is cut short.
    CutShort,
    /// It is missing.
    Missing,
    /// There is no member of this name in it.
    NoSuchMember,
    /// It is not where the table of contents says.
    NotThere,
    /// It is missing from this.
    MissingFrom(Part),
    /// So many of its cells refer to texts that are not there.
    LostStrings(u64),
    /// It is not in front of the damage.
    NotBeforeDamage,
    /// It ends too early.
    EndsEarly,
    /// It ends within this.
    EndsWithin(Part),
    /// It ends before this.
    EndsBefore(Part),
    /// It ends within this row of so many.
    EndsWithinRow { row: u64, rows: u64 },
    /// It reaches beyond the end of this.
    Beyond(Part),
    /// Its check sum does not match.
    CheckSum,
    /// Fewer bytes came out than it says.
    TooFewBytes { came: u64, stated: u64 },
    /// More bytes came out than it says.
    TooManyBytes(u64),
    /// The file holds fewer bytes of it than it says.
    HoldsOnly { held: u64, stated: u64 },
    /// It lies over the member before it.
    Overlaps,
    /// It leads in a circle, or is too deep.
    Circle,
    /// It is not signed as this.
    NotSigned(Quote),
    /// What a library said of it.
    Broken(Quote),
    /// What a reader of ours met in it.
    Faulty(Fault),
    /// None of so many pages can be read.
    NoPage(u64),
    /// So many further pages cannot be read.
    FurtherPages(u64),
    /// The fonts of the page do not say which characters so many of all characters are.
    NoCharacters { unread: u64, all: u64 },
    /// An object of a program whose data nobody reads.
    ForeignObject,

    // It exceeds a limit.
    /// It unpacks to more than so many bytes, the limit for its size.
    Unpacks(u64),
    /// It does not fit into what is left of the bytes that all of the file may unpack to.
    UnpacksWithOthers(u64),
    /// Its pictures decode to more than so many bytes, the limit for its size.
    Decodes(u64),
    /// It is larger than so many bytes once unpacked, the limit for one member or part.
    Larger(u64),
    /// It has more bytes than may be held in memory, and nothing of it was read.
    LargerThanMemory { bytes: u64, limit: u64 },
    /// Unpacking or decoding it takes more bytes of memory than allowed.
    TakesMemory { bytes: u64, limit: u64 },
    /// It takes more than so many bytes of memory.
    TakesMemoryOver(u64),
    /// It lies behind a member that is too large, in one stream with it.
    BehindTooLarge,
    /// Archives, tables or notes lie more than so deep in one another.
    TooDeep(u64),
    /// It holds more than this.
    MoreThan { limit: u64, unit: Unit },
    /// Only the first of all were read.
    OnlyFirst { first: u64, of: Option<u64>, unit: Unit },
    /// It was cut after so many of all bytes.
    CutAfter { bytes: u64, of: Option<u64> },
    /// It was cut within the first of all segments.
    CutWithin { first: u64, of: u64 },
    /// It was cut, because the limit of the text is reached.
    TextLimit,
    /// It was left out or cut, because a limit is reached.
    LimitReached,
    /// It was cut at a limit or at a damaged place.
    LimitOrDamage,
    /// The answer exceeds its limit; the content was left out.
    AnswerTooLarge,

    // The reader did not end well.
    /// It was not finished within so many milliseconds.
    NotFinished(u64),
    /// There was no progress for so many milliseconds.
    NoProgress(u64),
    /// It took more than so many milliseconds of the processor.
    ProcessorTime(u64),
    /// The reader answered but did not end.
    Lingered,
    /// It took more than so many MiB of memory.
    Memory(u64),
    /// The system ended the reader, most likely for want of memory.
    KilledBySystem,
    /// The reader panicked with this message.
    Panicked(Quote),
    /// The reader died of this signal, with these last words.
    Signal { name: Quote, words: Option<Quote> },
    /// The reader ended without an answer.
    NoAnswer(Option<Quote>),
    /// The reader ended with this status.
    Status { code: i64, words: Option<Quote> },
    /// The reader spoke against the rules.
    Protocol(Quote),
    /// The decoder broke on it.
    DecoderBroke,

    // There is nothing in it.
    /// There is no text in it.
    NoText,
    /// There is no byte in it.
    NoBytes,

    // Somebody else is to blame.
    /// It is not in its store as it was seen.
    Gone,
    /// Its store is not configured any more.
    NoStore(Quote),
    /// It could not be opened, as the system says: nobody looked at its bytes.
    NotOpened(Quote),
    /// It is no file whose bytes could be read.
    NoFile,
    /// Its store did not give it, and said this.
    NotGiven(Quote),
    /// Its store shows it and does not give it.
    ShownNotGiven(Quote),
    /// The service stopped while it was read.
    Stopped,
    /// The worker died of it again and again.
    AgainAndAgain,
    /// The worker gave no sign of life.
    WorkerSilent,
    /// Its bytes are not those that were read before.
    OtherBytes,
    /// The worker broke off.
    WorkerBroke(Quote),
    /// Recording it broke off.
    RecordingBroke(Quote),
    /// No reader answered.
    NoReaderAnswered(Quote),
    /// What was read cannot be kept.
    NotKept(Quote),
    /// The ledger refuses what was read.
    Refused(Quote),
    /// Its lease ended before the work did.
    LeaseEnded,
    /// The files that it describes could not be told of it.
    DescribedUntold(Quote),
    /// What describes it beside it was left out, because the reader ended with this outcome over it.
    BesideBroke(Quote),
    /// A file beside it that describes it has a fault, in this line.
    BesideFault { file: Quote, line: Option<u64>, what: Box<SidecarFault> },
    /// Its row in the ledger cannot be read back.
    RowUnreadable(Quote),
    /// Nobody gave a reason.
    NoReason,

    // It was read, and something is worth knowing.
    /// It is hidden.
    Hidden,
    /// Some of its text is hidden.
    SomeHidden,
    /// It has no text because nothing is installed that could recognise it; so many pages more have none.
    NotRecognised { more: u64 },
    /// What is written in its pictures and spoken in it is recognised later, after what others wait for.
    RecognitionWaits,
    /// It was left alone, for a reader died of it before: a picture, a page, a film, a recording; of the whole file, all that it has of these.
    LeftAlone,
    /// What is said in it is not written down, for no model is installed.
    NotTranscribed,
    /// What is said in it was written down as English, the only language that the model knows.
    HeardAsEnglish,
    /// So many stretches of what is said in it were left out, for the engine only guessed; its model may know English only, where
    /// more was asked for.
    HeardUnsurely { stretches: u64, is_english: bool },
    /// What is said in so many seconds of it was not written down, for its subtitles say it.
    SaidInSubtitles { seconds: u64 },
    /// The engine failed on what is said in it.
    NotUnderstood,
    /// There is no cue in it; it was read as plain text.
    NoCue,
    /// This is no time span.
    NoTimeSpan(Quote),
    /// Some of its bytes have no meaning in this encoding.
    Meaningless(Quote),
    /// It says one encoding and was read as another.
    OtherEncoding { says: Quote, read: Quote },
    /// It was read as one encoding and may be in another.
    MayBeEncoding { read: Quote, other: Quote },
    /// So many lines are in this encoding, the others in that.
    LinesIn { lines: u64, encoding: Quote, others: Quote },
    /// Some lines are in this encoding.
    SomeLinesIn(Quote),
    /// So many NUL bytes were left out.
    Nuls(u64),
    /// So many symbols have no character of their own.
    Symbols(u64),
    /// So many signs of the word processor's own stand as U+FFFD.
    OwnSigns(u64),
    /// It is a link, to this if that is known.
    Link(Option<Quote>),
    /// It is a device.
    Device,
    /// It is a pipe.
    Pipe,
    /// It is a member of this kind of the archive, which is not read.
    MemberKind(Quote),
    /// It has no content.
    NoContent,
    /// Changes are tracked; what is deleted may still stand in the text.
    Tracked,
    /// So many passages that a tracked change deleted were left out.
    Deletions(u64),
    /// There is no preview of it.
    NoPreview,
    /// Repeated cells were written once after so many bytes.
    Repeated(u64),
    /// A subtitle track is in this codec, which is no text.
    NoTextTrack { track: u64, codec: Quote },
    /// The property was cut, it is too long.
    PropertyCut(Quote),
    /// Only so many of all members are listed.
    Listed { listed: u64, of: u64 },
    /// A preview was left out, it is too large.
    PreviewTooLarge,
    /// So many warnings more.
    MoreWarnings(u64),
    /// It lies together with others in one place, and together they are larger than the file.
    LieTogether,
    /// Its reader died when it was tried what reading it again would come to.
    DiedOnTrial,

    // What the law says of it.
    /// It has sound, and was declared as of a fixed camera, which may record none.
    SoundOfFixedCamera,
}

impl ReasonKind {
    /// Every word that [`ReasonKind::word`] says, in alphabetical order.
    pub const WORDS: [&str; 35] = [
        "beside",
        "characters",
        "check_sum",
        "crashed",
        "cut",
        "damaged",
        "empty",
        "encoding",
        "encrypted",
        "finding",
        "gone",
        "hidden",
        "house",
        "interrupted",
        "left_alone",
        "memory",
        "method",
        "missing",
        "no_cue",
        "no_preview",
        "no_reader",
        "not_installed",
        "not_understood",
        "nothing_to_read",
        "put_off",
        "rights_management",
        "said",
        "split_part",
        "store",
        "time",
        "told_already",
        "too_large",
        "too_many",
        "truncated",
        "unknown_format",
    ];

    /// The word for its family in answers, as in `damaged`.
    pub fn word(&self) -> &'static str {
        use ReasonKind::*;
        match self {
            Said(_) => "said",
            Password
            | Encrypted(_)
            | WrongPasswords(_)
            | PasswordsLeft { .. }
            | PasswordsInVain
            | PasswordsUntried(_)
            | AllLocked(_)
            | OtherPassword
            | KeyTooCostly
            | CipherUnknown
            | CipherNotRead(_)
            | StaysClosed
            | Certificate => "encrypted",
            Drm | Wrapped(_) | Notice(_) => "rights_management",
            NoReader(_) | ForeignObject | MemberKind(_) | NoTextTrack { .. } => "no_reader",
            UnknownFormat => "unknown_format",
            SplitPart(_) => "split_part",
            Method(_) | MethodNumber { .. } | MethodNameless => "method",
            NoMediaLibraries | NotRecognised { .. } | NotTranscribed | HeardAsEnglish => {
                "not_installed"
            }
            RecognitionWaits => "put_off",
            LeftAlone => "left_alone",
            NotAsNamed(_) | Damaged | DamagedAfter(_) | DamagedAt(_) | DamagedBefore | LeadsOut
            | Unreadable | NotUnpacked | NotDecoded | Beyond(_) | Overlaps | Circle
            | NotSigned(_) | Broken(_) | Faulty(_) | NoPage(_) | FurtherPages(_) | LieTogether
            | DecoderBroke | NotUnderstood => "damaged",
            CutShort
            | EndsEarly
            | EndsWithin(_)
            | EndsBefore(_)
            | EndsWithinRow { .. }
            | HoldsOnly { .. } => "truncated",
            Missing | NoSuchMember | NotThere | MissingFrom(_) | LostStrings(_)
            | NotBeforeDamage | NoContent => "missing",
            CheckSum | TooFewBytes { .. } | TooManyBytes(_) => "check_sum",
            NoCharacters { .. } | Symbols(_) | OwnSigns(_) => "characters",
            Unpacks(_)
            | UnpacksWithOthers(_)
            | Decodes(_)
            | Larger(_)
            | LargerThanMemory { .. }
            | TakesMemory { .. }
            | TakesMemoryOver(_)
            | BehindTooLarge
            | AnswerTooLarge
            | TooFine
            | NotSeen
            | PreviewTooLarge
            | PropertyCut(_) => "too_large",
            TooDeep(_)
            | MoreThan { .. }
            | OnlyFirst { .. }
            | Listed { .. }
            | MoreWarnings(_)
            | Repeated(_) => "too_many",
            CutAfter { .. }
            | CutWithin { .. }
            | TextLimit
            | LimitReached
            | LimitOrDamage
            | FewBytesForPages => "cut",
            NotFinished(_) | NoProgress(_) | ProcessorTime(_) | Lingered | NoTimeForRest
            | TimeUsed => "time",
            Memory(_) | KilledBySystem => "memory",
            Panicked(_)
            | Signal { .. }
            | NoAnswer(_)
            | Status { .. }
            | Protocol(_)
            | AgainAndAgain
            | DiedOnTrial => "crashed",
            NoText | NoBytes => "empty",
            Gone => "gone",
            NoStore(_) | NotGiven(_) | ShownNotGiven(_) | NotOpened(_) => "store",
            Stopped | LeaseEnded => "interrupted",
            WorkerSilent | OtherBytes | WorkerBroke(_) | RecordingBroke(_)
            | NoReaderAnswered(_) | NotKept(_) | Refused(_) | DescribedUntold(_)
            | RowUnreadable(_) | NoReason => "house",
            Hidden | SomeHidden | Tracked | Deletions(_) => "hidden",
            Meaningless(_)
            | OtherEncoding { .. }
            | MayBeEncoding { .. }
            | LinesIn { .. }
            | SomeLinesIn(_)
            | Nuls(_) => "encoding",
            Link(_) | Device | Pipe | NoFile => "nothing_to_read",
            NoCue | NoTimeSpan(_) => "no_cue",
            BesideBroke(_) | BesideFault { .. } => "beside",
            HeardUnsurely { .. } => "not_understood",
            SaidInSubtitles { .. } => "told_already",
            NoPreview => "no_preview",
            SoundOfFixedCamera => "finding",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A kind that is added later brings its word along: whoever asks by a reason is told of each that there is.
    #[test]
    fn the_words_are_those_that_are_said() {
        let said = include_str!("reason_kind.rs").split("pub fn word").nth(1).unwrap();
        let said = said.split("#[cfg(test)]").next().unwrap();
        let said: BTreeSet<&str> = said.split('"').skip(1).step_by(2).collect();
        assert_eq!(said.into_iter().collect::<Vec<&str>>(), ReasonKind::WORDS);
    }
}
