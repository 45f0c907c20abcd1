//! In which lists a number is looked up, in which writings, and which entry wins. Knows groups only as something allowed or not.

use std::cmp::Reverse;

use super::number::Number;
use super::{Dialing, Entry, Permissions, Range};

/// What a number is looked up as.
pub(super) struct Lookup {
    /// Its writings, in the order in which they are tried.
    pub(super) forms: Vec<Form>,
    /// The lists, in the order in which they are tried for each writing.
    pub(super) ranges: &'static [Range],
}

/// One writing of a number.
pub(super) struct Form {
    digits: String,
    /// How many digits an entry has to write out before its first `x` to be for this writing. None: every entry is, `*` as well.
    written_out: Option<usize>,
}

impl Form {
    /// As a phone dials it.
    fn as_dialed(digits: String) -> Self {
        Self { digits, written_out: None }
    }

    /// With its country code and without anything before that, which no phone dials. Only who writes it out means it, and `*` would
    /// hand it on as it is.
    fn as_it_stands(digits: String, country_code: usize) -> Self {
        Self { digits, written_out: Some(country_code) }
    }

    fn suits(&self, entry: &Entry) -> bool {
        self.written_out
            .is_none_or(|least| entry.mask.literal_prefix().len() >= least && !entry.dialed.is_as_matched())
    }
}

impl Dialing {
    /// Whether digits are as long as an extension.
    pub(super) fn is_extension(&self, digits: &str) -> bool {
        digits.len() == usize::from(self.digits)
    }

    /// Whether digits are the outside line and something behind it, so that the PBX takes them for no extension.
    pub(super) fn leaves_house(&self, digits: &str) -> bool {
        let line = &*self.outside_line;
        !line.is_empty() && digits.len() > line.len() && digits.starts_with(line)
    }

    /// Whether the caller's digits make an extension of what a rule dials.
    pub(super) fn becomes_extension(&self, entry: &Entry, dial: &str) -> bool {
        self.is_extension(dial) && !self.leaves_house(dial) && !entry.dialed.is_written_out()
    }

    /// Whether the caller's digits make an international call of what an in-country rule dials.
    fn becomes_international(&self, entry: &Entry, dial: &str) -> bool {
        let written_out = entry.dialed.literal_prefix();
        self.abroad().iter().any(|abroad| dial.starts_with(abroad) && !written_out.starts_with(abroad))
    }

    /// What an international call begins with; empty where the dial plan does not say.
    ///
    /// Outside line and international access code, or the latter alone, since users forget the line and rules add it. Alone it counts
    /// only where it can't be the line and the beginning of a national number: with line 0 and prefix 0, the PBX takes the
    /// first 0 of 00 for the line, and what follows is in the country.
    fn abroad(&self) -> Vec<String> {
        let (line, access) = (&*self.outside_line, &*self.international_access);
        if access.is_empty() {
            return Vec::new();
        }
        let national = format!("{line}{}", self.national_prefix);
        let is_national = !line.is_empty() && (national.starts_with(access) || access.starts_with(&national));
        let mut abroad = vec![format!("{line}{access}")];
        if !is_national {
            abroad.push(access.to_owned());
        }
        abroad
    }

    /// Classifies a number and makes its writings. Absent where nothing follows the country code.
    pub(super) fn lookup(&self, number: Number) -> Option<Lookup> {
        match number {
            Number::Typed(digits) => {
                let ranges = self.ranges_of_typed(&digits);
                Some(Lookup { forms: vec![Form::as_dialed(digits)], ranges })
            }
            Number::Full(digits) => self.lookup_full(digits),
        }
    }

    fn ranges_of_typed(&self, digits: &str) -> &'static [Range] {
        if self.international_access.is_empty() {
            &[Range::InCountry, Range::International]
        } else if self.abroad().iter().any(|abroad| digits.starts_with(abroad)) {
            &[Range::International]
        } else {
            &[Range::InCountry]
        }
    }

    fn lookup_full(&self, digits: String) -> Option<Lookup> {
        let Self { country_code, outside_line, international_access, national_prefix, .. } = self;
        let in_country = digits.strip_prefix(&**country_code).filter(|_| !country_code.is_empty());
        let Some(rest) = in_country else {
            let as_dialed = (!international_access.is_empty())
                .then(|| Form::as_dialed(format!("{outside_line}{international_access}{digits}")));
            // How long a foreign country code is, the dial plan does not say.
            let forms = as_dialed.into_iter().chain([Form::as_it_stands(digits, 1)]).collect();
            return Some(Lookup { forms, ranges: &[Range::International] });
        };
        if rest.is_empty() {
            return None;
        }
        let as_dialed = Form::as_dialed(format!("{outside_line}{national_prefix}{rest}"));
        let forms = vec![as_dialed, Form::as_it_stands(digits, country_code.len())];
        Some(Lookup { forms, ranges: &[Range::InCountry] })
    }

    /// The entry that wins for one writing of a number, and what it dials.
    pub(super) fn best(
        &self,
        permissions: &Permissions,
        range: Range,
        form: &Form,
    ) -> Option<(&Entry, String)> {
        self.entries(range)
            .iter()
            .filter(|entry| permissions.allows(range, &entry.group) && form.suits(entry))
            .filter_map(|entry| Some((entry, entry.dialed.fill(&entry.mask, &form.digits)?)))
            .filter(|(entry, dial)| range == Range::International || !self.becomes_international(entry, dial))
            // Of equals, `min_by_key` gives the first.
            .min_by_key(|(entry, _)| Reverse(entry.mask.literal_prefix().len()))
    }
}
