//! What texts look like, for the schemas: regular expressions and CEL rules that several fields share. They say what the parsers
//! of [`crate::domain`] say, as far as they can.
//!
//! Every reader of a schema must understand an expression alike: the API server's RE2, the validator and editors. So classes are
//! written out (`\s`, `\w` and `\d` differ), nothing looks around or back, and `.` stands for no character.

/// A host name: labels of letters, digits, `_` and inner `-`, the last not of digits alone, and perhaps a `.` at the end.
macro_rules! host_name {
    () => {
        "([A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?[.])*([0-9]+-[A-Za-z0-9_-]*[A-Za-z0-9_]|[0-9]*[A-Za-z_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)[.]?"
    };
}

/// A mail address `user@host`; in `user`, no dot stands at an end or beside another.
macro_rules! mail {
    () => {
        concat!(
            r#"[^\x00-\x20"(),.:;<>@\[\\\]\x7f-\xa0]+([.][^\x00-\x20"(),.:;<>@\[\\\]\x7f-\xa0]+)*@"#,
            host_name!()
        )
    };
}

/// A port of 1 to 65535.
macro_rules! port {
    () => {
        "0{0,4}[1-9]|0{0,3}[1-9][0-9]|0{0,2}[1-9][0-9]{2}|0?[1-9][0-9]{3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
    };
}

/// An IPv4 address.
macro_rules! ipv4 {
    () => {
        "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])([.](25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}"
    };
}

/// A fax server.
macro_rules! fax_server {
    () => {
        concat!(
            "sip:(",
            host_name!(),
            "|",
            ipv4!(),
            r"|\\[[0-9A-Fa-f:.]+\\])(:(",
            port!(),
            "))?(;transport=[a-z]+)?"
        )
    };
}

/// A text on one line, perhaps empty: no control characters.
pub const LINE: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";
/// A text of several lines: of the control characters, only tab, line feed and carriage return.
pub const LINES: &str = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$";
/// A text on one line with no blank at either end.
pub const WORDS: &str = r"^[^\x00-\x20\x7f-\xa0]([^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0])?$";
/// The name of a group of dialing rules: [`WORDS`] without a comma.
pub const GROUP: &str = r"^[^,\x00-\x20\x7f-\xa0]([^,\x00-\x1f\x7f-\x9f]*[^,\x00-\x20\x7f-\xa0])?$";
/// A display name of a dial plan, policy or gateway (Exchange `Name`).
pub const DISPLAY_NAME: &str = r#"^[^"/\\\[\]:;|=,+*?<>\x00-\x1f\x7f-\x9f]+$"#;
/// A path to a wave file, or nothing.
pub const WAVE_FILE: &str = r"^([^\x00-\x1f\x7f-\x9f]*[.][wW][aA][vV])?$";
/// A telephone number with its separators, or nothing.
pub const PHONE_NUMBER: &str = "^([+*#(). /-]*[0-9][0-9+*#(). /-]*)?$";

/// One mail address.
pub const MAIL: &str = concat!("^", mail!(), "$");
/// One mail address, or nothing.
pub const MAIL_OR_NONE: &str = concat!("^(", mail!(), ")?$");

/// Characters of a host name or an IP address; [`IS_HOST`] says the rest.
pub const HOST: &str = r"^[A-Za-z0-9_.:\[\]-]+$";
/// A host name or an IP address.
pub const IS_HOST: &str = concat!(
    "isIP(self) || self.matches('^",
    host_name!(),
    "$') || (self.startsWith('[') && self.endsWith(']') && self.contains(':') && isIP(self.substring(1, self.size() - 1)))"
);
/// What [`IS_HOST`] says.
pub const NO_HOST: &str = "must be a host name or an IP address, without port and without 'sip:'";

/// Characters of a host with a port, or nothing; [`IS_PLACE`] says the rest.
pub const PLACE: &str = r"^[A-Za-z0-9_.:\[\]-]*$";
/// A host name or an IP address, perhaps with a port, or nothing.
pub const IS_PLACE: &str = concat!(
    "self == '' || isIP(self) || self.matches('^(",
    host_name!(),
    "|",
    ipv4!(),
    ")(:(",
    port!(),
    "))?$') || (self.startsWith('[') && self.contains(':') && self.matches('](:(",
    port!(),
    "))?$') && isIP(self.substring(1, self.indexOf(']'))))"
);
/// What [`IS_PLACE`] says.
pub const NO_PLACE: &str =
    "must be a host name or an IP address, with ':port' if need be, IPv6 in brackets then, without 'sip:'";

/// A pilot identifier: a number with `+`, letters and digits, or an address `user@host`.
pub const PILOT: &str = concat!(
    r"^([sS][iI][pP]:)?(\+[1-9][0-9]{0,14}|[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|([A-Za-z0-9_.!~*'()&=+$,-]|%[0-9A-Fa-f]{2})+@(",
    host_name!(),
    "|",
    ipv4!(),
    r"|\[[0-9A-Fa-f:.]+\]))$"
);

/// A SIP URI with placeholders.
pub const IDENTITY: &str =
    r"^[sS][iI][pP][sS]?:([!#-;=?-z|~]|\{(extension|sipResourceIdentifier|number|gateway|notifier)\})+$";

/// Characters of one or two fax servers; [`IS_FAX_SERVERS`] says the rest.
pub const FAX_SERVERS: &str = r"^( *sip:[A-Za-z0-9_.:\[\]-]+(;transport=(tcp|tls|udp))? *(, *sip:[A-Za-z0-9_.:\[\]-]+(;transport=(tcp|tls|udp))? *)?)?$";
/// Each fax server has a host and perhaps a port. Without `split`, which an API server takes to be dear.
pub const IS_FAX_SERVERS: &str =
    concat!("self == '' || self.matches('^ *", fax_server!(), " *(, *", fax_server!(), " *)?$')");
/// What [`IS_FAX_SERVERS`] says.
pub const NO_FAX_SERVERS: &str =
    "faxServerURI needs a host name or an IP address, and a port of 1 to 65535 if there is one";
/// Of two fax servers, one is for TLS.
pub const IS_FAX_PAIR: &str =
    "!self.contains(',') || self.split(',').exists_one(server, server.trim().endsWith(';transport=tls'))";
/// What [`IS_FAX_PAIR`] says.
pub const NO_FAX_PAIR: &str =
    "of two servers in faxServerURI, one has ';transport=tls' and the other has not";
