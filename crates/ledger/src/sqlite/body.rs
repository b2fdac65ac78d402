use madang_document::document::{Document, Provenance};
use madang_document::inner_path::InnerPath;
use madang_document::media_type::MediaType;
use madang_document::metadata::Metadata;
use madang_document::object::ObjectRef;
use madang_document::outcome::Outcome;
use madang_document::timestamp::Timestamp;
use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use super::compact::unpack;
use super::fault::odd;
use super::value::{agency, count, document_id, small};
use crate::documents::Stored;
use crate::error::{LedgerError, Result};

/// What stands in columns of the document's row, or in the rows of its object and path: kept once.
const ELSEWHERE: [&str; 9] = [
    "id",
    "agency",
    "pipeline",
    "object",
    "parent",
    "inner",
    "media_type",
    "outcome",
    "provenance",
];

/// A document without what stands elsewhere and without what is empty: of a small text file a third is left.
pub(super) fn text(document: &Document, modified: Option<Timestamp>) -> Result<String> {
    let value = serde_json::to_value(document);
    let Value::Object(mut map) =
        value.map_err(|e| LedgerError::conflict(e.to_string()).because(e))?
    else {
        return Err(LedgerError::conflict("a document is no JSON object"));
    };
    for name in ELSEWHERE {
        map.remove(name);
    }
    if document.object_modified == modified {
        map.remove("object_modified");
    } else if document.object_modified.is_none() {
        // Not the object's moment: that there is none must be said.
        map.insert("object_modified".to_owned(), Value::Bool(false));
    }
    map.retain(|_, value| match value {
        Value::Null => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    });
    serde_json::to_string(&map).map_err(|e| LedgerError::conflict(e.to_string()).because(e))
}

/// What [`Stored`] is read from; a condition on `d` follows.
pub(super) const DOCUMENT: &str = "
    SELECT d.id, d.revision, d.withdrawn, d.agency, d.pipeline, d.parent, d.inner_path, d.outcome,
           d.media_type, d.format, d.format_version, d.body, p.store, p.path, o.version, o.size, o.modified
    FROM document d JOIN object o ON o.id = d.object JOIN path p ON p.id = d.path";

/// A row of [`DOCUMENT`].
pub(super) struct DocumentRow {
    columns: Columns,
    body: Vec<u8>,
}

struct Columns {
    id: Vec<u8>,
    revision: i64,
    withdrawn: bool,
    agency: String,
    pipeline: String,
    parent: Option<Vec<u8>>,
    inner: Option<String>,
    outcome: String,
    media_type: String,
    format: String,
    format_version: i64,
    store: String,
    path: String,
    version: String,
    size: i64,
    modified: Option<i64>,
}

impl FromRow<'_, SqliteRow> for DocumentRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<DocumentRow> {
        let columns = Columns {
            id: row.try_get("id")?,
            revision: row.try_get("revision")?,
            withdrawn: row.try_get("withdrawn")?,
            agency: row.try_get("agency")?,
            pipeline: row.try_get("pipeline")?,
            parent: row.try_get("parent")?,
            inner: row.try_get("inner_path")?,
            outcome: row.try_get("outcome")?,
            media_type: row.try_get("media_type")?,
            format: row.try_get("format")?,
            format_version: row.try_get("format_version")?,
            store: row.try_get("store")?,
            path: row.try_get("path")?,
            version: row.try_get("version")?,
            size: row.try_get("size")?,
            modified: row.try_get("modified")?,
        };
        Ok(DocumentRow { columns, body: row.try_get("body")? })
    }
}

impl DocumentRow {
    pub(super) fn stored(self) -> Result<Stored> {
        let Columns { revision, withdrawn, .. } = self.columns;
        Ok(Stored { revision: count(revision), withdrawn, document: self.document()? })
    }

    fn document(self) -> Result<Document> {
        let unread = |e: serde_json::Error| {
            LedgerError::refused(format!("a document cannot be read back: {e}")).because(e)
        };
        let mut map: Map<String, Value> =
            serde_json::from_str(&unpack(&self.body)?).map_err(unread)?;
        let c = self.columns;
        let object =
            ObjectRef { store: c.store, path: c.path, version: c.version, size: count(c.size) };
        let modified = match map.remove("object_modified") {
            None => c.modified.map(Timestamp),
            Some(Value::Bool(_)) => None,
            Some(other) => serde_json::from_value(other).map_err(unread)?,
        };
        let outcome =
            Outcome::parse(&c.outcome).ok_or_else(|| odd("an outcome", c.outcome.clone()))?;
        let provenance = Provenance { format: c.format, format_version: small(c.format_version) };
        let id = document_id(&c.id)?;
        let parent = c.parent.as_deref().map(document_id).transpose()?;
        let mut set = |name: &str, value: serde_json::Result<Value>| {
            map.insert(name.to_owned(), value.map_err(unread)?);
            Ok::<(), LedgerError>(())
        };
        set("id", serde_json::to_value(id))?;
        set("agency", serde_json::to_value(agency(c.agency)?))?;
        set("pipeline", Ok(Value::String(c.pipeline)))?;
        set("object", serde_json::to_value(object))?;
        set("object_modified", serde_json::to_value(modified))?;
        set("parent", serde_json::to_value(parent))?;
        set("inner", serde_json::to_value(c.inner.map(InnerPath::from)))?;
        set("media_type", serde_json::to_value(MediaType::new(&c.media_type)))?;
        set("outcome", serde_json::to_value(outcome))?;
        set("provenance", serde_json::to_value(provenance))?;
        for (name, empty) in [
            ("metadata", serde_json::to_value(Metadata::default()).map_err(unread)?),
            ("members", Value::Array(Vec::new())),
            ("warnings", Value::Array(Vec::new())),
        ] {
            map.entry(name).or_insert(empty);
        }
        serde_json::from_value(Value::Object(map)).map_err(unread)
    }
}
