//! The properties of Word, Excel and PowerPoint files.

use madang_document::content::Content;
use madang_document::metadata;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::markup::{Markup, Node};
use super::office_property::{OWN_MOST, add_subject, set_own_property, set_property};
use super::package::Package;
use super::xstring::xstring;

/// Reads the core and the application properties (ECMA-376 part 2, section 8; part 1, section 22.2).
pub(super) fn properties(package: &mut Package<'_>, content: &mut Content) {
    let mut subject = String::new();
    for part in ["docProps/core.xml", "docProps/app.xml"] {
        let Some(text) = package.text(part, content) else { continue };
        let mut markup = Markup::new(&text);
        let mut version = None;
        while let Some(node) = markup.next() {
            let Node::Start(tag) = node else { continue };
            let name = match tag.name() {
                "title" => metadata::TITLE,
                "description" => metadata::DESCRIPTION,
                "subject" => {
                    subject = markup.text();
                    continue;
                }
                "keywords" => metadata::KEYWORDS,
                "creator" => metadata::AUTHOR,
                "lastModifiedBy" => metadata::LAST_SAVED_BY,
                "created" => metadata::CREATED,
                "modified" => metadata::MODIFIED,
                "Application" => metadata::PRODUCER,
                "AppVersion" => {
                    version = Some(markup.text());
                    continue;
                }
                "Pages" => metadata::PAGES,
                _ => continue,
            };
            set_property(content, part, name, &markup.text());
        }
        if let (Some(version), Some(producer)) =
            (version, content.metadata.text(metadata::PRODUCER).map(str::to_owned))
        {
            let producer = format!("{producer} {}", version.trim());
            content.metadata.at(part).set(metadata::PRODUCER, producer);
        }
        markup.report(part, content);
    }
    add_subject(content, "docProps/core.xml", &subject);
    own_properties(package, content);
}

/// The properties that the author named himself (part 1, section 22.3), as `office.NAME`: document management
/// systems keep the number of the document there.
fn own_properties(package: &mut Package<'_>, content: &mut Content) {
    const PART: &str = "docProps/custom.xml";
    let Some(text) = package.text(PART, content) else { return };
    let mut markup = Markup::new(&text);
    let mut count = 0;
    while let Some(node) = markup.next() {
        let Node::Start(tag) = node else { continue };
        let Some(name) = tag.attribute("name").filter(|_| tag.name() == "property") else {
            continue;
        };
        count += 1;
        if count > OWN_MOST {
            let (first, unit) = (OWN_MOST as u64, Unit::Properties);
            content.note(ReasonKind::OnlyFirst { first, of: None, unit }.within(PART));
            break;
        }
        let value = markup.text();
        set_own_property(content, PART, &name, &xstring(value.trim()));
    }
    markup.report(PART, content);
}
