//! Input that nobody means well with: generated documents through the library, and files without end through the program.
//! Nothing panics, all ends soon, and whatever is not accepted is told with file, line and column.

use std::fs::{self, File};
use std::io::Write as _;
use std::time::{Duration, Instant};

use lamplighter::admission::Admission;
use lamplighter::api::schema::crds;
use lamplighter::cli::validate::verdict::{Verdict, examine};
use lamplighter::cli::validate::{Format, write};
use lamplighter::source::manifest::{Loader, Schemas};

use super::validate::{sound, validate, validate_with};
use super::xml;

/// Generated documents.
const DOCUMENTS: u64 = 10_000;
/// No document may take longer. It guards against hanging; usually each takes a few milliseconds.
const LONGEST: Duration = Duration::from_secs(1);

/// One manifest of each kind; each line is one that the generator may change.
const SOUND: &[&str] = &[
    "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMDialPlan\nmetadata:\n  name: hq\n  namespace: voice\n  labels: {team: a}\nspec:\n  numberOfDigitsInExtension: 4\n  uriType: TelExtn\n  notifier:\n    mode: Active\n    sip: {port: 5060, allowedPeers: [\"192.0.2.0/24\"]}\n    refreshInterval: 6h\n",
    "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMMailboxPolicy\nmetadata:\n  name: sales\nspec:\n  dialPlanRef: {name: hq}\n  allowMessageWaitingIndicator: true\n",
    "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMIPGateway\nmetadata:\n  name: pbx\nspec:\n  address: 192.0.2.1\n  port: 5060\n  priority: 10\n  dialPlanRef: {name: hq}\n  huntGroups:\n  - dialPlanRef: {name: branch}\n    pilotIdentifiers: [\"4000\", \"4001\"]\n",
    "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMMailbox\nmetadata:\n  name: lina\nspec:\n  displayName: Lina\n  mailboxPolicyRef: {name: sales}\n  extensions: [\"4201\", \"4299\"]\n  messageWaitingIndicatorExtensions:\n  - \"4201\"\n",
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: pbx-sip\nstringData:\n  password: hush\n",
    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: um.lamplighter.dev/v1alpha1\n  kind: UMMailbox\n  metadata: {name: omar}\n  spec: {mailboxPolicyRef: {name: sales}, extensions: [\"4202\"]}\n",
];

/// What stands where a value did.
const VALUES: &[&str] = &[
    "1",
    "-1",
    "99999999999999999999999",
    "0x10",
    "0o17",
    "1e999",
    ".inf",
    "-.nan",
    "1_000",
    "yes",
    "~",
    "null",
    "\"\"",
    "''",
    "[]",
    "{}",
    "[[[]]]",
    "{a: {b: {c: 1}}}",
    "2026-11-22",
    "!!binary aGk=",
    "!!str 12",
    "!foo bar",
    "\"\\u0000\"",
    "\"\\e[31m\"",
    "\"\\ud800\"",
    "\"a\\nb\"",
    "ä\u{202e}ö\u{200b}",
    "\u{1f4a1}",
    "\u{feff}",
    "*nobody",
    "&x 1",
    "|\n    text",
    ">-\n    text",
    "\"unclosed",
    "[1, 2",
    "{a: 1",
    "a: b: c",
    "@at",
    "`tick`",
    "%percent",
    "- dash",
    "? key",
    "\"4201\"",
    "TelExtn",
    "\t",
    "#",
    "18446744073709551616",
    "-9223372036854775809",
    "3.5",
    "\u{7f}",
    "\u{85}x",
    "\u{2028}",
    "<<",
    "{<<: 1}",
    "\"x\" y",
];

/// What stands on a line of its own.
const LINES: &[&str] = &[
    "displayNam: x",
    "  extension: [\"1\"]",
    "spec: {}",
    "kind: UMMailbox",
    "apiVersion: v1",
    "\tspec: 1",
    "---",
    "...",
    "--- # x",
    "%YAML 1.2",
    "- a",
    "? complex\n: key",
    "<<: *nobody",
    "base: &base {name: hq}\nspec: {<<: *base}",
    "  <<: [{name: a}, {name: b}]",
    "metadata: {name: lina}",
    "  name: \"A B\"",
    "  namespace: \"x.y\"",
    "status: {conditions: [{type: Ready}]}",
    "\u{feff}",
    "\r",
    "a: &a [*a]",
    "  labels: {\"a b\": \"c d\"}",
    "  annotations: {x: 1}",
    "? [a, b]\n: c",
    "{a: 1}: b",
    "  creationTimestamp: null",
];

/// Numbers that look random and are the same at every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

/// A document with one to four faults.
fn document(seed: u64) -> String {
    let mut dice = Dice(seed);
    let mut lines: Vec<String> = dice.pick(SOUND).lines().map(ToOwned::to_owned).collect();
    for _ in 0..=dice.roll(4) {
        if lines.is_empty() {
            lines.push(String::new());
        }
        let at = dice.roll(lines.len());
        match dice.roll(10) {
            0..=3 => {
                let value = dice.pick(VALUES);
                let key = lines[at].split_once(": ").map_or(lines[at].clone(), |(key, _)| key.to_owned());
                lines[at] = format!("{key}: {value}");
            }
            4 | 5 => lines.insert(at, dice.pick(LINES).to_owned()),
            6 => {
                lines.remove(at);
            }
            7 => lines.insert(at, lines[at].clone()),
            8 => {
                let depth = dice.roll(200);
                let (open, close) = [("[", "]"), ("{a: ", "}")][dice.roll(2)];
                lines[at] =
                    format!("{}: {}{}", lines[at].trim_end(), open.repeat(depth), close.repeat(depth));
            }
            _ => {
                let mut letters: Vec<char> = lines[at].chars().collect();
                let place = dice.roll(letters.len() + 1);
                letters.insert(
                    place,
                    [' ', '\t', ':', '"', '\'', '[', '}', '#', '\u{0}', '\u{1b}', 'é', '\\'][dice.roll(12)],
                );
                lines[at] = letters.into_iter().collect();
            }
        }
    }
    let end = ["\n", "\r\n", "\n\n", "\r"][if dice.roll(5) == 0 { dice.roll(4) } else { 0 }];
    let begin = if dice.roll(10) == 0 { "\u{feff}" } else { "" };
    format!("{begin}{}{end}", lines.join(end))
}

fn judge(text: &str, schemas: &Schemas, admission: &Admission) -> (usize, Verdict) {
    let mut loader = Loader::new(schemas);
    loader.text("a.yaml", text);
    let loaded = loader.finish();
    (loaded.documents.len(), examine(loaded, admission))
}

/// Each finding has a place that is in the text, or right behind it.
fn places_are_sound(text: &str, verdict: &Verdict) {
    let lines = u32::try_from(text.split(['\n', '\r']).count()).unwrap();
    for told in &verdict.told {
        let place = &told.problem.place;
        assert_eq!(&*place.file, "a.yaml");
        assert!((1..=lines + 1).contains(&place.line) && place.column >= 1, "{place} in {text:?}");
        assert!(!told.problem.message.is_empty(), "{told:?}");
    }
}

/// Every format of it can be read, and a terminal obeys nothing of it.
fn formats_are_sound(text: &str, verdict: &Verdict) {
    let shown = write(verdict, Format::Text, Some(text), false).unwrap();
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?} of {text:?}");
    for format in [Format::Json, Format::Sarif, Format::Gitlab] {
        let written = write(verdict, format, None, false).unwrap();
        serde_json::from_str::<serde_json::Value>(&written).unwrap();
    }
    xml::parse(&write(verdict, Format::Junit, None, false).unwrap());
    let commands = write(verdict, Format::Github, None, false).unwrap();
    assert_eq!(commands.lines().count(), verdict.told.len() + 1, "{commands}");
}

#[test]
fn ten_thousand_broken_documents_are_each_judged_soon_and_at_a_place() {
    let crds = crds().unwrap();
    let (schemas, admission) = (Schemas::of_definitions(&crds), Admission::new(&crds).unwrap());
    let (mut longest, mut accepted, mut refused) = ((Duration::ZERO, 0), 0, 0);
    for seed in 0..DOCUMENTS {
        let text = document(seed);
        let start = Instant::now();
        let (documents, verdict) = judge(&text, &schemas, &admission);
        let time = start.elapsed();
        longest = longest.max((time, seed));
        assert!(time < LONGEST, "document {seed} took {time:?}: {text:?}");
        places_are_sound(&text, &verdict);
        if verdict.told.is_empty() {
            accepted += 1;
            // Nothing was said, so all is read, or it is not ours: a word of it is another.
            let head = "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UM";
            let is_ours = text.trim_start_matches('\u{feff}').starts_with(head);
            assert!(documents > 0 || !is_ours || text.contains("---") || text.contains("..."), "{text:?}");
        } else {
            refused += 1;
            if seed % 10 == 0 {
                formats_are_sound(&text, &verdict);
            }
        }
    }
    println!("longest {:?} (document {}), {accepted} accepted, {refused} refused", longest.0, longest.1);
    assert!(refused > 5000, "only {refused} of the documents were refused");
}

/// Names that grow tenfold with each line.
fn bomb() -> String {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for pair in ["a", "b", "c", "d", "e", "f", "g", "h", "i"].windows(2) {
        text.push_str(&format!(
            "{}: &{} [{}]\n",
            pair[1],
            pair[1],
            vec![format!("*{}", pair[0]); 10].join(", ")
        ));
    }
    text
}

#[test]
fn files_that_are_too_large_too_deep_or_no_text_end_soon_with_a_sentence() {
    let head = "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMMailbox\nmetadata: {name: x}\nspec:\n  extensions: ";
    let garbage: Vec<u8> = {
        let mut dice = Dice(7);
        (0..10 * 1024 * 1024).map(|_| u8::try_from(dice.roll(256)).unwrap()).collect()
    };
    let printable: Vec<u8> = garbage.iter().map(|byte| 32 + byte % 95).collect();
    let large = "# a comment that goes on and on\n".repeat(400_000);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("large", large.into_bytes(), "larger than 10 MiB"),
        ("bytes", garbage, "not UTF-8"),
        ("printable", printable, "this is not YAML"),
        ("zeros", vec![0; 5 * 1024 * 1024], "this is not YAML"),
        ("deep", format!("{head}{}", "[".repeat(100_000)).into_bytes(), "levels deep"),
        ("bomb", format!("{}{head}[]\n", bomb()).into_bytes(), "aliases"),
        ("long line", format!("{head}[{}]\n", "1, ".repeat(300_000)).into_bytes(), "expected text"),
        ("documents", "---\nx\n".repeat(300_000).into_bytes(), "no object"),
        ("quotes", format!("{head}\"{}", "\n\n".repeat(2_000_000)).into_bytes(), "this is not YAML"),
    ];
    for (name, bytes, sentence) in cases {
        let folder = sound();
        fs::write(folder.manifests().join("zz.yaml"), &bytes).unwrap();
        let start = Instant::now();
        for run in
            [validate(&folder, &["manifests"]), validate_with(&folder, &["manifests/lina.yaml", "-"], &bytes)]
        {
            assert_eq!(run.code, 1, "{name}: {} {:.2000}", run.stderr, run.stdout);
            assert!(run.stdout.contains(sentence), "{name}: {:.2000}", run.stdout);
            assert!(run.stdout.len() < 8 * 1024 * 1024, "{name}: {} bytes", run.stdout.len());
        }
        println!("{name}: {:?}", start.elapsed());
    }
}

#[test]
fn stdin_without_end_is_cut_off() {
    let folder = sound();
    let script = format!("yes 'a: b' | timeout 60 {} validate -", crate::common::process::LAMPLIGHTER);
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.beside(""))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("larger than 10 MiB"), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("could be read"), "{output:?}");
}

#[test]
fn a_tree_of_many_files_with_findings_is_judged_whole() {
    let folder = sound();
    for at in 0..500 {
        let mut file = File::create(folder.manifests().join(format!("m{at}.yaml"))).unwrap();
        let name = format!("m{at}");
        write!(file, "{}", crate::common::manifests::mailbox(&name, "sales", &["42"], "")).unwrap();
    }
    let run = validate(&folder, &["manifests"]);
    assert_eq!(
        (run.code, run.summary()),
        (1, "500 errors in 504 resources of 504 files"),
        "{:.500}",
        run.stdout
    );
}
