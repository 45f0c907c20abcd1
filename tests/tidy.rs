//! Holds the rules of the house that no other tool holds: who may know whom, sizes, documentation, words, fresh files.
//!
//! Works on the text of the tracked files. Each complaint names file, line, rule and what to do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::disallowed_methods
)]

#[path = "tidy/chart.rs"]
mod chart;
#[path = "tidy/codes.rs"]
mod codes;
#[path = "tidy/docs.rs"]
mod docs;
#[path = "tidy/generated.rs"]
mod generated;
#[path = "tidy/gitops.rs"]
mod gitops;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/manifests.rs"]
mod manifests;
#[path = "tidy/markdown.rs"]
mod markdown;
#[path = "tidy/order.rs"]
mod order;
#[path = "tidy/rust.rs"]
mod rust;
#[path = "tidy/settings.rs"]
mod settings;
#[path = "tidy/tables.rs"]
mod tables;
#[path = "tidy/tree.rs"]
mod tree;
#[path = "tidy/values.rs"]
mod values;
#[path = "tidy/words.rs"]
mod words;

use std::collections::BTreeSet;

use lamplighter::domain::finding::Code;

/// Most lines a Rust file may have.
const LONGEST: usize = 500;
/// Most lines of `src/main.rs`, which only parses and runs.
const LONGEST_MAIN: usize = 40;

/// Integration tests: each is a program to link, so there are four at most.
const TEST_PROGRAMS: &[&str] = &["cluster", "golden", "standalone", "tidy"];

const TOP_FOLDERS: &[&str] =
    &[".ci", "benches", "charts", "crds", "docs", "examples", "fuzz", "src", "tests"];
const TOP_FILES: &[&str] = &[
    ".editorconfig",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "README.md",
    "clippy.toml",
    "deny.toml",
    ".gitattributes",
    "rustfmt.toml",
];

/// Fails with all complaints, one a line.
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn modules_know_only_what_the_table_of_layers_allows() {
    let complaints: Vec<String> = tree::sources().iter().flat_map(layers::check).collect();
    assert_none(&complaints);
}

#[test]
fn the_table_of_layers_points_one_way() {
    assert_none(&layers::check_table());
}

#[test]
fn pure_modules_name_no_runtime_no_clock_and_no_hash_order() {
    let complaints: Vec<String> = tree::sources().iter().flat_map(layers::check_outside).collect();
    assert_none(&complaints);
}

#[test]
fn the_reader_of_paths_sees_through_groups_comments_literals_and_inner_modules() {
    rust::check_reader();
}

#[test]
fn no_rust_file_is_too_long() {
    let mut complaints = Vec::new();
    for file in tree::rust() {
        let limit = if file.path == "src/main.rs" { LONGEST_MAIN } else { LONGEST };
        let lines = file.text.lines().count();
        if lines > limit {
            complaints.push(format!(
                "{}:{limit}: the file has {lines} lines, at most {limit} are allowed: split it where its subject splits",
                file.path
            ));
        }
    }
    assert_none(&complaints);
}

#[test]
fn each_rust_file_begins_with_its_documentation() {
    let mut complaints = Vec::new();
    for file in tree::rust() {
        // What a module of unit tests is about stands in its place and in the names of its tests.
        let unit_tests = file.path.starts_with("src/")
            && (file.path.contains("/tests/") || file.path.ends_with("/tests.rs"));
        if !unit_tests && !file.text.starts_with("//! ") {
            complaints.push(format!(
                "{}:1: the first line is not module documentation: begin with `//! ` and say what the module is and what it must not know",
                file.path
            ));
        }
    }
    assert_none(&complaints);
}

#[test]
fn tests_are_neither_skipped_nor_expected_to_panic() {
    let mut complaints = Vec::new();
    for file in tree::rust() {
        for token in rust::tokens(&file.text) {
            if token.text == "ignore" && token.in_attribute || token.text == "should_panic" {
                complaints.push(format!(
                    "{}:{}: `{}` hides what the test knows: make it run, and assert on the value it gets",
                    file.path, token.line, token.text
                ));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn no_file_has_a_word_that_does_not_belong() {
    let complaints: Vec<String> = tree::all().iter().flat_map(words::check).collect();
    assert_none(&complaints);
}

#[test]
fn the_top_level_holds_only_what_the_layout_names() {
    let mut complaints = BTreeSet::new();
    for path in tree::names() {
        let (known, what, first) = match path.split_once('/') {
            Some((folder, _)) => (TOP_FOLDERS.contains(&folder), "folder", folder.to_owned()),
            None => (TOP_FILES.contains(&path.as_str()), "file", path),
        };
        if !known {
            complaints.insert(format!(
                "{first}:1: this {what} is not in the layout: move it under one that is, or name it in tests/tidy.rs and ARCHITECTURE.md"
            ));
        }
    }
    assert_none(&Vec::from_iter(complaints));
}

#[test]
fn there_are_no_more_than_four_integration_test_programs() {
    let mut complaints = Vec::new();
    for path in tree::names() {
        let Some(rest) = path.strip_prefix("tests/") else { continue };
        let Some(name) = rest.strip_suffix("/main.rs").or_else(|| rest.strip_suffix(".rs")) else { continue };
        if !name.contains('/') && !TEST_PROGRAMS.contains(&name) {
            complaints.push(format!(
                "{path}:1: a fifth test program costs a link in each build: make it a module of one of {TEST_PROGRAMS:?}"
            ));
        }
    }
    assert_none(&complaints);
}

#[test]
fn generated_resource_definitions_are_fresh() {
    assert_none(&generated::check("crds", &["crds", "--out"]));
}

#[test]
fn generated_files_of_the_chart_are_fresh() {
    assert_none(&chart::check_generated());
}

#[test]
fn the_chart_tells_version_and_kinds_as_they_are() {
    assert_none(&chart::check_chart());
}

#[test]
fn the_health_check_that_people_install_is_the_one_that_is_tested() {
    assert_none(&Vec::from_iter(generated::check_file(gitops::CONFIG_MAP, &gitops::config_map())));
}

#[test]
fn generated_parts_of_the_documentation_are_fresh() {
    assert_none(&docs::check_generated());
}

#[test]
fn links_of_the_documentation_lead_to_a_file_and_a_heading() {
    assert_none(&docs::check_links());
}

#[test]
fn the_index_of_the_documentation_names_every_page() {
    assert_none(&docs::check_index());
}

#[test]
fn manifests_in_the_documentation_load_without_a_problem() {
    assert_none(&manifests::check());
}

#[test]
fn the_table_of_settings_names_every_field_that_exchange_had_and_no_other() {
    assert_none(&settings::check());
}

#[test]
fn the_readers_of_markdown_wire_types_and_values_see_what_they_must() {
    markdown::check_reader();
    order::check_reader();
    values::check_reader();
}

#[test]
fn each_problem_of_a_manifest_is_explained() {
    assert_none(&codes::check_problems());
}

#[test]
fn the_page_of_each_kind_lists_its_findings() {
    assert_none(&codes::check_lists());
}

#[test]
fn each_finding_code_has_a_golden_case_and_a_heading() {
    let manual = tree::read("docs/findings.md");
    let headings: BTreeSet<&str> = manual
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim().trim_matches('`'))
        .collect();
    let names = tree::names();
    let cases: BTreeSet<&str> = names
        .iter()
        .filter(|path| path.starts_with("tests/golden/"))
        .filter_map(|path| path.strip_suffix("/case.md")?.rsplit('/').next())
        .collect();
    let mut complaints = Vec::new();
    for code in Code::ALL {
        let code = code.as_str();
        let case = kebab(code);
        if !cases.contains(case.as_str()) {
            complaints.push(format!(
                "src/domain/finding.rs:1: {code} has no golden case: add tests/golden/evaluate/<area>/{case}/case.md with its manifests"
            ));
        }
        if !headings.contains(code) {
            complaints.push(format!(
                "docs/findings.md:1: {code} has no heading: add `### {code}`, what it means and what to do"
            ));
        }
    }
    for (index, line) in manual.lines().enumerate() {
        let Some(heading) = line.strip_prefix("### ") else { continue };
        let heading = heading.trim().trim_matches('`');
        if !Code::ALL.iter().any(|code| code.as_str() == heading) {
            complaints.push(format!(
                "docs/findings.md:{}: no finding has the code {heading}: remove the heading or mend it",
                index + 1
            ));
        }
    }
    assert_none(&complaints);
}

/// The name of a finding's golden case: `InvalidE164Number` is `invalid-e164-number`, `MWIOff` is `mwi-off`.
fn kebab(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let mut name = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let after_small = index > 0 && !letters[index - 1].is_uppercase();
        let before_small = index > 0 && letters.get(index + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_small || before_small) {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[test]
fn the_name_of_a_golden_case_is_its_code_in_kebab_case() {
    for (code, name) in [
        ("DuplicateExtension", "duplicate-extension"),
        ("InvalidE164Number", "invalid-e164-number"),
        ("MWIOff", "mwi-off"),
    ] {
        assert_eq!(kebab(code), name);
    }
}
