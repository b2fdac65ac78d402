use tantivy::schema::{
    BytesOptions, FAST, Field, IndexRecordOption, STORED, Schema, SchemaBuilder, TextFieldIndexing,
    TextOptions,
};

use crate::tantivy::tokenizer::{STEM, XBI};

/// The fields of a partition's index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    /// The values of every [`crate::tantivy::property::Property`].
    pub(crate) property: Field,
    /// The id, as two numbers: what ties in a ranking are broken by without reading a text.
    pub(crate) id_high: Field,
    pub(crate) id_low: Field,
    /// The revision of the change that brought it: what a later change is compared with.
    pub(crate) revision: Field,
    /// Columns of what is counted in facets; what is asked for is [`Fields::property`].
    pub(crate) pipeline: Field,
    pub(crate) kind: Field,
    pub(crate) media_type: Field,
    pub(crate) language: Field,
    pub(crate) outcome: Field,
    /// Milliseconds since 1970.
    pub(crate) date: Field,
    pub(crate) title: Analysed,
    /// Text, keywords and path.
    pub(crate) body: Analysed,
    /// What a hit shows, in JSON ([`crate::tantivy::entry::StoredHead`]).
    pub(crate) head: Field,
    /// The text in NFC.
    pub(crate) text: Field,
    /// [`crate::tantivy::segment_map::SegmentMap`].
    pub(crate) map: Field,
}

/// A text under both analyses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Analysed {
    pub(crate) stem: Field,
    pub(crate) xbi: Field,
}

/// Names of the columns that a collector reads.
pub(crate) mod column {
    pub(crate) const ID_HIGH: &str = "id_high";
    pub(crate) const ID_LOW: &str = "id_low";
    pub(crate) const REVISION: &str = "revision";
    pub(crate) const PIPELINE: &str = "pipeline";
    pub(crate) const KIND: &str = "kind";
    pub(crate) const MEDIA_TYPE: &str = "media_type";
    pub(crate) const LANGUAGE: &str = "language";
    pub(crate) const OUTCOME: &str = "outcome";
    pub(crate) const DATE: &str = "date";
}

/// Terms that are found and not ranked: no positions, no frequencies, no lengths.
fn exact() -> TextOptions {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    TextOptions::default().set_indexing_options(indexing)
}

/// The schema and its fields.
pub(crate) fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let analysed = |schema: &mut SchemaBuilder, name: &str| {
        let mut field = |analysis: &str, tokenizer: &str| {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_index_option(IndexRecordOption::WithFreqsAndPositions);
            let options = TextOptions::default().set_indexing_options(indexing);
            schema.add_text_field(&format!("{name}_{analysis}"), options)
        };
        Analysed { stem: field("stem", STEM), xbi: field("xbi", XBI) }
    };
    let fields = Fields {
        property: schema.add_text_field("property", exact()),
        id_high: schema.add_u64_field(column::ID_HIGH, FAST),
        id_low: schema.add_u64_field(column::ID_LOW, FAST),
        revision: schema.add_u64_field(column::REVISION, FAST),
        pipeline: schema.add_text_field(column::PIPELINE, FAST),
        kind: schema.add_text_field(column::KIND, FAST),
        media_type: schema.add_text_field(column::MEDIA_TYPE, FAST),
        language: schema.add_text_field(column::LANGUAGE, FAST),
        outcome: schema.add_text_field(column::OUTCOME, FAST),
        date: schema.add_i64_field(column::DATE, FAST),
        title: analysed(&mut schema, "title"),
        body: analysed(&mut schema, "body"),
        head: schema.add_bytes_field("head", BytesOptions::default().set_stored()),
        text: schema.add_text_field("text", STORED),
        map: schema.add_bytes_field("map", BytesOptions::default().set_stored()),
    };
    (schema.build(), fields)
}
