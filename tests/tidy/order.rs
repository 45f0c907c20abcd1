//! The order in which the wire types name their fields: the reading order of the documentation. JSON does not keep it, so it is
//! read from the source.

use std::collections::BTreeMap;

use crate::rust;
use crate::tree::File;

/// Each struct of the wire types by its name: its fields, and the words of their types.
pub struct Structs(BTreeMap<String, Vec<Field>>);

struct Field {
    name: String,
    type_words: Vec<String>,
}

impl Structs {
    /// Reads the wire types.
    pub fn of(files: &[File]) -> Self {
        let mut structs = BTreeMap::new();
        for file in files.iter().filter(|file| file.path.starts_with("src/api/")) {
            let tokens: Vec<String> = rust::tokens(&file.text)
                .into_iter()
                .filter(|token| !token.in_attribute && !["#", "[", "]"].contains(&token.text.as_str()))
                .map(|token| token.text)
                .collect();
            for (at, token) in tokens.iter().enumerate() {
                if token == "struct" && tokens.get(at + 2).is_some_and(|next| next == "{") {
                    structs.insert(tokens[at + 1].clone(), fields(&tokens[at + 3..]));
                }
            }
        }
        Self(structs)
    }

    /// The names in the order of the struct; names that it does not have come last, by the alphabet.
    pub fn sort<'a>(&self, of: Option<&str>, mut names: Vec<&'a str>) -> Vec<&'a str> {
        let known = of.map(|of| self.names(of, 0)).unwrap_or_default();
        names.sort_unstable();
        names.sort_by_key(|name| known.iter().position(|known| *known == plain(name)).unwrap_or(usize::MAX));
        names
    }

    /// The struct that a field holds, be it in a list or optional.
    pub fn below(&self, of: Option<&str>, field: &str) -> Option<&str> {
        let fields = self.0.get(of?)?;
        let field = fields.iter().find(|candidate| candidate.name == plain(field))?;
        field
            .type_words
            .iter()
            .rev()
            .find_map(|word| self.0.get_key_value(word))
            .map(|(name, _)| name.as_str())
    }

    /// The fields, those of a block that is written into it (`serde(flatten)`) among them in its place.
    fn names(&self, of: &str, depth: usize) -> Vec<String> {
        let mut names = Vec::new();
        for field in self.0.get(of).into_iter().flatten() {
            names.push(field.name.clone());
            if depth == 0
                && let Some(inner) = field.type_words.iter().find(|word| self.0.contains_key(*word))
            {
                names.extend(self.names(inner, 1));
            }
        }
        names
    }
}

/// The fields of a struct from the sign after its brace on.
fn fields(tokens: &[String]) -> Vec<Field> {
    let (mut fields, mut at) = (Vec::new(), 0);
    let text = |at: usize| tokens.get(at).map_or("}", String::as_str);
    while text(at) != "}" {
        if text(at + 1) != ":" {
            at += 1; // `pub` and the like
            continue;
        }
        let name = plain(text(at));
        let (mut type_words, mut depth) = (Vec::new(), 0_usize);
        at += 2;
        while text(at) != "}" && (depth > 0 || text(at) != ",") {
            match text(at) {
                "<" => depth += 1,
                ">" => depth = depth.saturating_sub(1),
                word => type_words.push(word.to_owned()),
            }
            at += 1;
        }
        fields.push(Field { name, type_words });
    }
    fields
}

/// `client_ca_ref`, `clientCARef` and `type_` without what differs between Rust and JSON.
fn plain(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

/// The order against a source that has attributes, lists and nested types.
pub fn check_reader() {
    let text = r##"
        /// A struct.
        #[derive(Clone)]
        pub struct Zoo { #[serde(rename = "x:y")] pub name_of: String, pub(crate) cages: Option<Vec<Cage>>, pub map: BTreeMap<String, i32>, pub a: i32 }
        struct Cage { r_uri: String }
    "##;
    let structs = Structs::of(&[File { path: "src/api/zoo.rs".into(), text: text.into() }]);
    assert_eq!(
        structs.sort(Some("Zoo"), vec!["a", "b", "cages", "map", "nameOf"]),
        ["nameOf", "cages", "map", "a", "b"]
    );
    assert_eq!(structs.below(Some("Zoo"), "cages"), Some("Cage"));
    assert_eq!(structs.below(Some("Zoo"), "map"), None);
    assert_eq!(structs.sort(None, vec!["b", "a"]), ["a", "b"]);
}
