use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::waiting::{TooFew, Waiting};

/// The line to a guest, who has to take what he is sent: whoever takes next to nothing of an answer for too long has gone, and
/// what is held for the answer (a child, a seat, the connection itself) is given back. Only time in which he is waited for
/// counts against him.
#[derive(Debug)]
pub(crate) struct Line {
    stream: TcpStream,
    waiting: Waiting,
}

impl Line {
    pub(crate) fn new(stream: TcpStream, patience: Duration) -> Line {
        Line { stream, waiting: Waiting::of(patience) }
    }

    /// What a try to write comes to.
    fn taken(
        &mut self,
        context: &mut Context<'_>,
        wrote: Poll<Result<usize>>,
    ) -> Poll<Result<usize>> {
        if let Poll::Ready(wrote) = wrote {
            self.waiting.passed(wrote.as_ref().map_or(0, |bytes| *bytes));
            return Poll::Ready(wrote);
        }
        self.waiting.poll_end(context).map(|TooFew { bytes, seconds }| {
            let reason = format!("of an answer only {bytes} bytes were taken in {seconds} seconds");
            Err(Error::new(ErrorKind::TimedOut, reason))
        })
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.taken(context, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.taken(context, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
