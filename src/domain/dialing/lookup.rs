//! In which lists a number is looked up, in which writings, and which entry wins. Knows groups only as something allowed or not.

use std::cmp::Reverse;

use super::number::Number;
use super::{Dialing, Entry, Permissions, Range};

/// What a number is looked up as.
pub(super) struct Lookup {
    /// Its writings, in the order in which they are tried.
    pub(super) forms: Vec<String>,
    /// The lists, in the order in which they are tried for each writing.
    pub(super) ranges: &'static [Range],
}

impl Dialing {
    /// Whether digits are as long as an extension.
    pub(super) fn is_extension(&self, digits: &str) -> bool {
        digits.len() == usize::from(self.digits)
    }

    /// Whether the caller's digits make an extension of what a rule dials.
    pub(super) fn becomes_extension(&self, entry: &Entry, dial: &str) -> bool {
        let leaves_house = !self.outside_line.is_empty() && dial.starts_with(&*self.outside_line);
        self.is_extension(dial) && !leaves_house && !entry.dialed.is_written_out()
    }

    /// Whether the caller's digits make an international call of what an in-country rule dials.
    fn becomes_international(&self, entry: &Entry, dial: &str) -> bool {
        self.abroad().is_some_and(|abroad| {
            dial.starts_with(&abroad) && !entry.dialed.literal_prefix().starts_with(&abroad)
        })
    }

    /// What a phone dials before a country code; absent where the dial plan does not say.
    fn abroad(&self) -> Option<String> {
        let access = &self.international_access;
        (!access.is_empty()).then(|| format!("{}{access}", self.outside_line))
    }

    /// Classifies a number and makes its writings. Absent where nothing follows the country code.
    pub(super) fn lookup(&self, number: Number) -> Option<Lookup> {
        const IN_COUNTRY: &[Range] = &[Range::InCountry];
        const INTERNATIONAL: &[Range] = &[Range::International];
        let digits = match number {
            Number::Typed(digits) => {
                let ranges = match self.abroad() {
                    None => &[Range::InCountry, Range::International],
                    Some(abroad)
                        if digits.starts_with(&abroad) || digits.starts_with(&*self.international_access) =>
                    {
                        INTERNATIONAL
                    }
                    Some(_) => IN_COUNTRY,
                };
                return Some(Lookup { forms: vec![digits], ranges });
            }
            Number::Full(digits) => digits,
        };
        let in_country = digits.strip_prefix(&*self.country_code).filter(|_| !self.country_code.is_empty());
        let (as_dialed, ranges) = match in_country {
            Some("") => return None,
            Some(rest) => (format!("{}{}{rest}", self.outside_line, self.national_prefix), IN_COUNTRY),
            None => (format!("{}{}{digits}", self.outside_line, self.international_access), INTERNATIONAL),
        };
        Some(Lookup { forms: vec![as_dialed, digits], ranges })
    }

    /// The entry that wins for one writing of a number, and what it dials.
    pub(super) fn best(
        &self,
        permissions: &Permissions,
        range: Range,
        form: &str,
    ) -> Option<(&Entry, String)> {
        self.entries(range)
            .iter()
            .filter(|entry| permissions.allows(range, &entry.group))
            .filter_map(|entry| Some((entry, entry.dialed.fill(&entry.mask, form)?)))
            .filter(|(entry, dial)| range == Range::International || !self.becomes_international(entry, dial))
            // Of equals, `min_by_key` gives the first.
            .min_by_key(|(entry, _)| Reverse(entry.mask.literal_prefix().len()))
    }
}
