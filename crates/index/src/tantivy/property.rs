use tantivy::Term;
use tantivy::schema::Field;

/// A property that documents are found by exactly. The values of all of them are terms of one field, told apart by their
/// first letter: each indexed field has a dictionary of its own in each segment, and making one costs the same for five
/// documents as for five thousand, so that seven fields cost a small commit more than its texts do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Property {
    /// The document's id: what a deletion names.
    Id,
    Pipeline,
    Kind,
    MediaType,
    Language,
    Outcome,
    Legibility,
    /// Why it was not read, or not whole, or what is worth knowing of how it was read; several.
    Reason,
    /// The path and every folder above it: a path filter is one exact term, however long.
    Folder,
}

impl Property {
    /// The term of a value, as it is indexed.
    pub(crate) fn text(self, value: &str) -> String {
        let letter = match self {
            Property::Id => 'i',
            Property::Pipeline => 'p',
            Property::Kind => 'k',
            Property::MediaType => 't',
            Property::Language => 'l',
            Property::Outcome => 'o',
            Property::Legibility => 'r',
            Property::Reason => 'w',
            Property::Folder => 'f',
        };
        format!("{letter}{value}")
    }

    /// The term of a value, as it is asked for.
    pub(crate) fn term(self, field: Field, value: &str) -> Term {
        Term::from_field_text(field, &self.text(value))
    }
}
