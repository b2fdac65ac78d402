//! Entries as JSON-LD, with the context inline: a remote context is refused by strict stores.

use madang_document::agency::Agency;
use madang_document::blob_id::BlobId;
use madang_document::entry::{Draft, Entry};
use madang_document::timestamp::Timestamp;
use serde_json::{Map, Value, json};

use crate::entry::canonical;
use crate::license::License;

/// A literal in Korean.
#[derive(Clone, Copy, Debug)]
pub struct Ko<'a>(pub &'a str);

impl From<Ko<'_>> for Value {
    fn from(Ko(text): Ko<'_>) -> Value {
        json!({"@value": text, "@language": "ko"})
    }
}

/// A concept with its Korean label.
pub(crate) fn concept(iri: &str, label: &str) -> Value {
    json!({"@id": iri, "@type": "skos:Concept", "skos:prefLabel": Value::from(Ko(label))})
}

/// The licence document, typed by the licence-type vocabulary of ADMS as DCAT-AP 3 recommends.
pub(crate) fn license_node(license: License) -> Value {
    let (iri, kind, label) = match license {
        License::Undeclared => ("reg:code/license/none", "UnknownIPR", "이용허락 미정"),
        License::Kogl0 => {
            ("https://www.kogl.or.kr/info/licenseType0.do", "PublicDomain", "공공누리 제0유형")
        }
        License::Kogl1 => (
            "https://www.kogl.or.kr/info/licenseType1.do",
            "Attribution",
            "공공누리 제1유형: 출처표시",
        ),
        License::Kogl2 => (
            "https://www.kogl.or.kr/info/licenseType2.do",
            "NonCommercialUseOnly",
            "공공누리 제2유형: 출처표시, 상업적 이용금지",
        ),
        License::Kogl3 => (
            "https://www.kogl.or.kr/info/licenseType3.do",
            "NoDerivativeWork",
            "공공누리 제3유형: 출처표시, 변경금지",
        ),
        License::Kogl4 => (
            "https://www.kogl.or.kr/info/licenseType4.do",
            "OtherRestrictiveClauses",
            "공공누리 제4유형: 출처표시, 상업적 이용금지, 변경금지",
        ),
    };
    json!({
        "@id": iri,
        "@type": "dct:LicenseDocument",
        "dct:type": concept(&format!("http://purl.org/adms/licencetype/{kind}"), label),
    })
}

/// The context that entries are written in. `reg:` and `api:` are the prefixes that depend on where this
/// registry is served: `base` is its address without a slash at the end.
pub fn context(base: &str) -> Value {
    json!({
        "dcat": "http://www.w3.org/ns/dcat#",
        "dct": "http://purl.org/dc/terms/",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "adms": "http://www.w3.org/ns/adms#",
        "spdx": "http://spdx.org/rdf/terms#",
        "prov": "http://www.w3.org/ns/prov#",
        "vcard": "http://www.w3.org/2006/vcard/ns#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "dcatap": "http://data.europa.eu/r5r/",
        "hydra": "http://www.w3.org/ns/hydra/core#",
        "krd": "https://madang.kr/ns/krd#",
        "reg": format!("{base}/id/"),
        "api": format!("{base}/v1/"),
    })
}

/// An entry as a JSON-LD document: the dataset (or series) and its catalogue record.
pub fn render(entry: &Entry, base: &str) -> Value {
    json!({"@context": context(base), "@graph": nodes(entry)})
}

/// The two nodes of an entry, for a page of several entries under one context.
pub fn nodes(entry: &Entry) -> Vec<Value> {
    let mut dataset: Map<String, Value> =
        serde_json::from_str(&entry.draft.body).unwrap_or_default();
    let topic = dataset.get("@id").cloned().unwrap_or_default();
    let title = dataset.get("dct:title").cloned().unwrap_or_default();
    let issued = time(entry.issued);
    let modified = time(entry.modified);
    dataset.insert("dct:issued".into(), issued.clone());
    dataset.insert("dct:modified".into(), modified.clone());
    dataset.insert("dcat:version".into(), json!(entry.version.to_string()));
    dataset.insert("krd:contentHash".into(), json!(format!("sha256:{}", entry.draft.content_hash)));
    let (status, label) = match entry.withdrawn {
        false => ("CURRENT", "REGISTERED"),
        true => ("WITHDRAWN", "WITHDRAWN"),
    };
    let record = json!({
        "@id": format!("reg:record/{}", entry.draft.id),
        "@type": "dcat:CatalogRecord",
        "foaf:primaryTopic": {"@id": topic},
        "dct:title": title,
        "dct:issued": issued,
        "dct:modified": modified,
        "dct:conformsTo": {"@id": "https://madang.kr/ns/krd-ap/1.0", "@type": "dct:Standard"},
        "adms:status": {
            "@id": format!("http://publications.europa.eu/resource/authority/concept-status/{status}"),
            "@type": "skos:Concept",
            "skos:prefLabel": {"@value": label, "@language": "en"},
        },
    });
    vec![Value::Object(dataset), record]
}

/// Reads back what [`render`] wrote; none if it is something else.
pub fn parse(document: &Value) -> Option<Entry> {
    let [dataset, record] = document.get("@graph")?.as_array()?.as_slice() else { return None };
    let mut dataset = dataset.as_object()?.clone();
    let date = |node: Option<&Value>| Timestamp::parse(node?.get("@value")?.as_str()?);
    let issued = date(dataset.remove("dct:issued").as_ref())?;
    let modified = date(dataset.remove("dct:modified").as_ref())?;
    let version = dataset.remove("dcat:version")?.as_str()?.parse().ok()?;
    let hash = dataset.remove("krd:contentHash")?;
    let content_hash: BlobId = hash.as_str()?.strip_prefix("sha256:")?.parse().ok()?;
    let withdrawn = record.get("adms:status")?.get("@id")?.as_str()?.ends_with("/WITHDRAWN");
    let id = record.get("@id")?.as_str()?.strip_prefix("reg:record/")?.to_owned();
    let publisher = dataset.get("dct:publisher")?.get("dct:identifier")?.as_str()?;
    let agency: Agency = publisher.parse().ok()?;
    let document = id.parse().ok();
    let body = canonical(&Value::Object(dataset));
    let draft = Draft { id, document, agency, content_hash, body };
    Some(Entry { draft, version, withdrawn, issued, modified })
}

/// A page of the catalogue: `dcat:Catalog` with the datasets on it, and where the next page is
/// (hydra:PartialCollectionView).
pub fn catalog(
    entries: &[Entry],
    base: &str,
    publisher: &str,
    this: &str,
    next: Option<&str>,
) -> Value {
    let mut datasets = Vec::new();
    let mut records = Vec::new();
    let mut graph = Vec::new();
    for node in entries.iter().flat_map(nodes) {
        let id = node.get("@id").cloned().unwrap_or_default();
        match node.get("@type").and_then(Value::as_str) {
            Some("dcat:CatalogRecord") => records.push(json!({"@id": id})),
            _ => datasets.push(json!({"@id": id})),
        }
        graph.push(node);
    }
    let mut view = json!({"@id": this, "@type": "hydra:PartialCollectionView"});
    if let (Some(next), Some(view)) = (next, view.as_object_mut()) {
        view.insert("hydra:next".into(), json!({"@id": next}));
    }
    let catalog = json!({
        "@id": "reg:catalog",
        "@type": ["dcat:Catalog", "dcat:Dataset", "dcat:Resource"],
        "dct:title": Value::from(Ko("비정형데이터 카탈로그")),
        "dct:description": Value::from(Ko("수집 폴더와 그 파일의 등록부")),
        "dct:publisher": {
            "@id": "reg:org/registry",
            "@type": "foaf:Agent",
            "foaf:name": Value::from(Ko(publisher)),
        },
        "dcat:dataset": datasets,
        "dcat:record": records,
        "hydra:view": view,
    });
    graph.insert(0, catalog);
    json!({"@context": context(base), "@graph": graph})
}

fn time(moment: Timestamp) -> Value {
    json!({"@value": moment.to_string(), "@type": "xsd:dateTime"})
}
