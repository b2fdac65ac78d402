//! The child's end of the socket to its parent.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::net::{RecvFlags, SendFlags};

use crate::exit::{ORPHANED, leave};
use crate::frame::Frame;

/// Frames are held back until there are so many bytes of them, or a document ends.
const BUFFER: usize = 64 << 10;
/// Answer to a range that could not be read.
pub(crate) const UNREADABLE: u32 = u32::MAX;

/// The socket to the parent. Whatever goes wrong on it means that the parent is gone: the child ends.
#[derive(Debug)]
pub(crate) struct Channel {
    socket: OwnedFd,
    out: RefCell<Vec<u8>>,
    sent: Cell<u64>,
    spoken: Cell<Instant>,
}

impl Channel {
    pub(crate) fn new(socket: OwnedFd) -> Channel {
        let now = Instant::now();
        Channel { socket, out: RefCell::default(), sent: Cell::new(0), spoken: Cell::new(now) }
    }

    /// Says a frame, at the latest with the next [`Channel::flush`].
    pub(crate) fn say(&self, frame: &Frame) {
        let full = {
            let mut out = self.out.borrow_mut();
            let before = out.len();
            // The batches below keep every frame short; one that is too long all the same is left out.
            let _ = frame.encode(&mut out);
            self.sent.set(self.sent.get() + (out.len() - before) as u64);
            out.len() >= BUFFER
        };
        if full {
            self.flush();
        }
    }

    /// Bytes said so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// How long nothing has been sent.
    pub(crate) fn silence(&self) -> Duration {
        self.spoken.get().elapsed()
    }

    /// Sends what is held back.
    pub(crate) fn flush(&self) {
        let mut out = self.out.borrow_mut();
        let mut rest = out.as_slice();
        while !rest.is_empty() {
            match rustix::net::send(&self.socket, rest, SendFlags::NOSIGNAL) {
                Ok(n) => rest = rest.get(n..).unwrap_or_default(),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => leave(ORPHANED),
            }
        }
        out.clear();
        self.spoken.set(Instant::now());
    }

    /// Asks the parent for bytes of the object.
    pub(crate) fn range(&self, offset: u64, length: u32) -> io::Result<Vec<u8>> {
        self.say(&Frame::Range { offset, length });
        self.flush();
        let mut head = [0; 4];
        self.receive(&mut head);
        match u32::from_le_bytes(head) {
            n if n > length => Err(io::Error::other("the object's store gave no bytes")),
            n => {
                let mut bytes = vec![0; n as usize];
                self.receive(&mut bytes);
                Ok(bytes)
            }
        }
    }

    fn receive(&self, mut into: &mut [u8]) {
        while !into.is_empty() {
            match rustix::net::recv(&self.socket, &mut *into, RecvFlags::empty()) {
                Ok((n, _)) if n > 0 => into = into.get_mut(n..).unwrap_or_default(),
                Err(rustix::io::Errno::INTR) => {}
                Ok(_) | Err(_) => leave(ORPHANED),
            }
        }
    }
}
