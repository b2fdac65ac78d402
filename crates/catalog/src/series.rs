use madang_document::agency::Agency;
use madang_document::entry::Draft;
use madang_document::extent::Extent;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::entry::draft;
use crate::jsonld::{Ko, concept, license_node};
use crate::license::License;

/// What is declared of a drop folder: the legal unit of registration, from which its assets inherit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The pipeline's name: ASCII letters, digits and hyphens.
    pub pipeline: String,
    /// The agency that provides the data (제공기관코드).
    pub agency: Agency,
    /// The agency's name (제공기관); the code stands for it where none is declared.
    pub agency_name: Option<String>,
    /// 데이터명.
    pub title: String,
    /// 설명.
    pub description: Option<String>,
    /// 관리부서명.
    pub department: Option<String>,
    /// 관리부서 전화번호.
    pub telephone: Option<String>,
    /// 분류체계(BRM) code, never inferred.
    pub brm: Option<String>,
    /// 키워드.
    pub keywords: Vec<String>,
    /// 보유근거.
    pub hold_basis: Option<String>,
    /// 수집방법.
    pub collect_method: Option<String>,
    /// 이용허락범위.
    pub license: License,
    /// 공개, 부분공개, 비공개 (정보공개법 제9조).
    pub disclosure: Disclosure,
    /// 공동활용, 기관내부, 공개.
    pub share: Share,
    /// 등급 (N2SF).
    pub grade: Grade,
    /// What the law has to say of it in particular.
    pub material: Option<Material>,
}

/// What a folder holds, where a law looks at that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Material {
    /// Recordings of cameras that stand in one place (고정형 영상정보처리기기): they may record no sound (개인정보 보호법
    /// 제25조제5항).
    FixedCctv,
}

/// Disclosure grade (정보공개법 제9조), the widest first. Not the same as sharing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disclosure {
    /// 공개.
    Public,
    /// 부분공개.
    Partial,
    /// 비공개.
    #[default]
    Closed,
}

/// Who may use it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// 공동활용: other institutions.
    Joint,
    /// 기관내부: this institution.
    #[default]
    Internal,
    /// 공개: everybody.
    Public,
}

/// The grade of a system's information in the national network security framework (N2SF). It is recorded; who sees
/// what is the matter of keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grade {
    /// 기밀: cleared people of the agency.
    #[serde(rename = "C")]
    Classified,
    /// 민감: the agency.
    #[default]
    #[serde(rename = "S")]
    Sensitive,
    /// 공개: as `share` says.
    #[serde(rename = "O")]
    Open,
}

impl Series {
    /// What is declared of one asset, of which its owner claims this: a claim narrows what the declaration allows, and
    /// never widens it. What is no word of ours allows nothing, and of several claims
    /// the narrowest counts.
    #[must_use]
    pub fn narrowed<'a>(
        &self,
        licenses: impl Iterator<Item = &'a str>,
        disclosures: impl Iterator<Item = &'a str>,
    ) -> Series {
        let claimed = licenses.map(|text| License::parse(text).unwrap_or_default());
        let disclosed = disclosures.map(|text| match text {
            "public" => Disclosure::Public,
            "partial" => Disclosure::Partial,
            _ => Disclosure::Closed,
        });
        Series {
            license: claimed.fold(self.license, License::narrowed),
            disclosure: disclosed.fold(self.disclosure, Disclosure::max),
            ..self.clone()
        }
    }

    /// The id of the series' entry.
    pub fn id(&self) -> String {
        format!("series-{}", self.pipeline)
    }

    /// The compact IRI of the series.
    pub fn iri(&self) -> String {
        format!("reg:series/{}", self.pipeline)
    }
}

/// The entry of a drop folder. An empty folder is no valid series (DCAT-AP 3 wants at least one member):
/// publish it once there is an asset.
pub fn entry(series: &Series, extent: &Extent) -> Draft {
    let mut node = common(series);
    let mut set = |name: &str, value: Value| {
        node.insert(name.to_owned(), value);
    };
    set("@id", json!(series.iri()));
    set("@type", json!(["dcat:DatasetSeries", "dcat:Dataset", "dcat:Resource"]));
    set("dct:title", Ko(&series.title).into());
    let description = match &series.description {
        Some(text) => text.clone(),
        None => format!("{} 수집 폴더", series.title),
    };
    set("dct:description", Ko(&description).into());
    set("dct:identifier", json!(series.id()));
    set("krd:objectCount", json!(extent.objects));
    set("krd:byteSize", json!(extent.bytes.to_string()));
    let media_types: Vec<Value> = extent
        .media_types
        .iter()
        .map(|(name, objects)| json!({"krd:mediaType": name, "krd:objectCount": objects}))
        .collect();
    if !media_types.is_empty() {
        set("krd:mediaTypes", Value::Array(media_types));
    }
    set("dct:license", license_node(series.license));
    draft(series.id(), None, series.agency.clone(), &Value::Object(node))
}

/// What an asset inherits from its series and the series says of itself.
pub(crate) fn common(series: &Series) -> serde_json::Map<String, Value> {
    let mut node = serde_json::Map::new();
    let mut set = |name: &str, value: Value| {
        node.insert(name.to_owned(), value);
    };
    let name = series.agency_name.as_deref().unwrap_or(series.agency.as_str());
    set(
        "dct:publisher",
        json!({
            "@id": format!("reg:org/{}", series.agency),
            "@type": "foaf:Agent",
            "foaf:name": Value::from(Ko(name)),
            "dct:identifier": series.agency.as_str(),
        }),
    );
    if series.department.is_some() || series.telephone.is_some() {
        let mut contact = json!({
            "@type": ["vcard:Organization", "vcard:Kind"],
            "vcard:fn": Value::from(Ko(series.department.as_deref().unwrap_or(name))),
        });
        if let (Some(telephone), Some(contact)) = (&series.telephone, contact.as_object_mut()) {
            let digits: String =
                telephone.chars().filter(|c| c.is_ascii_digit() || "+-".contains(*c)).collect();
            contact.insert("vcard:hasTelephone".into(), json!({"@id": format!("tel:{digits}")}));
        }
        set("dcat:contactPoint", contact);
    }
    let (code, label) = match series.disclosure {
        Disclosure::Public => ("public", "공개"),
        Disclosure::Partial => ("part", "부분공개"),
        Disclosure::Closed => ("closed", "비공개"),
    };
    let mut rights = concept(&format!("reg:code/access/{code}"), label);
    if let Some(rights) = rights.as_object_mut() {
        rights.insert("@type".into(), json!(["dct:RightsStatement", "skos:Concept"]));
    }
    set("dct:accessRights", rights);
    if let Some(brm) = &series.brm {
        set("dcat:theme", concept(&format!("reg:code/brm/{}", iri_part(brm)), brm));
    }
    if !series.keywords.is_empty() {
        let keywords: Vec<Value> = series.keywords.iter().map(|word| Ko(word).into()).collect();
        set("dcat:keyword", Value::Array(keywords));
    }
    if let Some(basis) = &series.hold_basis {
        set("krd:holdingBasis", Ko(basis).into());
    }
    if let Some(method) = &series.collect_method {
        set("krd:collectionMethod", Ko(method).into());
    }
    let share = match series.share {
        Share::Joint => "공동활용",
        Share::Internal => "기관내부",
        Share::Public => "공개",
    };
    set("krd:shareScope", json!(share));
    let grade = match series.grade {
        Grade::Classified => "C",
        Grade::Sensitive => "S",
        Grade::Open => "O",
    };
    set("krd:securityGrade", json!(grade));
    node
}

/// Keeps what may stand in the path of an IRI (RFC 3987 `iunreserved`, ASCII part) and escapes the rest.
pub(crate) fn iri_part(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
