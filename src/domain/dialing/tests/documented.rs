//! The examples of `docs/dialing.md`: each row of a table whose columns are `number`, `decided by` and `dialed` is true of the dial
//! plan and of the permissions in the YAML before it.

use serde_json::Value;

use super::*;

const PAGE: &str = include_str!("../../../../docs/dialing.md");

#[derive(Default)]
struct Reader {
    dialing: Dialing,
    permissions: Permissions,
    rows: usize,
}

impl Reader {
    /// A dial plan replaces both, a policy the permissions.
    fn yaml(&mut self, text: &str) {
        let spec: Value = serde_saphyr::from_str(text).unwrap();
        for field in spec.as_object().unwrap().keys() {
            assert!(FIELDS.contains(&field.as_str()), "no test reads {field}");
        }
        if let Some(digits) = spec["numberOfDigitsInExtension"].as_u64() {
            let code = |field: &str| spec[field].as_str().unwrap_or_default().into();
            self.dialing = Dialing {
                digits: digits.try_into().unwrap(),
                country_code: code("countryOrRegionCode"),
                outside_line: code("outsideLineAccessCode"),
                international_access: code("internationalAccessCode"),
                national_prefix: code("nationalNumberPrefix"),
                in_country: entries(&spec["configuredInCountryOrRegionGroups"]),
                international: entries(&spec["configuredInternationalGroups"]),
            };
        }
        self.permissions = Permissions {
            subscribers: spec["allowDialPlanSubscribers"].as_bool().unwrap(),
            extensions: spec["allowExtensions"].as_bool().unwrap(),
            in_country: names(&spec["allowedInCountryOrRegionGroups"]),
            international: names(&spec["allowedInternationalGroups"]),
        };
    }

    fn row(&mut self, row: &str) {
        let cells: Vec<String> =
            row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
        let [number, by, dialed] = cells.as_slice() else { panic!("{row}") };
        let decision =
            decide(&self.dialing, &self.permissions, number, &|extension| extension.as_str() == "4201");
        let (shown, dial) = match decision {
            Decision::Extension { dial } => ("extension".to_owned(), dial),
            Decision::Rule { dial, entry, .. } => (format!("{}: {}", entry.group, entry.mask), dial),
            Decision::Refused(refusal) => (refusal.to_string(), String::new()),
        };
        assert_eq!((by, dialed), (&shown, &dial), "{row}");
        self.rows += 1;
    }
}

const FIELDS: &[&str] = &[
    "numberOfDigitsInExtension",
    "countryOrRegionCode",
    "outsideLineAccessCode",
    "internationalAccessCode",
    "nationalNumberPrefix",
    "configuredInCountryOrRegionGroups",
    "configuredInternationalGroups",
    "allowDialPlanSubscribers",
    "allowExtensions",
    "allowedInCountryOrRegionGroups",
    "allowedInternationalGroups",
];

fn entries(list: &Value) -> Vec<Entry> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entries = list.as_array().into_iter().flatten();
    let entries: Vec<Entry> = entries
        .map(|rule| entry(&text(&rule["name"]), &text(&rule["numberMask"]), &text(&rule["dialedNumber"])))
        .collect();
    assert!(entries.iter().all(|entry| fits(&entry.mask, &entry.dialed)));
    entries
}

fn names(list: &Value) -> Vec<Box<str>> {
    list.as_array().into_iter().flatten().map(|name| name.as_str().unwrap().into()).collect()
}

#[test]
fn every_example_of_the_documentation_is_true() {
    let mut reader = Reader::default();
    let mut yaml: Option<String> = None;
    let mut in_table = false;
    for line in PAGE.lines() {
        match (&mut yaml, line) {
            (None, "```yaml") => yaml = Some(String::new()),
            (Some(text), "```") => {
                reader.yaml(text);
                yaml = None;
            }
            (Some(text), line) => text.extend([line, "\n"]),
            (None, "| number | decided by | dialed |") => in_table = true,
            (None, line) if in_table && line.starts_with("| ---") => {}
            (None, line) if in_table && line.starts_with('|') => reader.row(line),
            (None, _) => in_table = false,
        }
    }
    assert!(reader.rows >= 38, "only {} examples were found", reader.rows);
}

#[test]
fn the_documentation_has_advice_for_every_refusal() {
    for refusal in Refusal::ALL {
        assert!(PAGE.contains(&format!("\n| `{refusal}` | ")), "{refusal}");
    }
}
