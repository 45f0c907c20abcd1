//! A strict reader of the XML that reports are made of: elements, attributes, text, the five entities and character references.
//! Anything else panics. Knows no report.

/// An element.
#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    /// All text in it, without that of its children.
    pub text: String,
}

impl Element {
    pub fn attribute(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("{} has no attribute {name}", self.name)).1
    }
}

/// Reads a document.
pub fn parse(text: &str) -> Element {
    let valid = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(valid), "a character that XML does not have");
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    let mut reader = Reader { rest: text.strip_prefix(head).expect("an XML declaration") };
    let root = reader.element();
    assert_eq!(reader.rest.trim(), "", "something after the root");
    root
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn take(&mut self, text: &str) {
        self.rest = self
            .rest
            .strip_prefix(text)
            .unwrap_or_else(|| panic!("expected {text} before {:.80}", self.rest));
    }

    fn until(&mut self, stop: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(stop).expect("the end is missing");
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn name(&mut self) -> String {
        let name = self.until(|c| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        assert!(name.starts_with(|c: char| c.is_ascii_alphabetic()), "{name:?} is no name");
        name.to_owned()
    }

    fn element(&mut self) -> Element {
        self.take("<");
        let mut element = Element { name: self.name(), ..Element::default() };
        while self.rest.starts_with(' ') {
            self.take(" ");
            let name = self.name();
            self.take("=\"");
            let value = unescaped(self.until(|c| c == '"'));
            self.take("\"");
            assert!(element.attributes.iter().all(|(known, _)| *known != name), "{name} stands twice");
            element.attributes.push((name, value));
        }
        if self.rest.starts_with('/') {
            self.take("/>");
            return element;
        }
        self.take(">");
        loop {
            let text = self.until(|c| c == '<');
            element.text.push_str(&unescaped(text));
            if self.rest.starts_with("</") {
                self.take(&format!("</{}>", element.name));
                return element;
            }
            let child = self.element();
            element.children.push(child);
        }
    }
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap().to_owned();
    assert!(!text.contains(['<', '>']), "a bracket that is not escaped in {text:?}");
    for part in parts {
        let (entity, rest) = part.split_once(';').expect("an entity has an end");
        match entity {
            "amp" => out.push('&'),
            "lt" => out.push('<'),
            "gt" => out.push('>'),
            "quot" => out.push('"'),
            "apos" => out.push('\''),
            _ => {
                let number = entity.strip_prefix('#').expect("a known entity").parse().unwrap();
                out.push(char::from_u32(number).unwrap());
            }
        }
        out.push_str(rest);
    }
    out
}
