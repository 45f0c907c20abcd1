//! The fast path for answers to what we sent: three facts read off the bytes without allocation. It recognises only plain
//! responses; whatever looks unusual is left to the whole parser.

use super::text::is_token_byte;

/// What matches a response to its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseHead<'a> {
    /// The status, 100 to 699.
    pub status: u16,
    /// The branch of the top Via, cookie included.
    pub branch: &'a str,
    /// The method of CSeq.
    pub method: &'a str,
}

/// Reads status, branch and CSeq method of a response. `None` does not mean that it is none: use
/// [`Message::parse`](super::message::Message::parse) then. The rest of the message is not checked.
#[must_use]
pub fn response_head(bytes: &[u8]) -> Option<ResponseHead<'_>> {
    let rest = bytes.strip_prefix(b"SIP/2.0 ")?;
    let (digits, rest) = rest.split_at_checked(3)?;
    let status =
        std::str::from_utf8(digits).ok()?.parse().ok().filter(|status| (100..700).contains(status))?;
    let (b' ', mut rest) = rest.split_first()? else {
        return None;
    };
    (_, rest) = cut_line(rest)?;
    let (mut branch, mut method) = (None, None);
    loop {
        let line;
        (line, rest) = cut_line(rest)?;
        if line.is_empty() {
            return None;
        }
        match line.first()? {
            b' ' | b'\t' => return None,
            b'V' | b'v' if branch.is_none() => branch = value(line, &[b"Via", b"v"]).map(via_branch),
            b'C' | b'c' if method.is_none() => method = value(line, &[b"CSeq"]).map(cseq_method),
            _ => {}
        }
        if let (Some(branch), Some(method)) = (branch, method) {
            // A fold would continue the line that was read last.
            let folded = matches!(rest.first()?, b' ' | b'\t');
            return (!folded).then_some(ResponseHead { status, branch: branch?, method: method? });
        }
    }
}

/// The line before the next CRLF and what follows it.
fn cut_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0))?;
    let rest = bytes.get(at..)?.strip_prefix(b"\r\n")?;
    Some((bytes.get(..at)?, rest))
}

/// The value, if the line is a header of one of these names.
fn value<'a>(line: &'a [u8], names: &[&[u8]]) -> Option<&'a [u8]> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = line.get(..colon)?.trim_ascii_end();
    let known = names.iter().any(|known| name.eq_ignore_ascii_case(known));
    if known { Some(line.get(colon + 1..)?.trim_ascii()) } else { None }
}

fn via_branch(value: &[u8]) -> Option<&str> {
    if value.contains(&b'"') {
        return None;
    }
    let first = value.split(|byte| *byte == b',').next()?;
    let mut params = first.split(|byte| *byte == b';').skip(1).filter_map(|param| {
        let equals = param.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (param.get(..equals)?, param.get(equals + 1..)?);
        name.trim_ascii().eq_ignore_ascii_case(b"branch").then_some(value.trim_ascii())
    });
    let branch = token(params.next()?)?;
    let plain = params.next().is_none() && !branch.eq_ignore_ascii_case("z9hG4bK");
    plain.then_some(branch)
}

fn cseq_method(value: &[u8]) -> Option<&str> {
    let blank = value.iter().position(|byte| matches!(byte, b' ' | b'\t'))?;
    let (number, method) = value.split_at_checked(blank)?;
    let digits = number.iter().all(u8::is_ascii_digit);
    token(method.trim_ascii()).filter(|_| digits)
}

fn token(bytes: &[u8]) -> Option<&str> {
    let good = !bytes.is_empty() && bytes.iter().copied().all(is_token_byte);
    std::str::from_utf8(bytes).ok().filter(|_| good)
}
