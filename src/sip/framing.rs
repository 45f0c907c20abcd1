//! Cuts a byte stream (TCP, TLS) into SIP messages by Content-Length (RFC 3261 18.3) and sees the keep-alives of RFC 5626
//! between them. Bounded: a stream that does not keep to it is given up. Knows no connection.

use super::head;
use super::message::ParseError;

pub use super::head::{MAX_HEADERS, MAX_LINE, MAX_MESSAGE};

/// What stood next in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// One whole message, for [`Message::parse`](super::message::Message::parse).
    Message(Vec<u8>),
    /// The second CRLF of a CRLFCRLF: the peer wants a CRLF back (RFC 5626 3.5.1). A [`Frame::Pong`] came before it.
    Ping,
    /// A CRLF: the answer to a ping of ours, the first half of a ping, or an old peer's filler. Safe to ignore.
    Pong,
}

/// Why the stream cannot be followed; the connection must be closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// Head and body together, or the head alone, exceed [`MAX_MESSAGE`].
    #[error("message longer than {MAX_MESSAGE} bytes")]
    TooLong,
    /// No Content-Length, which a stream demands.
    #[error("message on a stream without Content-Length")]
    NoLength,
    /// The head breaks the grammar, so its end is not to be trusted.
    #[error("malformed head on a stream")]
    Head(#[source] ParseError),
}

/// Collects bytes of one connection and gives them back message by message.
///
/// Push what was read, then call [`next_frame`](Self::next_frame) until it gives `None`: so at most one unfinished
/// message of [`MAX_MESSAGE`] bytes and one push are held. Frames do not depend on where pushes are cut.
#[derive(Debug, Default)]
pub struct StreamFramer {
    buffer: Vec<u8>,
    /// Bytes at the front that are already given out.
    taken: usize,
    /// Bytes after `taken` in which no end of a head begins.
    searched: usize,
    /// Whole length of the message at the front, once its head is read.
    length: Option<usize>,
    /// Whether the last thing given out was the first CRLF of a possible ping.
    half_ping: bool,
}

impl StreamFramer {
    /// Adds what was read from the connection.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame, `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`FramingError`] when the stream can't be followed; then close the connection, as every further call fails as well.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FramingError> {
        match self.waiting() {
            [] | [b'\r'] => return Ok(None),
            [b'\r', b'\n', ..] if self.length.is_none() => return Ok(Some(self.keep_alive())),
            _ => {}
        }
        let Some(length) = self.whole_length()? else {
            return Ok(None);
        };
        let Some(message) = self.waiting().get(..length).map(<[u8]>::to_vec) else {
            return Ok(None);
        };
        self.take(length);
        self.half_ping = false;
        Ok(Some(Frame::Message(message)))
    }

    fn waiting(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }

    fn take(&mut self, length: usize) {
        self.taken += length;
        self.searched = 0;
        self.length = None;
    }

    fn keep_alive(&mut self) -> Frame {
        self.take(2);
        self.half_ping = !self.half_ping;
        if self.half_ping { Frame::Pong } else { Frame::Ping }
    }

    fn whole_length(&mut self) -> Result<Option<usize>, FramingError> {
        if self.length.is_none() {
            let Some(end) = head::end(self.waiting(), self.searched) else {
                self.searched = self.waiting().len().saturating_sub(3);
                return if self.searched > MAX_MESSAGE { Err(FramingError::TooLong) } else { Ok(None) };
            };
            if end > MAX_MESSAGE {
                return Err(FramingError::TooLong);
            }
            let fields =
                head::read(self.waiting().get(..end).unwrap_or_default()).map_err(FramingError::Head)?.fields;
            let body =
                head::content_length(&fields).map_err(FramingError::Head)?.ok_or(FramingError::NoLength)?;
            self.length = Some(end.saturating_add(body));
        }
        match self.length {
            Some(length) if length > MAX_MESSAGE => Err(FramingError::TooLong),
            length => Ok(length),
        }
    }
}
