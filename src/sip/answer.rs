//! What an answer means to the one who asked. A table of statuses; it knows neither gateways nor time.

/// What the final answer of a gateway to a NOTIFY means for that gateway. The lamp itself goes to the next gateway after
/// anything but [`Verdict::Done`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The lamp shows it.
    Done,
    /// It wants credentials: send again with them once, and once more when the nonce was stale.
    Challenge,
    /// It will not take this lamp however often it is asked: do not hammer it, show why.
    PermanentForGateway,
    /// The phone is not registered: later, and at the next refresh; no fault of anybody.
    NotRegistered,
    /// It failed this time: again after a while.
    Retry,
    /// It does not work at present: as if it had not answered.
    GatewayDown,
}

/// Reads the status of a final answer to NOTIFY (RFC 3261 21). A provisional status, which is no answer yet, is
/// [`Verdict::Retry`].
///
/// A redirection is permanent, since NOTIFY goes only to configured gateways, never to an address that an answer names.
/// Of 4xx only 408 (no answer in time), 480, 491 and those with a date to come back (413, 486) are worth another try.
#[must_use]
pub fn verdict(status: u16) -> Verdict {
    match status {
        200..=299 => Verdict::Done,
        401 | 407 => Verdict::Challenge,
        408 | 503 => Verdict::GatewayDown,
        480 => Verdict::NotRegistered,
        501 | 505 => Verdict::PermanentForGateway,
        413 | 486 | 491 => Verdict::Retry,
        300..=499 | 600..=699 => Verdict::PermanentForGateway,
        _ => Verdict::Retry,
    }
}

/// What a status is called (RFC 3261 21, RFC 6665 8.3.2); empty for one that has no name.
#[must_use]
pub const fn phrase(status: u16) -> &'static str {
    match status {
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        305 => "Use Proxy",
        380 => "Alternative Service",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        421 => "Extension Required",
        423 => "Interval Too Brief",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        485 => "Ambiguous",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        493 => "Undecipherable",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        _ => "",
    }
}

/// Whether a final answer says that this phone is not there, and nothing of whether the gateway takes NOTIFY for others.
#[must_use]
pub fn speaks_of_the_lamp(status: u16) -> bool {
    matches!(status, 404 | 410 | 484 | 485 | 604)
}

/// Whether the final answer to an OPTIONS shows a gateway that works: all do but 408 and 503, for a healthy gateway may well
/// say 401 or 404.
#[must_use]
pub fn alive(status: u16) -> bool {
    (200..=699).contains(&status) && !matches!(status, 408 | 503)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn each_status_means_what_the_table_says() {
        for (meaning, statuses) in [
            (Verdict::Done, &[200, 202, 204, 299][..]),
            (Verdict::Challenge, &[401, 407]),
            (
                Verdict::PermanentForGateway,
                &[302, 400, 403, 404, 405, 415, 481, 489, 501, 505, 600, 603, 604, 606],
            ),
            (Verdict::NotRegistered, &[480]),
            (Verdict::GatewayDown, &[408, 503]),
            (Verdict::Retry, &[500, 502, 504, 580, 491, 486, 413, 100, 180, 0, 700]),
        ] {
            for status in statuses {
                assert_eq!(verdict(*status), meaning, "{status}");
            }
        }
    }

    #[test]
    fn only_answers_about_the_phone_speak_of_the_lamp_and_all_of_them_are_permanent() {
        let own: Vec<u16> = (200..700).filter(|status| speaks_of_the_lamp(*status)).collect();
        assert_eq!(own, [404, 410, 484, 485, 604]);
        assert!(own.iter().all(|status| verdict(*status) == Verdict::PermanentForGateway));
    }

    #[test]
    fn any_final_answer_but_408_and_503_shows_a_living_gateway() {
        for status in [200, 401, 404, 405, 481, 500, 501, 603] {
            assert!(alive(status), "{status}");
        }
        for status in [100, 180, 199, 408, 503, 700] {
            assert!(!alive(status), "{status}");
        }
    }
}
