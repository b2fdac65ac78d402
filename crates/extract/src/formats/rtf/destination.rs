//! Where the text of a group goes, by the control word that opens it.

/// Where text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// Into the running text.
    Text,
    /// Nowhere, and so for all groups within.
    Skip,
    /// Nowhere itself; groups within may have a place.
    Hollow,
    /// Into the table of fonts.
    Fonts,
    /// Into a property of the document.
    Property(Property),
    /// Into a time of the document.
    Moment(Moment),
    /// Into a picture, as hexadecimal digits.
    Picture,
    /// Into an embedded object, as hexadecimal digits.
    Object,
    /// Into the instruction of a field.
    Instruction,
    /// Into an entry of a list to choose from.
    Choice,
    /// Into the name of a property of a shape.
    ShapeName,
    /// Into the value of a property of a shape.
    ShapeValue,
}

/// A property of the document that is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Property {
    Title,
    Subject,
    Author,
    LastSavedBy,
    Keywords,
    Comment,
    Producer,
}

/// A property of the document that is a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    Created,
    Modified,
}

/// A text beside the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aside {
    Header,
    Footer,
    /// A note, a comment or the text of a shape: it stands behind the paragraph in which it is fixed.
    Note,
}

/// What a control word opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    To(Destination),
    Aside(Aside),
    /// Nothing of its own: text goes where it went.
    Same,
    /// Text for those who cannot read the Unicode of `\ud`.
    Doubled,
    /// The text itself, which [`Opening::Doubled`] keeps from being read twice.
    Undoubled,
    /// A picture that newer readers know.
    NewPicture,
    /// The same for older readers.
    OldPicture,
    /// A shape that newer readers know.
    NewShape,
    /// The same for older readers.
    OldShape,
    /// A control of a form.
    Form,
}

/// What this control word opens; none if it opens nothing.
pub(super) fn opening(word: &str) -> Option<Opening> {
    use Destination::{
        Choice, Fonts, Hollow, Instruction, Object, Picture, ShapeName, ShapeValue, Skip,
    };
    use Opening::To;
    Some(match word {
        "fonttbl" => To(Fonts),
        "info" | "picprop" | "sp" => To(Hollow),
        "title" => To(Destination::Property(Property::Title)),
        "subject" => To(Destination::Property(Property::Subject)),
        "author" => To(Destination::Property(Property::Author)),
        "operator" => To(Destination::Property(Property::LastSavedBy)),
        "keywords" => To(Destination::Property(Property::Keywords)),
        "doccomm" | "comment" => To(Destination::Property(Property::Comment)),
        "generator" => To(Destination::Property(Property::Producer)),
        "creatim" => To(Destination::Moment(Moment::Created)),
        "revtim" => To(Destination::Moment(Moment::Modified)),
        "pict" => To(Picture),
        "objdata" => To(Object),
        "fldinst" => To(Instruction),
        "formfield" => Opening::Form,
        "ffl" => To(Choice),
        "sn" => To(ShapeName),
        "sv" => To(ShapeValue),
        "header" | "headerl" | "headerr" | "headerf" => Opening::Aside(Aside::Header),
        "footer" | "footerl" | "footerr" | "footerf" => Opening::Aside(Aside::Footer),
        "footnote" | "annotation" | "shptxt" | "dptxbxtext" => Opening::Aside(Aside::Note),
        "do" | "nesttableprops" | "listtext" | "pntext" | "fldrslt" | "result" | "cs" | "ds"
        | "ts" => Opening::Same,
        "upr" => Opening::Doubled,
        "ud" => Opening::Undoubled,
        "shppict" => Opening::NewPicture,
        "nonshppict" => Opening::OldPicture,
        "shpinst" => Opening::NewShape,
        "shprslt" => Opening::OldShape,
        "colortbl" | "stylesheet" | "listtable" | "listoverridetable" | "listpicture"
        | "revtbl" | "rsidtbl" | "filetbl" | "xe" | "tc" | "tcn" | "rxe" | "bkmkstart"
        | "bkmkend" | "pn" | "pnseclvl" | "template" | "private" | "passwordhash" | "ftnsep"
        | "ftnsepc" | "ftncn" | "aftnsep" | "aftnsepc" | "aftncn" | "atnid" | "atnauthor"
        | "atndate" | "atnref" | "atntime" | "atnparent" | "atnicn" | "background" | "objclass"
        | "objname" | "objalias" | "objsect" | "objtime" | "datafield" | "nonesttables"
        | "blipuid" | "fontemb" | "fontfile" | "panose" | "falt" | "hlinkbase" | "userprops"
        | "manager" | "company" | "category" | "printim" | "buptim" | "nextfile" | "keycode"
        | "ffname" | "ffdeftext" | "ffformat" | "ffhelptext" | "ffstattext" | "ffentrymcr"
        | "ffexitmcr" | "pgdsctbl" | "NeXTGraphic" | "levelnumbers" | "leveltext" => To(Skip),
        _ => return None,
    })
}
