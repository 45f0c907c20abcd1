//! Reads as much Markdown as it takes to see headings, links and blocks of code.

/// A heading, with the anchor that links to it.
#[derive(Debug, PartialEq)]
pub struct Heading {
    pub line: usize,
    pub text: String,
    pub anchor: String,
}

/// Where an inline link or a picture leads.
#[derive(Debug, PartialEq)]
pub struct Link {
    pub line: usize,
    pub target: String,
}

/// A fenced block of code; `line` is that of its first line of content.
#[derive(Debug, PartialEq)]
pub struct Block {
    pub line: usize,
    pub language: String,
    pub text: String,
}

/// The lines outside of fenced blocks, with their numbers from 1, and the blocks.
fn split(text: &str) -> (Vec<(usize, &str)>, Vec<Block>) {
    let (mut prose, mut blocks) = (Vec::new(), Vec::<Block>::new());
    let mut open = false;
    for (index, line) in text.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), open) {
            (Some(language), false) => {
                blocks.push(Block {
                    line: index + 2,
                    language: language.trim().to_owned(),
                    text: String::new(),
                });
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => {
                let block = blocks.last_mut().expect("a block is open");
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => prose.push((index + 1, line)),
        }
    }
    (prose, blocks)
}

/// The fenced blocks of code.
pub fn blocks(text: &str) -> Vec<Block> {
    split(text).1
}

/// The headings, with anchors as GitHub makes them.
pub fn headings(text: &str) -> Vec<Heading> {
    let mut headings = Vec::<Heading>::new();
    for (line, content) in split(text).0 {
        let Some((marks, title)) = content.split_once(' ') else { continue };
        if marks.is_empty() || marks.chars().any(|c| c != '#') {
            continue;
        }
        let plain = anchor(title);
        let same = |heading: &&Heading| anchor(&heading.text) == plain;
        let anchor = match headings.iter().filter(same).count() {
            0 => plain,
            earlier => format!("{plain}-{earlier}"),
        };
        headings.push(Heading { line, text: title.trim().trim_matches('`').to_owned(), anchor });
    }
    headings
}

/// The anchor of a heading: small letters, blanks as `-`, signs left out.
pub fn anchor(title: &str) -> String {
    let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>().to_lowercase()
}

/// The targets of inline links and pictures outside of code.
pub fn links(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for (line, content) in split(text).0 {
        let content = without_code(content);
        for (at, found) in content.match_indices("](") {
            let rest = &content[at + found.len()..];
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            links.push(Link { line, target: target.to_owned() });
        }
    }
    links
}

/// What stands between backticks.
pub fn code_spans(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// The cells of a row of a table; nothing for other lines. A `\|` is no border.
pub fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let cells = inner.replace("\\|", "\u{0}");
    Some(cells.split('|').map(|cell| cell.replace('\u{0}', "|").trim().to_owned()).collect())
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// The reader against a text that has all it must see and all it must pass over.
pub fn check_reader() {
    let text = "# One: `two.three[]`\n\
        See [a](b.md#c), `[no](link)` and ![p](d.svg \"title\").\n\
        ```yaml\n# no heading\n[no](link)\n```\n\
        ## Twice\n## Twice\n#hashtag\n";
    let anchors: Vec<(usize, String)> =
        headings(text).into_iter().map(|heading| (heading.line, heading.anchor)).collect();
    assert_eq!(anchors, [(1, "one-twothree".into()), (7, "twice".into()), (8, "twice-1".into())]);
    let targets: Vec<(usize, String)> =
        links(text).into_iter().map(|link| (link.line, link.target)).collect();
    assert_eq!(targets, [(2, "b.md#c".into()), (2, "d.svg".into())]);
    let block = Block { line: 4, language: "yaml".into(), text: "# no heading\n[no](link)\n".into() };
    assert_eq!(blocks(text), [block]);
    assert_eq!(cells("| a | `b \\| c` |"), Some(vec!["a".into(), "`b | c`".into()]));
    assert_eq!(code_spans("| `a` and `b.c` |"), ["a", "b.c"]);
}
