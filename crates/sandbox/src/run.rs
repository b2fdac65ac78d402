//! One run, on the parent's side: an order, a child, and what the end of it means.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use madang_document::blob_id::BlobId;
use madang_document::content::{Content, Preview, Segment};
use madang_document::inner_path::InnerPath;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;
use madang_extract::recall::Recall;
use madang_extract::sidecar::Sidecar;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::awake::readable_within;
use crate::caps;
use crate::input::Input;
use crate::kit::Kit;
use crate::launch::{self, Launch, Report};
use crate::limits::ChildLimits;
use crate::request::{Pace, Request};
use crate::run_report::RunReport;
use crate::sealed_file::SealedFile;
use crate::supervision::{Delivered, Newborn, Supervision};
use crate::watch::Watch;
use crate::zygote::{PATIENCE, Zygote, dead_zygote};

/// Why a run gave nothing, not even how its child died.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No child was born: nothing of the object was looked at, so it is no fault of its.
    #[error("no reader can be started: {0}")]
    Unborn(#[source] io::Error),
    /// The zygote died meanwhile, or the object's store did not give a range.
    #[error("{0}")]
    BrokenOff(#[from] io::Error),
}

/// Runs one extraction in a fresh child and blocks until the child is reaped. Hands each document to `keep`
/// as soon as it arrives, members before the object itself. When the child died, a document of the object
/// itself with that outcome (crashed, timeout, memory) is handed to `keep` all the same. `None` when the run
/// was called off.
///
/// # Errors
/// [`RunError`]: nothing is known about the object then, and the run is worth repeating. Members that were kept
/// before must be forgotten.
pub fn run(
    zygote: &Zygote,
    request: &Request<'_>,
    input: Input,
    watch: &Watch,
    keep: &mut dyn FnMut(Extraction),
) -> Result<Option<RunReport>, RunError> {
    let launch = launch_of(request, &input, None);
    launched(zygote, request, &launch, input, watch, (keep, &mut |_, _| {}))
}

/// As [`run`], of an object in which engines made something out before: `recall` is what is remembered of that, and `remember`
/// is handed what they make out now.
///
/// # Errors
/// As [`run`].
pub fn run_again(
    zygote: &Zygote,
    request: &Request<'_>,
    (input, recall): (Input, &Recall),
    watch: &Watch,
    keep: &mut dyn FnMut(Extraction),
    remember: &mut dyn FnMut(BlobId, Vec<Segment>),
) -> Result<Option<RunReport>, RunError> {
    let mut launch = launch_of(request, &input, None);
    launch.order.recall = Some(recall.clone());
    launched(zygote, request, &launch, input, watch, (keep, remember))
}

/// Has a preview made of the likeness that an object stores of itself, in a fresh child, and blocks until the child is
/// reaped. None if there is nothing to see on it, or if it cannot be decoded, of which the child may have died; none, too,
/// of a run that was called off.
///
/// # Errors
/// As [`run`].
pub fn likeness(
    zygote: &Zygote,
    request: &Request<'_>,
    input: Input,
    watch: &Watch,
) -> Result<Option<Preview>, RunError> {
    let mut launch = launch_of(request, &input, None);
    launch.order.likeness = true;
    let mut made = None;
    let mut keep = |extraction: Extraction| {
        if extraction.member.is_none() {
            made = extraction.content.previews.into_iter().next();
        }
    };
    launched(zygote, request, &launch, input, watch, (&mut keep, &mut |_, _| {}))?;
    Ok(made)
}

/// A page of an object as somebody looks at it.
#[derive(Debug)]
pub struct PagePicture {
    /// What is seen; the bounds of its place are how large the page is, where that is known.
    pub picture: Preview,
    /// Its words and where they stand; none where the picture is all that there is.
    pub words: Vec<Segment>,
}

/// Has a picture made of a page of an object, counted from 1, with at most so many pixels on its longer side. Otherwise as
/// [`likeness`]; none, too, if there is no such page, or of a format that has no pages to look at.
///
/// # Errors
/// As [`run`].
pub fn page_picture(
    zygote: &Zygote,
    request: &Request<'_>,
    (number, side): (u32, u32),
    input: Input,
    watch: &Watch,
) -> Result<Option<PagePicture>, RunError> {
    let mut limits = request.limits.clone();
    limits.extract.preview = side;
    let request = Request { limits: &limits, ..*request };
    let mut launch = launch_of(&request, &input, None);
    launch.order.page_picture = Some(number);
    let mut made = None;
    let mut keep = |extraction: Extraction| {
        if extraction.member.is_none() {
            let Content { previews, segments: words, .. } = extraction.content;
            made = previews.into_iter().next().map(|picture| PagePicture { picture, words });
        }
    };
    launched(zygote, &request, &launch, input, watch, (&mut keep, &mut |_, _| {}))?;
    Ok(made)
}

/// Who takes documents, and what is to be remembered.
type Takers<'a> = (&'a mut dyn FnMut(Extraction), &'a mut dyn FnMut(BlobId, Vec<Segment>));

/// Runs a child, and another one with the larger kit if it wants that.
fn launched(
    zygote: &Zygote,
    request: &Request<'_>,
    launch: &Launch,
    mut input: Input,
    watch: &Watch,
    (keep, remember): Takers<'_>,
) -> Result<Option<RunReport>, RunError> {
    let limits = &limits_of(request);
    let beside = beside(request, launch.order.recall.as_ref()).map_err(RunError::Unborn)?;
    let ordered = Instant::now();
    // Members that the first child has delivered before it met one that needs more.
    let mut kept: HashSet<InnerPath> = HashSet::new();
    let mut supervision = Supervision::new(
        born(zygote, Kit::Lean, launch, (&input, beside.as_ref()))?,
        limits,
        launch,
        ordered,
    );
    supervision.watch(
        (zygote, Kit::Lean),
        &mut input,
        watch,
        &mut |delivered| match delivered {
            Delivered::Document(extraction) => {
                kept.extend(extraction.member.clone());
                keep(*extraction);
            }
            Delivered::Recognised(key, segments) => remember(key, segments),
            Delivered::Bytes(_) => {}
        },
    )?;
    if !supervision.is_wanting() {
        return Ok(supervision.verdict(keep)?);
    }
    let (before, fetched) = (supervision.usage(), supervision.fetched());
    drop(supervision);
    let newborn = born(zygote, Kit::Full, launch, (&input, beside.as_ref()))?;
    let mut supervision = Supervision::new(newborn, limits, launch, ordered);
    supervision.watch(
        (zygote, Kit::Full),
        &mut input,
        watch,
        &mut |delivered| match delivered {
            // The same bytes give the same members.
            Delivered::Document(extraction)
                if !extraction.member.as_ref().is_some_and(|member| kept.contains(member)) =>
            {
                keep(*extraction);
            }
            Delivered::Recognised(key, segments) => remember(key, segments),
            Delivered::Document(_) | Delivered::Bytes(_) => {}
        },
    )?;
    let report = supervision.verdict(keep)?;
    Ok(report.map(|report| RunReport {
        usage: before.with(report.usage),
        fetched: report.fetched.map(|bytes| bytes.saturating_add(fetched)),
        ..report
    }))
}

/// How the unpacking of a member ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unpacking {
    /// All of its bytes were handed to `take`.
    Whole,
    /// It cannot be had: the object cannot be opened so far, or holds no such member. What was taken before is void.
    Failed(Reason),
    /// Nobody wants it any more.
    CalledOff,
}

/// Has one member unpacked in a fresh child, and blocks until the child is reaped. Hands its bytes to `take` piece by
/// piece, at least one, which may be empty.
///
/// # Errors
/// As [`run`].
pub fn unpack(
    zygote: &Zygote,
    request: &Request<'_>,
    member: &InnerPath,
    mut input: Input,
    watch: &Watch,
    take: &mut dyn FnMut(Vec<u8>),
) -> Result<Unpacking, RunError> {
    let launch = launch_of(request, &input, Some(member));
    // No container needs the larger kit.
    let newborn = born(zygote, Kit::Lean, &launch, (&input, None))?;
    let limits = &limits_of(request);
    let mut supervision = Supervision::new(newborn, limits, &launch, Instant::now());
    supervision.watch((zygote, Kit::Lean), &mut input, watch, &mut |delivered| {
        if let Delivered::Bytes(piece) = delivered {
            take(piece);
        }
    })?;
    if supervision.has_given() {
        return Ok(Unpacking::Whole);
    }
    Ok(match supervision.verdict(&mut |_| {})? {
        None => Unpacking::CalledOff,
        Some(verdict) => {
            Unpacking::Failed(verdict.reason.unwrap_or_else(|| ReasonKind::NoSuchMember.into()))
        }
    })
}

fn launch_of(request: &Request<'_>, input: &Input, member: Option<&InnerPath>) -> Launch {
    let limits = limits_of(request);
    Launch {
        order: Order {
            name: last_bytes(request.name, 8 << 10).to_owned(),
            limits: limits.extract.clone(),
            options: request.options.clone(),
            sidecars: request.sidecars.iter().take(SIDECARS).map(without_bytes).collect(),
            member: member.cloned(),
            likeness: false,
            page_picture: None,
            recall: None,
            put_off: request.pace == Pace::Prompt,
            left_alone: request.left_alone.clone(),
        },
        size: input.size(),
        ranged: matches!(input, Input::Ranges(_)),
        memory: limits.memory,
        cpu: limits.cpu,
        wall: limits.wall,
        gives_way: request.pace == Pace::Background,
    }
}

/// What the child of this request may use.
fn limits_of<'a>(request: &Request<'a>) -> Cow<'a, ChildLimits> {
    match request.pace {
        Pace::Whole | Pace::Prompt => Cow::Borrowed(request.limits),
        Pace::Background => Cow::Owned(request.limits.patient()),
    }
}

/// Sidecars of one object that are read: with the longest names they fit into a message.
const SIDECARS: usize = 8;

/// A sidecar as the order has it: its bytes come beside it.
fn without_bytes(sidecar: &Sidecar) -> Sidecar {
    Sidecar {
        name: last_bytes(&sidecar.name, caps::WORD).to_owned(),
        size: sidecar.size,
        row: sidecar.row.clone().filter(|row| row.len() <= caps::PATH),
        bytes: Arc::default(),
    }
}

/// The bytes of the sidecars, one behind the other, and behind them what is remembered; none if there is neither.
fn beside(request: &Request<'_>, recall: Option<&Recall>) -> io::Result<Option<SealedFile>> {
    let mut sidecars = request.sidecars.iter().take(SIDECARS).peekable();
    let remembered = recall.map(Recall::given).unwrap_or_default();
    if sidecars.peek().is_none() && remembered.is_empty() {
        return Ok(None);
    }
    let mut file = SealedFile::create()?;
    sidecars.try_for_each(|sidecar| file.write_all(sidecar.given()))?;
    file.write_all(remembered)?;
    file.seal().map(Some)
}

/// What a child is given: the object, and its sidecars in a file.
type Given<'a> = (&'a Input, Option<&'a SealedFile>);

/// Has a child forked.
fn born(zygote: &Zygote, kit: Kit, launch: &Launch, given: Given<'_>) -> Result<Newborn, RunError> {
    let born = match fork(zygote, kit, launch, given) {
        // An order sent to a zygote that was about to die is lost, and nothing has happened yet: once more.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => fork(zygote, kit, launch, given),
        other => other,
    };
    born.map_err(RunError::Unborn)
}

fn fork(
    zygote: &Zygote,
    kit: Kit,
    launch: &Launch,
    (input, beside): Given<'_>,
) -> io::Result<Newborn> {
    let (socket, theirs) =
        socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    let (status, reporting) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    let (errors, complaining) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&errors, true)?;
    let mut descriptors = vec![theirs.as_fd(), complaining.as_fd(), reporting.as_fd()];
    if let Input::Memory(file) = input {
        descriptors.push(file.as_fd());
    }
    descriptors.extend(beside.map(AsFd::as_fd));
    zygote.order(kit, launch, &descriptors)?;
    drop(descriptors);
    // The child's ends live in the child only: when it dies, ours say so.
    drop((theirs, complaining, reporting));
    match first_word(&status) {
        Ok((pid, pidfd)) => Ok(Newborn { pid, pidfd, socket, status, errors }),
        Err(error) => {
            if error.kind() == io::ErrorKind::TimedOut {
                zygote.give_up(kit);
            }
            Err(error)
        }
    }
}

/// Waits for the zygote's word that the child lives.
fn first_word(status: &OwnedFd) -> io::Result<(i32, OwnedFd)> {
    if !readable_within(status, PATIENCE)? {
        return Err(io::Error::new(io::ErrorKind::TimedOut, "the zygote does not answer"));
    }
    match launch::receive(status)? {
        Some((Report::Forked { pid }, mut descriptors)) => {
            let pidfd = descriptors.pop().ok_or_else(|| io::Error::other("a pidfd is missing"))?;
            Ok((pid, pidfd))
        }
        Some((Report::Refused(why), _)) => {
            Err(io::Error::other(format!("the zygote cannot fork: {why}")))
        }
        Some((Report::Ready { .. } | Report::Ended { .. }, _)) => {
            Err(io::Error::other("the zygote speaks out of order"))
        }
        None => Err(dead_zygote()),
    }
}

/// At most so many bytes from the end of a name: the end holds the extension.
fn last_bytes(name: &str, limit: usize) -> &str {
    let start = name.ceil_char_boundary(name.len().saturating_sub(limit));
    name.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_is_kept() {
        assert_eq!(last_bytes("보고서.hwp", 100), "보고서.hwp");
        assert_eq!(last_bytes("보고서.hwp", 6), ".hwp");
    }
}
