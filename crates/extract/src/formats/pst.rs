//! Folders of Outlook (MS-PST): a file of messages in folders, which become documents of their own.

use std::collections::BTreeMap;

use madang_document::content::Content;
use madang_document::metadata::TITLE;
use madang_document::outcome::Outcome;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;

use self::database::{Database, Node};
use self::message::{Names, message_file, text};
use self::object::properties;
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::unpack::{leave_member, take_member};

mod cipher;
mod database;
mod heap;
mod message;
mod object;

pub(super) const FORMAT: Format = Format {
    name: "pst",
    version: 3,
    media_types: &["application/vnd.ms-outlook-pst"],
    // `SM` in what a person keeps, `SO` in what Outlook keeps of a server.
    sniff: |probe| {
        let is_one =
            probe.starts_with(b"!BDN") && (probe.has_at(8, b"SM") || probe.has_at(8, b"SO"));
        if is_one { Match::Magic } else { Match::No }
    },
    media_type: |_| "application/vnd.ms-outlook-pst",
    extract,
};

/// Nodes with a number of their own, and kinds of nodes (MS-PST, section 2.4.1 and 2.2.2.1).
const STORE: u32 = 0x21;
const NAMES: u32 = 0x61;
const FOLDER: u32 = 0x02;
const MESSAGE: u32 = 0x04;
const DISPLAY_NAME: u16 = 0x3001;
/// PidTagIpmSubTreeEntryId: the folder above all that a person sees.
const SUBTREE: u16 = 0x35E0;
/// Folders in folders.
const DEEPEST: usize = 64;

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let database = Database::open(blob, context)?;
    let nodes = database.all_nodes()?;
    let of = |id: u32| nodes.iter().find(|node| node.id == id);
    let read = |node: &Node| {
        let inside = database.inner_nodes(node.inside)?;
        properties(&database, node.data, &inside)
    };
    let mut content = Content::default();
    let store = of(STORE).map(read).transpose().unwrap_or_default().unwrap_or_default();
    let title = store.iter().find(|property| property.id == DISPLAY_NAME).and_then(text);
    content.metadata.at("message store").set_some(TITLE, title.filter(|title| !title.is_empty()));
    // An entry id ends with the number of the node.
    let subtree = store.iter().find(|property| property.id == SUBTREE);
    let subtree = subtree.and_then(|entry| entry.bytes.get(20..)?.first_chunk::<4>().copied());
    let names = of(NAMES).map(read).transpose().unwrap_or_default().unwrap_or_default();
    let names = Names::of(names);
    let mut folders = Folders::default();
    for node in nodes.iter().filter(|node| node.kind() == FOLDER) {
        let name = match read(node) {
            Ok(own) => own.iter().find(|property| property.id == DISPLAY_NAME).and_then(text),
            Err(error @ ExtractError::Limit(_)) => return Err(error),
            Err(_) => None,
        };
        let is_shown = subtree.map(u32::from_le_bytes) != Some(node.id);
        folders.all.insert(node.id, (node.parent, name.filter(|_| is_shown)));
    }

    if database.is_cut.replace(false) {
        content.lost(ReasonKind::Damaged.of(Noun::AnyPart).within(Noun::FolderList));
    }
    let mut paths = MemberPaths::default();
    for node in nodes.iter().filter(|node| node.kind() == MESSAGE) {
        if let Err(limit) = context.may_open_member() {
            content.cut(limit);
            break;
        }
        let folder = folders.path(node.parent);
        let most = context.member_left();
        let path = |subject: Option<String>| {
            let name = subject.unwrap_or_else(|| format!("message-{}", node.id >> 5));
            let name = name.replace(['/', '\\'], "-");
            format!("{folder}{}.msg", name.trim())
        };
        let goes_on = match message_file(&database, &names, node, most) {
            Ok((bytes, subject)) => {
                let path = paths.take(&path(subject));
                if database.is_cut.replace(false) {
                    content.lost(
                        ReasonKind::Damaged
                            .of(Noun::AnyPart)
                            .within(Part::Member(path.as_str().into())),
                    );
                }
                take_member(bytes.as_slice(), &path, None, context, &mut content)
            }
            Err(error @ ExtractError::Limit(_)) if context.unpacked_left() == 0 => {
                content.cut(error);
                false
            }
            Err(error) => {
                let outcome = match error {
                    ExtractError::Limit(_) => Outcome::Limit,
                    _ => Outcome::Corrupt,
                };
                let path = paths.take(&path(None));
                leave_member(&path, None, outcome, error.into_reason(), context, &mut content)
            }
        };
        if !goes_on {
            break;
        }
    }
    Ok(content)
}

/// The folders of a file: in which folder each lies, and what it is called.
#[derive(Debug, Default)]
struct Folders {
    all: BTreeMap<u32, (u32, Option<String>)>,
}

impl Folders {
    /// The way to what lies in a folder, with `/` behind each name.
    fn path(&self, folder: u32) -> String {
        let mut names = Vec::new();
        let mut next = folder;
        for _ in 0..DEEPEST {
            let Some((parent, name)) = self.all.get(&next) else { break };
            names.extend(name.as_ref().filter(|name| !name.trim().is_empty()));
            if *parent == next {
                break;
            }
            next = *parent;
        }
        names.iter().rev().map(|name| format!("{}/", name.replace(['/', '\\'], "-"))).collect()
    }
}
