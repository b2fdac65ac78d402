use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::fault::odd;
use crate::error::Result;

/// What texts begin with that are kept plain, and those that are deflated with [`DICTIONARY`]. A text is kept in
/// the form that is shorter.
const PLAIN: u8 = 0;
const FIRST: u8 = 1;
/// Deflated with the part of the dictionary that is about documents: it is read in for each text anew, and of a
/// document that cost more than the text itself.
const DOCUMENT: u8 = 2;

/// What entries and documents have in common: the keys and phrases of the profile krd-ap/1.0 in canonical form, and
/// the names of a document's properties, the commonest last. Rows hold nothing but what differs from it: an entry of
/// three kilobytes is left with some three hundred bytes.
///
/// It is written into every file: it never changes. A better one gets a number of its own beside this one.
const DICTIONARY: &str = concat!(
    r#"{"characters":,"language":"en","members":[{"path":"","size":,"outcome":"#,
    r#""unsupported","encrypted","corrupt","partial","empty","reason":"","warnings":[{"kind":"","message":""#,
    r#""metadata":{"title":"","author":"","created":"20","modified":"20","pages":,"keywords":"","description":"#,
    r#""application":"","encoding":"UTF-8","width":,"height":,"taken_at":"20","preview":""#,
    r#"{"characters":1,"language":"ko","segments":1,"sha256":"","size":1,"text":""}"#,
    r#"application/vnd.openxmlformats-officedocument.wordprocessingml.document"#,
    r#"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet application/vnd.hancom.hwpx"#,
    r#"application/x-hwp application/vnd.hancom.hwp application/zip image/png message/rfc822 text/csv text/html"#,
    r#""dcat:contactPoint":{"@type":["vcard:Organization","vcard:Kind"],"vcard:fn":{"@language":"ko","@value":""#,
    r#""vcard:hasTelephone":{"@id":"tel:"#,
    r#""dcat:keyword":[{"@language":"ko","@value":""#,
    r#""dcat:theme":{"@id":"reg:code/brm/","@type":"skos:Concept","skos:prefLabel":{"@language":"ko","@value":""#,
    r#""dct:isPartOf":{"@id":"reg:asset/"#,
    r#""dct:temporal":{"@type":"dct:PeriodOfTime","dcat:startDate":{"@type":"xsd:date","@value":"20"#,
    r#""krd:derivedFrom":"metadata""krd:collectionMethod":{"@language":"ko","@value":""#,
    r#""krd:holdingBasis":{"@language":"ko","@value":""krd:pageCount":,"krd:width":,"krd:height":,"krd:extractReason":""#,
    r#"https://www.kogl.or.kr/info/licenseType1.do","dct:type":{"@id":"http://purl.org/adms/licencetype/Attribution"#,
    r#"공공누리 제1유형: 출처표시"미리보기 그림"미리보기"/dist/preview"/preview","@type":"rdfs:Resource"image/jpeg"#,
    r#""부분공개"part"closed"비공개"문서"그림"동영상"소리"보관 파일"표"{"@id":"reg:asset/","#,
    r#""@type":["dcat:Dataset","dcat:Resource"],"dcat:distribution":[{"@id":"reg:asset/"#,
    r#"/dist/original","@type":"dcat:Distribution","dcat:accessURL":{"@id":"api:documents/"#,
    r#"/original","@type":"rdfs:Resource"},"dcat:byteSize":{"@type":"xsd:nonNegativeInteger","@value":"1"},"#,
    r#""dcat:mediaType":{"@id":"https://www.iana.org/assignments/media-types/application/pdf","@type":"dct:MediaType"},"#,
    r#""dcatap:availability":{"@id":"http://publications.europa.eu/resource/authority/planned-availability/STABLE","#,
    r#""@type":"skos:Concept","skos:prefLabel":{"@language":"en","@value":"stable"}},"dct:description":{"@language":"#,
    r#""ko","@value":"원본 파일"},"dct:license":{"@id":"reg:code/license/none","@type":"dct:LicenseDocument","dct:type":{"#,
    r#""@id":"http://purl.org/adms/licencetype/UnknownIPR","@type":"skos:Concept","skos:prefLabel":{"@language":"ko","@value":"#,
    r#""이용허락 미정"}},"rdfs:label":{"@language":"ko","@value":"이용허락 미정"}},"dct:title":{"@language":"ko","@value":"#,
    r#""원본"},"spdx:checksum":{"@type":"spdx:Checksum","spdx:algorithm":{"@id":"http://spdx.org/rdf/terms#"#,
    r#"checksumAlgorithm_sha256","@type":"spdx:ChecksumAlgorithm"},"spdx:checksumValue":{"@type":"xsd:hexBinary","@value":""#,
    r#"}}},{"@id":"reg:asset//dist/text","@type":"dcat:Distribution","dcat:accessURL":{"@id":"api:documents//text","@type":"#,
    r#""rdfs:Resource"},"dcat:mediaType":{"@id":"https://www.iana.org/assignments/media-types/application/json","@type":"#,
    r#""dct:MediaType"},"dct:description":{"@language":"ko","@value":"추출 텍스트(UTF-8)"},"dct:title":{"@language":"ko","@value":"#,
    r#""추출 텍스트"}}],"dcat:inSeries":{"@id":"reg:series/"},"dct:accessRights":{"@id":"reg:code/access/public","@type":["#,
    r#""dct:RightsStatement","skos:Concept"],"skos:prefLabel":{"@language":"ko","@value":"공개"}},"dct:description":{"#,
    r#""@language":"ko","@value":"의 문서 ()"},"dct:identifier":"","dct:language":{"@id":"http://publications.europa.eu/resource/"#,
    r#"authority/language/KOR","@type":"dct:LinguisticSystem"},"dct:publisher":{"@id":"reg:org/","@type":"foaf:Agent","#,
    r#""dct:identifier":"","foaf:name":{"@language":"ko","@value":""}},"dct:title":{"@language":"ko","@value":""},"#,
    r#""krd:assetKind":"document","krd:charCount":1,"krd:extractStatus":"OK","krd:piiState":"UNSCANNED","krd:shareScope":"#,
    r#""공동활용 기관내부","krd:sourceObject":{"krd:key":"","krd:store":""},"prov:wasGeneratedBy":{"@type":"prov:Activity","#,
    r#""krd:format":"text","krd:formatVersion":1,"krd:tool":"madang"}}"#,
);

/// How long the part of [`DICTIONARY`] is that is about documents.
const OF_DOCUMENTS: usize = 700;

/// What a text is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Document,
    Entry,
}

impl Kind {
    fn form(self) -> u8 {
        match self {
            Kind::Document => DOCUMENT,
            Kind::Entry => FIRST,
        }
    }
}

/// The dictionary of a form of deflated texts.
fn dictionary(form: u8) -> Option<&'static [u8]> {
    match form {
        FIRST => Some(DICTIONARY.as_bytes()),
        DOCUMENT => DICTIONARY.as_bytes().get(..OF_DOCUMENTS),
        _ => None,
    }
}

/// The longest text that is unpacked: far above any that is written, so that a damaged length asks for no more.
const LONGEST: usize = 256 << 20;

thread_local! {
    // A compressor is a few hundred kilobytes; it is made once for each thread and set back for each text.
    static DEFLATE: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(6), false));
}

/// A text as it is stored.
pub(super) fn pack(kind: Kind, text: &str) -> Vec<u8> {
    let mut packed = Vec::with_capacity(text.len() / 2 + 128);
    let form = kind.form();
    packed.push(form);
    let done = DEFLATE.with_borrow_mut(|deflate| {
        deflate.reset();
        dictionary(form).is_some_and(|words| deflate.set_dictionary(words).is_ok())
            && matches!(
                deflate.compress_vec(text.as_bytes(), &mut packed, FlushCompress::Finish),
                Ok(Status::StreamEnd)
            )
    });
    // Whatever does not become shorter in the room that is there, is kept as it is.
    if done && packed.len() <= text.len() {
        return packed;
    }
    let mut plain = Vec::with_capacity(text.len() + 1);
    plain.push(PLAIN);
    plain.extend_from_slice(text.as_bytes());
    plain
}

/// A text as it was packed.
pub(super) fn unpack(packed: &[u8]) -> Result<String> {
    let text = match packed.split_first() {
        Some((&PLAIN, text)) => text.to_vec(),
        Some((form, rest)) => {
            let words = dictionary(*form)
                .ok_or_else(|| odd("a text", format!("a form ({form}) of a newer Madang")))?;
            inflate(words, rest).ok_or_else(|| odd("a text", "no deflated bytes"))?
        }
        None => return Err(odd("a text", "nothing")),
    };
    String::from_utf8(text).map_err(|e| odd("a text", e))
}

fn inflate(dictionary: &[u8], packed: &[u8]) -> Option<Vec<u8>> {
    let mut inflate = Decompress::new(false);
    inflate.set_dictionary(dictionary).ok()?;
    let mut text = Vec::with_capacity((packed.len() * 8).max(4096));
    let mut rest = packed;
    loop {
        let before = inflate.total_in();
        let status = inflate.decompress_vec(rest, &mut text, FlushDecompress::Finish).ok();
        let read = usize::try_from(inflate.total_in() - before).ok()?;
        rest = rest.get(read..)?;
        match status {
            Some(Status::StreamEnd) => return Some(text),
            Some(Status::Ok | Status::BufError) if text.capacity() < LONGEST => {
                if text.len() < text.capacity() {
                    return None;
                }
                text.reserve(text.capacity());
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_reads_back() {
        let noise: String = (0..20_000u32)
            .map(|n| char::from_u32(0xac00 + n.wrapping_mul(2_654_435_761) % 11_172).unwrap())
            .collect();
        for text in ["", "a", "가", DICTIONARY, &"한글 ".repeat(100_000), &noise] {
            for kind in [Kind::Document, Kind::Entry] {
                let packed = pack(kind, text);
                assert_eq!(unpack(&packed).unwrap(), text);
                assert!(packed.len() <= text.len() + 1);
            }
        }
    }

    #[test]
    fn an_entry_is_left_with_what_is_its_own() {
        let entry = DICTIONARY.replace("\"\"", "\"0123456789abcdef\"");
        assert!(pack(Kind::Entry, &entry).len() * 8 < entry.len());
    }

    #[test]
    fn the_part_of_documents_ends_with_a_word() {
        let words = str::from_utf8(dictionary(DOCUMENT).unwrap()).unwrap();
        assert!(words.ends_with("text/csv text/html"), "{words}");
    }

    /// The form in which documents were kept before they had one of their own.
    #[test]
    fn a_document_of_the_first_form_reads_back() {
        let text = r#"{"characters":10,"language":"ko","segments":1,"size":1000}"#;
        let (former, packed) = (pack(Kind::Entry, text), pack(Kind::Document, text));
        assert_eq!((former[0], packed[0]), (FIRST, DOCUMENT));
        assert_eq!(unpack(&former).unwrap(), unpack(&packed).unwrap());
    }

    #[test]
    fn what_is_damaged_is_said() {
        let packed = pack(Kind::Entry, &"보도자료 ".repeat(200));
        for broken in [&[][..], &[9, 1, 2], &packed[..packed.len() / 2], &[FIRST, 0xff, 0xff]] {
            assert!(unpack(broken).is_err(), "{broken:?}");
        }
    }
}
