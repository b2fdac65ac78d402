use madang_document::document::Document;
use madang_document::entry::Draft;
use madang_document::media_type::Kind;
use madang_document::metadata as meta;
use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::stated_date;
use serde_json::{Value, json};

use crate::entry::draft;
use crate::jsonld::{Ko, license_node};
use crate::license::License;
use crate::series::{Material, Series, common, iri_part};

/// A reason in both languages; in English alone where there are no other words.
fn said(reason: &Reason) -> Value {
    let tagged = |language, text: String| json!({"@language": language, "@value": text});
    let english = tagged("en", reason.english());
    match reason.is_said() {
        true => english,
        false => json!([tagged("ko", reason.korean()), english]),
    }
}

/// The entry of a document: an asset of its series. Profile krd-ap/1.0, sections 2.1 and 2.2.
///
/// Personal data that a file says of itself (author, who saved it last) and the place where a picture was taken stay
/// inside: an entry leaves the agency. Who its owner names beside it is meant to be named, and stands in the entry. Of each
/// property what stands beside the document goes first. A licence or a disclosure that a file beside it claims narrows what the series
/// declares, and never widens it.
pub fn entry(document: &Document, series: &Series) -> Draft {
    let id = document.id.to_string();
    let claims = |name| beside(document, name);
    let series = &series.narrowed(claims(meta::LICENSE), claims(meta::DISCLOSURE));
    let mut node = common(series);
    let mut set = |name: &str, value: Value| {
        node.insert(name.to_owned(), value);
    };
    set("@id", json!(format!("reg:asset/{id}")));
    set("@type", json!(["dcat:Dataset", "dcat:Resource"]));
    set("dct:title", Ko(&document.title()).into());
    let description = match document.metadata.text(meta::DESCRIPTION) {
        Some(text) => text.to_owned(),
        None => format!(
            "{}의 {} ({})",
            series.title,
            korean(document.media_type.kind()),
            document.name()
        ),
    };
    set("dct:description", Ko(&description).into());
    set("dct:identifier", json!(id));
    set("dcat:inSeries", json!({"@id": series.iri()}));
    if let Some(parent) = document.parent {
        set("dct:isPartOf", json!({"@id": format!("reg:asset/{parent}")}));
    }
    let languages = languages(document);
    if !languages.is_empty() {
        let nodes = languages.into_iter().map(|code| {
            let iri = format!("http://publications.europa.eu/resource/authority/language/{code}");
            json!({"@id": iri, "@type": "dct:LinguisticSystem"})
        });
        set("dct:language", one_or_all(nodes.collect()));
    }
    let given = stated_date::given(&document.metadata);
    if let Some(moment) = given.or_else(|| stated_date::made(&document.metadata)) {
        let from = if given.is_some() { "sidecar" } else { "metadata" };
        set(
            "dct:temporal",
            json!({"@type": "dct:PeriodOfTime",
                   "dcat:startDate": {"@value": moment.day(), "@type": "xsd:date"},
                   "krd:derivedFrom": from}),
        );
    }
    let keywords = keywords(document, &series.keywords);
    if !keywords.is_empty() {
        set("dcat:keyword", keywords.iter().map(|word| Value::from(Ko(word))).collect());
    }
    for (name, property) in [(meta::AUTHOR, "dct:creator"), (meta::CONTRIBUTOR, "dct:contributor")]
    {
        let agents: Vec<Value> = texts_beside(document, name).into_iter().map(agent).collect();
        if !agents.is_empty() {
            set(property, Value::Array(agents));
        }
    }
    // Who provides the data is the agency that declares the series; whom its owner names beside it as its publisher is told
    // with that role.
    let publishers = texts_beside(document, meta::PUBLISHER);
    if !publishers.is_empty() {
        set("prov:qualifiedAttribution", publishers.into_iter().map(publishing).collect());
    }
    let identifiers = texts_beside(document, meta::IDENTIFIER);
    if !identifiers.is_empty() {
        let nodes = identifiers
            .into_iter()
            .map(|text| json!({"@type": "adms:Identifier", "skos:notation": text}));
        set("adms:identifier", nodes.collect());
    }
    for (name, property) in [
        (meta::SOURCE, "krd:source"),
        (meta::RELATION, "krd:relation"),
        (meta::COVERAGE, "krd:coverage"),
        (meta::COPYRIGHT, "krd:rightsNote"),
    ] {
        if let Some(text) = texts_beside(document, name).first() {
            set(property, Ko(text).into());
        }
    }
    set("krd:assetKind", json!(asset_kind(document.media_type.kind())));
    set("krd:extractStatus", json!(document.outcome.extract_status()));
    if document.outcome != Outcome::Ok
        && let Some(reason) = &document.reason
    {
        set("krd:extractReason", said(reason));
    }
    // No scanner has looked yet: an entry must not claim that there is no personal data.
    set("krd:piiState", json!("UNSCANNED"));
    set(
        "krd:sourceObject",
        json!({"krd:store": document.object.store, "krd:key": document.path()}),
    );
    set(
        "prov:wasGeneratedBy",
        json!({
            "@type": "prov:Activity",
            "krd:tool": "madang",
            "krd:format": document.provenance.format,
            "krd:formatVersion": document.provenance.format_version,
        }),
    );
    for (name, property) in [
        (meta::PAGES, "krd:pageCount"),
        (meta::SLIDES, "krd:slideCount"),
        (meta::SHEETS, "krd:sheetCount"),
        (meta::WIDTH, "krd:width"),
        (meta::HEIGHT, "krd:height"),
        (meta::ORIENTATION, "krd:orientation"),
        (meta::BIT_RATE, "krd:bitRate"),
    ] {
        if let Some(n) = document.metadata.integer(name) {
            set(property, json!(n));
        }
    }
    for (name, property) in [
        (meta::FORMAT_VERSION, "krd:formatVersion"),
        (meta::CONTAINER, "krd:container"),
        (meta::VIDEO_CODEC, "krd:videoCodec"),
        (meta::AUDIO_CODEC, "krd:audioCodec"),
        (meta::ENCODING, "krd:encoding"),
    ] {
        if let Some(text) = document.metadata.text(name) {
            set(property, json!(text));
        }
    }
    for (name, property) in [(meta::DURATION, "krd:durationSeconds"), (meta::FPS, "krd:fps")] {
        if let Some(n) = document.metadata.number(name) {
            set(property, json!({"@value": format!("{n:.3}"), "@type": "xsd:decimal"}));
        }
    }
    if let Some(meta::Value::Bool(audio)) = document.metadata.get(meta::AUDIO_PRESENT) {
        set("krd:audioPresent", json!(audio));
    }
    let findings = findings(document, series);
    if !findings.is_empty() {
        set("krd:finding", findings.iter().map(said).collect());
    }
    if document.characters > 0 {
        set("krd:charCount", json!(document.characters));
    }
    set("dcat:distribution", Value::Array(distributions(document, series.license)));
    draft(id, Some(document.id), document.agency.clone(), &Value::Object(node))
}

/// What a data officer has to look at: where what is in the file does not go with what its series is declared to be.
fn findings(document: &Document, series: &Series) -> Vec<Reason> {
    let has_sound = document.metadata.get(meta::AUDIO_PRESENT) == Some(&meta::Value::Bool(true));
    let is_film = document.media_type.kind() == Kind::Video;
    match series.material {
        Some(Material::FixedCctv) if has_sound && is_film => {
            vec![ReasonKind::SoundOfFixedCamera.into()]
        }
        Some(Material::FixedCctv) | None => Vec::new(),
    }
}

/// What the files beside the document say of a property.
fn beside<'a>(document: &'a Document, name: &str) -> impl Iterator<Item = &'a str> {
    let said = document.metadata.stated(name).iter().filter(|stated| stated.is_beside());
    said.map(|stated| match &stated.value {
        meta::Value::Text(text) => text.as_str(),
        // No word for it.
        meta::Value::Bool(_)
        | meta::Value::Integer(_)
        | meta::Value::Number(_)
        | meta::Value::List(_) => "",
    })
}

/// The texts of a property in the file beside the document that is trusted most. None are made of what is no text.
fn texts_beside<'a>(document: &'a Document, name: &str) -> Vec<&'a str> {
    let said = document.metadata.stated(name).iter().find(|stated| stated.is_beside());
    said.map(|stated| texts(&stated.value)).unwrap_or_default()
}

/// Texts of a value at most: an entry is no place for a dictionary.
const TEXTS: usize = 64;

fn texts(value: &meta::Value) -> Vec<&str> {
    match value {
        meta::Value::Text(text) => vec![text.as_str()],
        meta::Value::List(list) => {
            let texts = list.iter().filter_map(|value| match value {
                meta::Value::Text(text) => Some(text.as_str()),
                meta::Value::Bool(_)
                | meta::Value::Integer(_)
                | meta::Value::Number(_)
                | meta::Value::List(_) => None,
            });
            texts.take(TEXTS).collect()
        }
        meta::Value::Bool(_) | meta::Value::Integer(_) | meta::Value::Number(_) => Vec::new(),
    }
}

/// The words of the series, and behind them those of the document: theirs first, and each once.
fn keywords<'a>(document: &'a Document, series: &'a [String]) -> Vec<&'a str> {
    let mut words: Vec<&str> = series.iter().map(String::as_str).collect();
    let own = document.metadata.get(meta::KEYWORDS).map(texts).unwrap_or_default();
    for word in own {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// The codes of its languages: those that its owner names, else the one of its text.
fn languages(document: &Document) -> Vec<&'static str> {
    let named = texts_beside(document, meta::LANGUAGE);
    let named = named.iter().flat_map(|text| text.split([',', ';', '/']));
    let mut codes: Vec<&'static str> = Vec::new();
    for code in named.filter_map(named_language) {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    if codes.is_empty() {
        codes.extend(document.language.as_deref().and_then(eu_language));
    }
    codes
}

fn agent(name: &str) -> Value {
    json!({"@type": "foaf:Agent", "foaf:name": Value::from(Ko(name))})
}

fn publishing(name: &str) -> Value {
    const ROLES: &str = "http://inspire.ec.europa.eu/metadata-codelist/ResponsiblePartyRole";
    json!({
        "@type": "prov:Attribution",
        "prov:agent": agent(name),
        "dcat:hadRole": {"@id": format!("{ROLES}/publisher"), "@type": "dcat:Role"},
    })
}

fn one_or_all(mut nodes: Vec<Value>) -> Value {
    match nodes.len() {
        1 => nodes.remove(0),
        _ => Value::Array(nodes),
    }
}

fn distributions(document: &Document, license: License) -> Vec<Value> {
    let mut list = vec![distribution(
        document,
        license,
        ("original", "원본", "원본 파일"),
        document.media_type.as_str(),
        document.size,
        document.sha256.map(|hash| hash.to_string()),
    )];
    if document.text.is_some() {
        let words = ("text", "추출 텍스트", "추출 텍스트(UTF-8)");
        list.push(distribution(document, license, words, "application/json", None, None));
    }
    // Of a likeness nobody knows before he looks whether there is anything to see, and an entry promises nothing.
    if let Some(preview) = document.preview {
        let words = ("preview", "미리보기", "미리보기 그림");
        let hash = Some(preview.hash().to_string());
        list.push(distribution(document, license, words, "image/jpeg", None, hash));
    }
    list
}

fn distribution(
    document: &Document,
    license: License,
    (part, title, description): (&str, &str, &str),
    media_type: &str,
    size: Option<u64>,
    sha256: Option<String>,
) -> Value {
    let mut node = json!({
        "@id": format!("reg:asset/{}/dist/{part}", document.id),
        "@type": "dcat:Distribution",
        "dct:title": Value::from(Ko(title)),
        "dct:description": Value::from(Ko(description)),
        "dcat:accessURL": {
            "@id": format!("api:documents/{}/{part}", document.id),
            "@type": "rdfs:Resource",
        },
        "dcat:mediaType": {
            "@id": format!("https://www.iana.org/assignments/media-types/{}", media_type_path(media_type)),
            "@type": "dct:MediaType",
        },
        "dct:license": license_node(license),
        "dcatap:availability": {
            "@id": "http://publications.europa.eu/resource/authority/planned-availability/STABLE",
            "@type": "skos:Concept",
            "skos:prefLabel": {"@value": "stable", "@language": "en"},
        },
    });
    if let Some(node) = node.as_object_mut() {
        if let Some(size) = size {
            let size = json!({"@value": size.to_string(), "@type": "xsd:nonNegativeInteger"});
            node.insert("dcat:byteSize".into(), size);
        }
        if let Some(sha256) = sha256 {
            node.insert(
                "spdx:checksum".into(),
                json!({
                    "@type": "spdx:Checksum",
                    "spdx:algorithm": {
                        "@id": "http://spdx.org/rdf/terms#checksumAlgorithm_sha256",
                        "@type": "spdx:ChecksumAlgorithm",
                    },
                    "spdx:checksumValue": {"@value": sha256, "@type": "xsd:hexBinary"},
                }),
            );
        }
    }
    node
}

fn media_type_path(media_type: &str) -> String {
    media_type.split('/').map(iri_part).collect::<Vec<_>>().join("/")
}

/// The profile knows five kinds of asset (section 2.1).
fn asset_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Video => "video",
        Kind::Image => "image",
        Kind::Document | Kind::Table | Kind::Mail => "document",
        Kind::Text => "text",
        Kind::Audio | Kind::Archive | Kind::Other => "other",
    }
}

fn korean(kind: Kind) -> &'static str {
    match kind {
        Kind::Document => "문서",
        Kind::Table => "표",
        Kind::Text => "텍스트",
        Kind::Mail => "전자우편",
        Kind::Image => "사진",
        Kind::Video => "영상",
        Kind::Audio => "음성",
        Kind::Archive => "압축 파일",
        Kind::Other => "파일",
    }
}

/// The code of the EU authority table "language" for the languages that public documents come in.
fn eu_language(code: &str) -> Option<&'static str> {
    Some(match code {
        "ko" => "KOR",
        "en" => "ENG",
        "ja" => "JPN",
        "zh" => "ZHO",
        "de" => "DEU",
        "fr" => "FRA",
        "es" => "SPA",
        "ru" => "RUS",
        "vi" => "VIE",
        "it" => "ITA",
        "pt" => "POR",
        "nl" => "NLD",
        _ => return None,
    })
}

/// The code of a language as people name it: `en`, `ko-KR`, `eng`, `영어`.
fn named_language(name: &str) -> Option<&'static str> {
    let name = name.trim().to_lowercase();
    let two = name.split(['-', '_']).next().unwrap_or_default();
    let code = match two {
        "kor" | "한국어" | "국어" | "korean" => "ko",
        "eng" | "영어" | "english" => "en",
        "jpn" | "일본어" | "japanese" => "ja",
        "zho" | "chi" | "중국어" | "chinese" => "zh",
        "deu" | "ger" | "독일어" => "de",
        "fra" | "fre" | "프랑스어" => "fr",
        "spa" | "스페인어" => "es",
        "rus" | "러시아어" => "ru",
        "vie" | "베트남어" => "vi",
        other => other,
    };
    eu_language(code)
}
