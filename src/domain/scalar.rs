//! Values that can't hold what is not allowed: parsed once, then trusted. None can hold CR, LF or NUL.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use crate::sip::text::{Host, HostName};

/// Why a text is not the value that it should be: one clause that continues "… ", for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected(pub &'static str);

/// Digits of an extension, 1 to 20 of them; leading zeros count (Exchange `Extensions`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extension {
    digits: [u8; 20],
    len: u8,
}

impl Extension {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.digits
            .get(..usize::from(self.len))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .unwrap_or_default()
    }

    /// How many digits.
    #[must_use]
    pub const fn digits(&self) -> u8 {
        self.len
    }
}

impl FromStr for Extension {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        if text.is_empty() || text.len() > 20 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Expected("1 to 20 digits"));
        }
        let mut digits = [0; 20];
        for (to, from) in digits.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        Ok(Self { digits, len: u8::try_from(text.len()).unwrap_or_default() })
    }
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A number as E.164 has it: `+`, then 1 to 15 digits, the first not 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct E164(Box<str>);

impl FromStr for E164 {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        let good = (1..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit());
        if good {
            Ok(Self(text.into()))
        } else {
            Err(Expected("`+`, the country code and the number, at most 15 digits, as in +493055504201"))
        }
    }
}

/// An address `user@host` as SipName plans use it; the host in small letters, a name or an IP address (RFC 3261 section 25.1, `userinfo`
/// without a password).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SipName(Box<str>);

impl FromStr for SipName {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        if text.len() > 128 {
            return Err(Expected("at most 128 characters"));
        }
        if without_scheme(text) != text {
            return Err(Expected("user@host without `sip:` in front, as in lina@example.com"));
        }
        let (user, host) =
            text.split_once('@').ok_or(Expected("user@host, as in lina@example.com; it has no `@`"))?;
        if !is_sip_user(user) {
            return Err(Expected(
                "before the `@`, letters, digits and any of - _ . ! ~ * ' ( ) & = + $ , and others as %HH, as in lina@example.com",
            ));
        }
        match host.parse::<Host>() {
            // In a URI, an IPv6 address has brackets.
            Ok(Host::V6(_)) if !host.starts_with('[') => {
                Err(Expected("after the `@`, an IPv6 address in brackets, as in lina@[2001:db8::1]"))
            }
            Ok(host) => Ok(Self(format!("{user}@{host}").into())),
            Err(_) => Err(Expected(
                "after the `@`, one host name or IP address without port, as in lina@example.com",
            )),
        }
    }
}

/// The text without `sip:` in front.
fn without_scheme(text: &str) -> &str {
    match text.split_at_checked(4) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sip:") => rest,
        _ => text,
    }
}

/// RFC 3261 section 25.1 `user`, without the characters that part a URI.
fn is_sip_user(user: &str) -> bool {
    let mut bytes = user.bytes();
    let mut good = !user.is_empty();
    while let Some(byte) = bytes.next() {
        let mut hex = || bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit());
        good &= match byte {
            b'%' => hex() && hex(),
            _ => byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,".contains(&byte),
        };
    }
    good
}

/// What leads to a dial plan on a PBX (Exchange `PilotIdentifier`): a number with `+`, an extension or a name such as `um`, or an
/// address `user@host`; without `sip:`, the host in small letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pilot(Box<str>);

/// Most characters of a pilot identifier as it is written.
const LONGEST_PILOT: usize = 64;

impl Pilot {
    /// The identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Pilot {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        if text.len() > LONGEST_PILOT {
            return Err(Expected("at most 64 characters"));
        }
        let plain = without_scheme(text);
        if plain.contains('@') {
            return plain.parse::<SipName>().map(|SipName(name)| Self(name));
        }
        let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let (bytes, inner) = (plain.as_bytes(), |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let word = edge(bytes.first()) && edge(bytes.last()) && plain.bytes().all(inner);
        if word || plain.parse::<E164>().is_ok() {
            Ok(Self(plain.into()))
        } else {
            Err(Expected(
                "an extension, a number with `+`, a name such as um, or user@host, without spaces, at most 64 characters",
            ))
        }
    }
}

/// What NOTIFY names: the phone whose lamp it is, in the form that the dial plan's `uriType` says.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LampAddress {
    /// On TelExtn plans.
    Extension(Extension),
    /// On E164 plans.
    Number(E164),
    /// On SipName plans.
    Name(SipName),
}

impl LampAddress {
    /// The address as users write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Extension(extension) => extension.as_str(),
            Self::Number(number) => &number.0,
            Self::Name(name) => &name.0,
        }
    }
}

impl fmt::Display for LampAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for LampAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a gateway is (Exchange `UMSmartHost`): a host name, one label is enough, or an IP address.
///
/// # Errors
/// What was expected.
pub fn gateway_address(text: &str) -> Result<Host, Expected> {
    let is_ipv6 = |text: &str| matches!(text.parse(), Ok(Host::V6(_)));
    match text.parse() {
        Ok(Host::V6(address)) if address.to_ipv4_mapped().is_some() => {
            Err(Expected("the IPv4 address by itself, without `::ffff:`"))
        }
        Ok(host) => Ok(host),
        Err(_)
            if text.split_once('%').is_some_and(|(address, _)| is_ipv6(address.trim_start_matches('['))) =>
        {
            Err(Expected("no zone suffix such as `%eth0`: it means something on one machine only"))
        }
        Err(_) => Err(Expected("a host name or an IP address, without port or `sip:`")),
    }
}

/// A display name of a dial plan, policy or gateway (Exchange `Name`): 1 to 64 characters, some forbidden.
///
/// # Errors
/// What was expected.
pub fn display_name(text: &str) -> Result<(), Expected> {
    let bad = |c: char| r#""/\[]:;|=,+*?<>"#.contains(c) || c.is_control();
    if text.is_empty() || text.chars().count() > 64 || text.chars().any(bad) {
        return Err(Expected(r#"1 to 64 characters, none of " / \ [ ] : ; | = , + * ? < >"#));
    }
    Ok(())
}

/// A telephone number as people write it: digits, `+ * #`, and the separators blank, `-`, `.`, `/` and parentheses; at most `most` characters.
///
/// # Errors
/// What was expected.
pub fn phone_number(text: &str, most: usize) -> Result<(), Expected> {
    let sound = (1..=most).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit() || b"+*#(). /-".contains(&b))
        && text.bytes().any(|b| b.is_ascii_digit());
    if sound {
        Ok(())
    } else {
        Err(Expected("an extension or a number of at most 20 characters, as in 4000 or +49 30 5550 4000"))
    }
}

/// A mail address `user@host` as SMTP takes it (RFC 5321 section 4.5.3.1): at most 254 characters, at most 64 before the `@`.
///
/// # Errors
/// What was expected.
pub fn mail_address(text: &str) -> Result<(), Expected> {
    const WANTED: Expected = Expected("one address, as in lina@example.com");
    let (user, host) = text.rsplit_once('@').ok_or(WANTED)?;
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b) || !b.is_ascii();
    let user_ok = (1..=64).contains(&user.len())
        && user.bytes().all(atom)
        && !user.starts_with('.')
        && !user.ends_with('.')
        && !user.contains("..")
        && !user.chars().any(|c| c.is_control() || c.is_whitespace());
    if text.len() > 254 || !user_ok || host.parse::<HostName>().is_err() { Err(WANTED) } else { Ok(()) }
}

/// A language tag such as `en-US` (RFC 5646, by its shape alone): a word of 2 or 3 letters, then words of 1 to 8 letters and digits.
///
/// # Errors
/// What was expected.
pub fn language_tag(text: &str) -> Result<(), Expected> {
    let mut words = text.split('-');
    let first = words.next().unwrap_or_default();
    let word = |word: &str| (1..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric());
    let sound = text.len() <= 35
        && (2..=3).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && words.all(word);
    if sound { Ok(()) } else { Err(Expected("a language as in en-US or de-DE")) }
}

/// A network such as `192.0.2.0/24` or `2001:db8::/32` (RFC 4632, RFC 4291 section 2.3).
///
/// # Errors
/// What was expected.
pub fn network(text: &str) -> Result<(IpAddr, u8), Expected> {
    const WANTED: Expected = Expected("a network as in 192.0.2.0/24 or 2001:db8::/32");
    let (address, bits) = text.split_once('/').ok_or(WANTED)?;
    let address: IpAddr = address.parse().map_err(|_| WANTED)?;
    if address.to_canonical() != address {
        return Err(Expected("the IPv4 network by itself, without `::ffff:`"));
    }
    let most = if address.is_ipv4() { 32 } else { 128 };
    let plain = !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit());
    match bits.parse::<u8>() {
        Ok(bits) if plain && bits <= most => Ok((address, bits)),
        _ => Err(WANTED),
    }
}

/// A time such as `6h`, `90m` or `1h30m`, each number of at most five digits.
///
/// # Errors
/// What was expected.
pub fn interval(text: &str) -> Result<Duration, Expected> {
    const LONGEST_NUMBER: usize = 5;
    const WANTED: Expected = Expected("hours, minutes and seconds in that order, as in 6h, 90m or 1h30m");
    let mut rest = text;
    let mut seconds: u64 = 0;
    for (unit, worth) in [('h', 3600), ('m', 60), ('s', 1)] {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at_checked(digits).ok_or(WANTED)?;
        if let Some(tail) = tail.strip_prefix(unit) {
            let number: u64 =
                number.parse().ok().filter(|_| (1..=LONGEST_NUMBER).contains(&digits)).ok_or(WANTED)?;
            seconds = number.checked_mul(worth).and_then(|s| s.checked_add(seconds)).ok_or(WANTED)?;
            rest = tail;
        }
    }
    if text.is_empty() || !rest.is_empty() { Err(WANTED) } else { Ok(Duration::from_secs(seconds)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn an_extension_keeps_leading_zeros_and_refuses_all_but_digits() {
        assert_eq!("0042".parse::<Extension>().unwrap().as_str(), "0042");
        assert_eq!("12345678901234567890".parse::<Extension>().unwrap().digits(), 20);
        for bad in ["", "42a", "+42", "4 2", "42\r\n", "٤٢", "123456789012345678901"] {
            assert!(bad.parse::<Extension>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn numbers_and_sip_names_hold_what_their_plans_want() {
        assert!("+493055504201".parse::<E164>().is_ok());
        for bad in ["", "+", "493055504201", "+0301", "+1234567890123456", "+49 30", "+49\n30"] {
            assert!(bad.parse::<E164>().is_err(), "{bad:?}");
        }
        assert_eq!(LampAddress::Name("Lina@Example.COM".parse().unwrap()).as_str(), "Lina@example.com");
        for (text, kept) in [
            ("a%40b@192.0.2.7", "a%40b@192.0.2.7"),
            ("lina@[2001:DB8::1]", "lina@[2001:db8::1]"),
            ("lina@3CX", "lina@3cx"),
        ] {
            assert_eq!(LampAddress::Name(text.parse().unwrap()).as_str(), kept);
        }
        for (bad, part) in [
            ("lina", "no `@`"),
            ("SIP:lina@example.com", "without `sip:`"),
            ("li na@example.com", "before the `@`"),
            ("li%4@example.com", "before the `@`"),
            ("lina@example.com:5060", "after the `@`"),
            ("lina@2001:db8::1", "in brackets"),
        ] {
            let expected = bad.parse::<SipName>().unwrap_err().0;
            assert!(expected.contains(part), "{bad}: {expected}");
        }
        for bad in [
            "lina",
            "@example.com",
            "lina@",
            "li na@example.com",
            "sip:lina@example.com",
            "lina@example.com\r\nX: y",
            "a@b@c",
        ] {
            assert!(bad.parse::<SipName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_gateway_address_is_a_name_or_a_literal_and_never_both() {
        assert!(matches!(gateway_address("pbx"), Ok(Host::Name(_))));
        assert!(matches!(gateway_address("192.0.2.7"), Ok(Host::V4(_))));
        assert!(matches!(gateway_address("[2001:db8::1]"), Ok(Host::V6(_))));
        for good in ["3cx", "pbx.3cx", "3-4", "pbx_a.", "fe80::1"] {
            assert!(gateway_address(good).is_ok(), "{good:?}");
        }
        for bad in
            ["", "192.0.2.999", "pbx:5060", "sip:pbx", "-pbx", "pbx..example", "p\nbx", "a b", "pbx.3", "42"]
        {
            assert!(gateway_address(bad).is_err(), "{bad:?}");
        }
        let expected = |text: &str| gateway_address(text).unwrap_err().0;
        for zone in ["fe80::1%eth0", "[fe80::1%eth0]"] {
            assert!(expected(zone).starts_with("no zone suffix"), "{zone}");
        }
        assert!(expected("::ffff:192.0.2.1").starts_with("the IPv4 address by itself"));
    }

    #[test]
    fn a_pilot_identifier_is_kept_without_scheme_and_with_a_small_host() {
        for (text, kept) in [
            ("4000", "4000"),
            ("um", "um"),
            ("+493055504000", "+493055504000"),
            ("sip:UM@PBX.example.com", "UM@pbx.example.com"),
            ("Sip:4000", "4000"),
            ("um@192.0.2.7", "um@192.0.2.7"),
        ] {
            assert_eq!(text.parse::<Pilot>().unwrap().as_str(), kept, "{text}");
        }
        for bad in [
            "",
            "sip:",
            "+0301",
            "+49 30",
            "voice mail",
            "um@",
            "-um",
            "sip:sip:um",
            "um;a=b",
            &"4".repeat(65),
        ] {
            assert!(bad.parse::<Pilot>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_interval_reads_hours_minutes_and_seconds() {
        for (text, seconds) in
            [("6h", 21_600), ("90m", 5_400), ("1h30m", 5_400), ("45s", 45), ("1h1m1s", 3_661)]
        {
            assert_eq!(interval(text).unwrap().as_secs(), seconds, "{text}");
        }
        for bad in ["", "6", "h", "30m1h", "1.5h", "6 h", "-1h", "100000s", "99999999999999999999h", "6h\n"] {
            assert!(interval(bad).is_err(), "{bad:?}");
        }
    }
}
