//! Who may know whom. The table is read from top to bottom: a module knows only modules above it.

use crate::rust::{self, Path};
use crate::tree::File;

/// Modules that hold no runtime, no input, no output, no clock.
const PURE: &[&str] = &["api", "sip", "admission", "domain", "engine", "render", "import"];

/// A module, and the modules it may name.
const LAYERS: &[(&str, &[&str])] = &[
    ("api", &[]),
    ("sip", &[]),
    ("admission", &["api"]),
    ("domain", &["api", "sip"]),
    ("engine", &["api", "sip"]),
    ("render", &["api", "domain"]),
    ("import", &["api", "domain"]),
    ("clock", &[]),
    ("telemetry", &["clock"]),
    ("net", &["sip", "clock", "telemetry"]),
    ("serve", &["net", "clock", "telemetry"]),
    ("store", &["api", "sip", "clock", "telemetry"]),
    ("source", &["api", "domain", "clock", "telemetry"]),
    ("cluster", &["api", "domain", "clock", "telemetry"]),
    ("operator", &["api", "domain", "render", "source", "cluster", "serve", "clock", "telemetry"]),
    (
        "notifier",
        &[
            "api",
            "sip",
            "domain",
            "engine",
            "net",
            "serve",
            "store",
            "source",
            "cluster",
            "clock",
            "telemetry",
        ],
    ),
    (
        "standalone",
        &[
            "api",
            "sip",
            "domain",
            "engine",
            "net",
            "serve",
            "store",
            "source",
            "notifier",
            "clock",
            "telemetry",
        ],
    ),
    (
        "cli",
        &[
            "api",
            "sip",
            "admission",
            "domain",
            "engine",
            "render",
            "import",
            "net",
            "serve",
            "store",
            "source",
            "cluster",
            "operator",
            "notifier",
            "standalone",
            "clock",
            "telemetry",
        ],
    ),
    ("main", &["cli"]),
];

/// What of other crates is kept out of which modules, and why.
const OUTSIDE: &[(Who, &[&str], &str)] = &[
    (Who::Pure, &["tokio"], "the caller waits and spawns"),
    (Who::Pure, &["std", "fs"], "take the content as an argument"),
    (Who::Pure, &["std", "env"], "take the setting as an argument"),
    (Who::Pure, &["std", "io"], "take and return bytes or text"),
    (Who::Pure, &["std", "process"], "return a value, and let the caller act on it"),
    (Who::Pure, &["std", "thread"], "the caller has the threads"),
    (Who::Pure, &["std", "net", "TcpListener"], "sockets belong to net"),
    (Who::Pure, &["std", "net", "TcpStream"], "sockets belong to net"),
    (Who::Pure, &["std", "net", "UdpSocket"], "sockets belong to net"),
    (Who::Pure, &["std", "net", "ToSocketAddrs"], "names are resolved in net"),
    (Who::Pure, &["std", "time", "Instant"], "time is an argument"),
    (Who::Pure, &["std", "time", "SystemTime"], "time is an argument"),
    (Who::Pure, &["Timestamp", "now"], "time is an argument"),
    (Who::Pure, &["Zoned", "now"], "time is an argument"),
    (Who::Pure, &["rand"], "seeds and ids are arguments"),
    (Who::Pure, &["tracing"], "return a finding or a report; shells log"),
    (Who::Pure, &["kube", "Client"], "Kubernetes is spoken to in source, cluster and operator"),
    (Who::Pure, &["kube", "client"], "Kubernetes is spoken to in source, cluster and operator"),
    (Who::Pure, &["kube", "runtime"], "Kubernetes is spoken to in source, cluster and operator"),
    (Who::Only("engine"), &["kube"], "the engine knows lamps and gateways, not resources"),
    (Who::Only("engine"), &["k8s_openapi"], "the engine knows lamps and gateways, not resources"),
    (Who::Only("sip"), &["kube"], "the protocol knows no resources"),
    (Who::Only("sip"), &["k8s_openapi"], "the protocol knows no resources"),
    (Who::AllButCli, &["anyhow"], "return the file's own error; only cli sums errors up"),
    (Who::AllButCli, &["clap"], "arguments are read in cli"),
];

/// Words that stand for an order that is not fixed.
const UNORDERED: &[&str] = &["HashMap", "HashSet", "RandomState"];

enum Who {
    Pure,
    AllButCli,
    Only(&'static str),
}

impl Who {
    fn includes(&self, module: &str) -> bool {
        match self {
            Who::Pure => PURE.contains(&module),
            Who::AllButCli => !["cli", "main"].contains(&module),
            Who::Only(name) => *name == module,
        }
    }
}

/// Complaints about the modules of ours that a file names.
pub fn check(file: &File) -> Vec<String> {
    let module = module(&file.path);
    let Some(&own) = module.first() else { return Vec::new() };
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == own) else {
        return vec![format!(
            "{}:1: no layer has the module {own}: give it a row in tests/tidy/layers.rs and in ARCHITECTURE.md",
            file.path
        )];
    };
    let mut complaints = Vec::new();
    for path in paths(file, &module) {
        let Some(other) = of_ours(&path, own) else { continue };
        if other == own || allowed.contains(&other) {
            continue;
        }
        let place = format!("{}:{}", file.path, path.line);
        let named = path.segments.join("::");
        complaints.push(if LAYERS.iter().any(|(name, _)| *name == other) {
            format!("{place}: {own} may not know {other} (`{named}`): move what both need into a layer below, or pass it as an argument")
        } else {
            format!("{place}: `{named}` names no module: import from the module that has it, the root only lists modules")
        });
    }
    complaints
}

/// Complaints about what a file takes from outside.
pub fn check_outside(file: &File) -> Vec<String> {
    let module = module(&file.path);
    let Some(&own) = module.first() else { return Vec::new() };
    let mut complaints = Vec::new();
    for path in paths(file, &module) {
        for (_, banned, instead) in
            OUTSIDE.iter().filter(|(who, banned, _)| who.includes(own) && names(&path.segments, banned))
        {
            complaints.push(format!(
                "{}:{}: {own} may not name `{}`: {instead}",
                file.path,
                path.line,
                banned.join("::")
            ));
        }
    }
    for token in rust::tokens(&file.text) {
        if PURE.contains(&own) && UNORDERED.contains(&token.text.as_str()) {
            complaints.push(format!(
                "{}:{}: {own} may not name {}: take a BTreeMap or a sorted Vec",
                file.path, token.line, token.text
            ));
        }
    }
    complaints
}

/// Complaints about the table itself: a row may name only rows above it.
pub fn check_table() -> Vec<String> {
    let mut complaints = Vec::new();
    for (index, (module, allowed)) in LAYERS.iter().enumerate() {
        for other in *allowed {
            if !LAYERS.iter().take(index).any(|(above, _)| above == other) {
                complaints.push(format!("tests/tidy/layers.rs:1: the row of {module} names {other}, which is not above it: arrows point one way"));
            }
        }
    }
    complaints
}

fn paths(file: &File, module: &[&str]) -> Vec<Path> {
    let inside = if module == ["main"] { &[] } else { module };
    rust::paths(&file.text, inside)
}

/// The module of ours that a path leads into.
fn of_ours<'a>(path: &'a Path, own: &str) -> Option<&'a str> {
    let first = path.segments.first()?;
    let ours = first == "crate" || (own == "main" && first == "lamplighter");
    if ours { path.segments.get(1).map(String::as_str) } else { None }
}

/// Whether a path leads into what is banned, or imports the module around it.
fn names(segments: &[String], banned: &[&str]) -> bool {
    let into = segments.windows(banned.len()).any(|part| part.iter().eq(banned.iter()));
    let (star, around) = match segments.split_last() {
        Some((last, rest)) if last == "*" => (true, rest),
        _ => (false, segments),
    };
    let shorter = around.len() < banned.len() && (star || around.len() > 1);
    into || (shorter && around.iter().eq(banned.iter().take(around.len())))
}

/// `src/engine/mwi/mod.rs` is `["engine", "mwi"]`; the root of the library is empty.
fn module(path: &str) -> Vec<&str> {
    let name = path.trim_start_matches("src/").trim_end_matches(".rs");
    if name == "lib" {
        return Vec::new();
    }
    let mut module: Vec<&str> = name.split('/').collect();
    if module.len() > 1 && module.last() == Some(&"mod") {
        module.pop();
    }
    module
}
