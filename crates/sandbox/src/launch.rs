//! What the parent and the zygote say to each other: one datagram each, descriptors with it (SCM_RIGHTS).
//! Both are this program, so nothing here is hostile.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use madang_extract::order::Order;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::allowance::Allowance;
use crate::usage::Usage;

/// Raised with every change of what is said here: a zygote of another build is not spoken to.
pub(crate) const PROTOCOL: u32 = 7;
/// Longest message.
const LONGEST: usize = 64 << 10;
/// Most descriptors with one message: socket, standard error, status, input, sidecars.
const DESCRIPTORS: usize = 5;

/// A child to be forked. With it come its socket, its standard error, the zygote's status socket, the input if it is a
/// memory file, and a memory file with the bytes of the sidecars one behind the other, and of what is remembered, if there are any.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Launch {
    /// What the child extracts, and how.
    pub(crate) order: Order,
    pub(crate) size: u64,
    /// The bytes are served as ranges; else they come as a memory file.
    pub(crate) ranged: bool,
    pub(crate) memory: u64,
    pub(crate) cpu: Allowance,
    /// What the parent allows by the clock, so that the child can break off what it cannot finish.
    pub(crate) wall: Allowance,
    /// Whether it gives way to every other process.
    pub(crate) gives_way: bool,
}

/// What the zygote says; after [`Report::Ready`] on the status socket of one order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// Warm, and this is what it speaks.
    Ready { protocol: u32, version: String },
    /// The child lives; its pidfd comes with this.
    Forked { pid: i32 },
    /// No child could be forked.
    Refused(String),
    /// The child is reaped.
    Ended { status: i32, usage: Usage },
}

/// Sends one message.
pub(crate) fn send<T: Serialize>(
    socket: impl AsFd,
    message: &T,
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<()> {
    // An order may hold passwords: nothing of them stays in the memory of a zygote, which its children inherit.
    let bytes = Zeroizing::new(postcard::to_stdvec(message).map_err(io::Error::other)?);
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::other("too many descriptors"));
    }
    rustix::io::retry_on_intr(|| {
        sendmsg(&socket, &[IoSlice::new(&bytes)], &mut control, SendFlags::NOSIGNAL)
    })?;
    Ok(())
}

/// Receives one message; none when the other side is gone.
pub(crate) fn receive<T: DeserializeOwned>(
    socket: impl AsFd,
) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
    let mut bytes = vec![0; LONGEST];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let mut into = [IoSliceMut::new(&mut bytes)];
        match recvmsg(&socket, &mut into, &mut control, RecvFlags::CMSG_CLOEXEC) {
            Ok(received) => break received,
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::CONNRESET) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    };
    if received.bytes == 0 {
        return Ok(None);
    }
    let descriptors = control
        .drain()
        .flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => descriptors.collect(),
            _ => Vec::new(),
        })
        .collect();
    // Only what was received is overwritten: the rest is nought, and as long as two hundred messages.
    let bytes = bytes.get_mut(..received.bytes).unwrap_or_default();
    let message = postcard::from_bytes(bytes).map_err(io::Error::other);
    bytes.zeroize();
    let message = message?;
    Ok(Some((message, descriptors)))
}
