use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use flate2::read::DeflateDecoder;
use madang_document::content::Content;
use madang_document::part::Part;
use madang_document::reason_kind::ReasonKind;
use mail_parser::decoders::base64::base64_decode;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::context::Context;
use crate::formats::hangul_object;
use crate::formats::hwpx::package::attribute;
use crate::formats::utf8_stream::Utf8Stream;
use crate::member_path::MemberPaths;

/// Opens the embedded files, which stand behind the body as text. `extensions` are those of their names, by their numbers.
pub(super) fn open(
    stream: impl Read,
    extensions: &BTreeMap<String, String>,
    content: &mut Content,
    context: &Context<'_>,
) {
    let mut reader = Reader::from_reader(BufReader::new(Utf8Stream::new(stream)));
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let most = usize::try_from(context.limits.member).unwrap_or(usize::MAX);
    let mut paths = MemberPaths::default();
    let mut buffer = Vec::new();
    let mut file: Option<(String, bool, String)> = None;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            // The reader of the body has said what is damaged.
            Err(_) | Ok(Event::Eof) => return,
            Ok(Event::Start(e)) if e.local_name().as_ref() == "BINDATA" => {
                let id = attribute(&e, "Id").unwrap_or_default();
                let extension =
                    extensions.get(id.as_ref()).filter(|extension| !extension.is_empty());
                let name = match extension {
                    Some(extension) => format!("BinData/{id}.{extension}"),
                    None => format!("BinData/{id}"),
                };
                let is_packed = attribute(&e, "Compress").is_some_and(|value| value == "true");
                file = Some((name, is_packed, String::new()));
            }
            Ok(Event::Text(piece)) => {
                if let Some((.., text)) = &mut file
                    && text.len() < most
                {
                    text.push_str(&piece.xml10_content());
                }
            }
            Ok(Event::End(e)) if e.local_name().as_ref() == "BINDATA" => {
                let Some((name, is_packed, text)) = file.take() else { continue };
                let path = paths.take(&name);
                let Some(bytes) = base64_decode(text.as_bytes()) else {
                    content.lost(ReasonKind::NotDecoded.within(Part::Member(path.as_str().into())));
                    continue;
                };
                let goes_on = match is_packed && !hangul_object::is_known(&bytes) {
                    true => {
                        let reader = DeflateDecoder::new(bytes.as_slice());
                        hangul_object::open_member(reader, &path, None, context, content)
                    }
                    false => {
                        let size = Some(bytes.len() as u64);
                        hangul_object::open_member(bytes.as_slice(), &path, size, context, content)
                    }
                };
                if !goes_on {
                    return;
                }
            }
            Ok(_) => {}
        }
    }
}
