//! What lies beside the text in documents of 한글: pictures, and objects of other programs (OLE) with their charts.

use std::io::Read;

use madang_document::content::{Content, Member};
use madang_document::outcome::Outcome;
use madang_document::reason_kind::ReasonKind;

use super::hangul_chart::chart_text;
use super::ole_object;
use crate::compound_file::{CompoundFile, SIGNATURE};
use crate::context::Context;
use crate::unpack::{End, Unpacked, damaged_after, leave_member, take_member, unpack};

/// How pictures and objects start that documents hold.
const KINDS: [&[u8]; 8] = [
    b"\x89PNG",
    b"\xFF\xD8\xFF",
    b"GIF8",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"\xD7\xCD\xC6\x9A",
    b"PK\x03\x04",
];

/// The stream of an object that holds its chart as XML.
const CHART: &str = "OOXMLChartContents";

/// Whether bytes start as a picture or another file does.
pub(super) fn is_known(bytes: &[u8]) -> bool {
    bytes.starts_with(&SIGNATURE) || KINDS.iter().any(|kind| bytes.starts_with(kind))
}

/// Whether a part of this name is an object of another program rather than a file as it is.
pub(super) fn is_object(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("ole"))
}

/// The words of the chart that an object is; none if it is none.
pub(super) fn chart(
    object: &[u8],
    part: &str,
    context: &Context<'_>,
    content: &mut Content,
) -> Option<String> {
    let object = compound(object).to_vec();
    let file = CompoundFile::open(&object).ok()?;
    let xml = file.root_stream(CHART, context.limits.text)?;
    Some(chart_text(&String::from_utf8_lossy(&xml), part, content))
}

/// Opens an embedded file as the member `path`. Gives whether the next may be opened.
pub(super) fn open_member(
    reader: impl Read,
    path: &str,
    declared: Option<u64>,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    if !is_object(path) {
        return take_member(reader, path, declared, context, content);
    }
    let Unpacked { bytes, end } = unpack(reader, context.limits.member, context);
    match end {
        End::Whole => {}
        End::Damaged(what) => {
            content.lost(damaged_after(path, bytes.len()).because(what));
        }
        End::TooLarge => {
            let reason = ReasonKind::Larger(context.limits.member).into();
            return leave_member(path, declared, Outcome::Limit, reason, context, content);
        }
        End::Spent(limit) => {
            content.cut(limit);
            return false;
        }
    }
    open_object(path, compound(&bytes).to_vec(), context, content);
    context.may_open_member().is_ok()
}

/// An object without the size that 한글 writes in front of its compound file.
fn compound(object: &[u8]) -> &[u8] {
    object.get(4..).filter(|rest| rest.starts_with(&SIGNATURE)).unwrap_or(object)
}

fn open_object(path: &str, object: Vec<u8>, context: &Context<'_>, content: &mut Content) {
    let size = Some(object.len() as u64);
    if let Ok(file) = CompoundFile::open(&object) {
        if file.root_stream(CHART, 1).is_some() {
            // Its words stand in the text, where the chart does.
            content.members.push(Member { path: path.to_owned(), size, outcome: None, told: None });
            return;
        }
        // Paintbrush and its like put the bare file behind its size.
        let native = file.root_stream("\u{1}Ole10Native", context.limits.member);
        let picture = native.as_deref().and_then(|native| native.get(4..)).filter(|b| is_known(b));
        if let Some(picture) = picture {
            let path = format!(
                "{path}/{}",
                if picture.starts_with(b"BM") { "object.bmp" } else { "object" }
            );
            ole_object::open_file(&path, picture.to_vec(), context, content);
            return;
        }
    }
    ole_object::open_file(path, object, context, content);
}
