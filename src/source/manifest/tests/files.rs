use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::super::{Loaded, Loader, load};
use super::{brief, gateway, names, schemas};

fn put(directory: &Path, name: &str, text: &str) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn paths(loaded: &Loaded) -> Vec<(&str, bool)> {
    loaded.files.iter().map(|file| (file.path.as_ref(), file.healthy)).collect()
}

#[test]
fn files_are_read_by_their_names_in_the_order_of_paths() {
    let directory = tempfile::tempdir().unwrap();
    for (name, object) in
        [("b.yml", "b"), ("a/z.yaml", "az"), ("a.yaml", "a"), ("c.json.yaml", "c"), ("A/b/c.yaml", "abc")]
    {
        put(directory.path(), name, &gateway(object));
    }
    for hidden in
        ["x.txt", "README", ".hidden.yaml", ".git/a.yaml", "..data/a.yaml", "yaml", "x.yaml~", "x.YAML"]
    {
        put(directory.path(), hidden, "- not read");
    }
    put(
        directory.path(),
        "d.json",
        &serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d"}}).to_string(),
    );
    let loaded = load(directory.path(), &schemas());
    assert_eq!(loaded.problems, []);
    assert_eq!(
        paths(&loaded),
        ["A/b/c.yaml", "a.yaml", "a/z.yaml", "b.yml", "c.json.yaml", "d.json"].map(|path| (path, true))
    );
    assert_eq!(names(&loaded), ["abc", "a", "az", "b", "c", "d"].map(|name| format!("default/{name}")));
    assert_eq!(loaded.documents[2].place.to_string(), "a/z.yaml:1:1");
}

#[test]
fn the_same_object_in_two_files_names_the_first_file() {
    let directory = tempfile::tempdir().unwrap();
    put(directory.path(), "b.yaml", &gateway("x"));
    put(directory.path(), "a/a.yaml", &gateway("x"));
    let loaded = load(directory.path(), &schemas());
    assert_eq!(loaded.problems.len(), 1);
    assert_eq!(loaded.problems[0].place.to_string(), "b.yaml:1:1");
    assert_eq!(loaded.problems[0].message, "UMIPGateway default/x is already described at a/a.yaml:1:1");
}

#[test]
fn a_mounted_config_map_is_read_once_through_its_links() {
    let directory = tempfile::tempdir().unwrap();
    put(directory.path(), "..2026/a.yaml", &gateway("a"));
    put(directory.path(), "..2026/sub/b.yaml", &gateway("b"));
    symlink("..2026", directory.path().join("..data")).unwrap();
    symlink("..data/a.yaml", directory.path().join("a.yaml")).unwrap();
    symlink("..data/sub", directory.path().join("sub")).unwrap();
    let loaded = load(directory.path(), &schemas());
    assert_eq!(paths(&loaded), [("a.yaml", true), ("sub/b.yaml", true)]);
    assert_eq!(names(&loaded), ["default/a", "default/b"]);
}

#[test]
fn links_that_go_round_end_and_are_no_second_reading() {
    let directory = tempfile::tempdir().unwrap();
    put(directory.path(), "a/a.yaml", &gateway("a"));
    symlink("..", directory.path().join("a/up")).unwrap();
    symlink(".", directory.path().join("a/self")).unwrap();
    symlink("a", directory.path().join("again")).unwrap();
    let loaded = load(directory.path(), &schemas());
    assert_eq!(loaded.problems, []);
    assert_eq!(names(&loaded), ["default/a"]);
}

#[test]
fn what_cannot_be_read_is_a_problem_and_not_an_absence() {
    let directory = tempfile::tempdir().unwrap();
    symlink("nowhere", directory.path().join("a.yaml")).unwrap();
    put(directory.path(), "b.yaml", &gateway("b"));
    let _socket = std::os::unix::net::UnixListener::bind(directory.path().join("c.yaml")).unwrap();
    symlink("loop.yaml", directory.path().join("loop.yaml")).unwrap();
    let loaded = load(directory.path(), &schemas());
    assert_eq!(names(&loaded), ["default/b"]);
    assert!(loaded.problems.iter().all(|problem| problem.code == "UnreadableFile"), "{:?}", loaded.problems);
    assert_eq!(
        paths(&loaded),
        [("a.yaml", false), ("b.yaml", true), ("c.yaml", false), ("loop.yaml", false)]
    );

    let gone = load(&directory.path().join("gone"), &schemas());
    assert_eq!(paths(&gone), [("", false)]);
    assert_eq!(brief(&gone), ["1:1 UnreadableFile "]);
}

#[test]
fn a_file_of_ten_mebibytes_is_read_and_one_byte_more_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let mut text = gateway("a");
    text.push('#');
    text.push_str(&"x".repeat(10 * 1024 * 1024 - text.len()));
    put(directory.path(), "a.yaml", &text);
    assert_eq!(names(&load(directory.path(), &schemas())), ["default/a"]);
    text.push('x');
    put(directory.path(), "a.yaml", &text);
    let loaded = load(directory.path(), &schemas());
    assert_eq!(brief(&loaded), ["1:1 TooLarge "]);
    assert_eq!(paths(&loaded), [("a.yaml", false)]);
}

#[test]
fn the_hundred_thousandth_document_is_read_and_the_next_is_not() {
    let schemas = schemas();
    let mut loader = Loader::new(&schemas);
    let config_map =
        |number: usize| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{number}}}\n---\n");
    for file in 0..4 {
        let text: String = (0..25_000).map(|number| config_map(file * 25_000 + number)).collect();
        loader.text(&format!("{file}.yaml"), &text);
    }
    loader.text("x.yaml", &config_map(100_000));
    loader.text("y.yaml", &config_map(100_001));
    let loaded = loader.finish();
    assert_eq!(loaded.documents.len(), 100_000);
    assert_eq!(brief(&loaded), ["1:1 TooLarge ", "1:1 TooLarge "]);
    assert_eq!(paths(&loaded)[3..], [("3.yaml", true), ("x.yaml", false), ("y.yaml", false)]);
}

#[test]
fn a_directory_below_the_sixteenth_level_is_a_problem() {
    let directory = tempfile::tempdir().unwrap();
    put(directory.path(), &format!("{}a.yaml", "d/".repeat(15)), &gateway("a"));
    put(directory.path(), &format!("{}b.yaml", "d/".repeat(16)), &gateway("b"));
    let loaded = load(directory.path(), &schemas());
    assert_eq!(names(&loaded), ["default/a"]);
    assert_eq!(brief(&loaded), ["1:1 TooDeep "]);
    assert_eq!(paths(&loaded)[1], ("d/".repeat(16).as_str(), false));
}

#[test]
fn one_file_and_several_places_can_be_loaded() {
    let directory = tempfile::tempdir().unwrap();
    put(directory.path(), "one/a.yaml", &gateway("a"));
    put(directory.path(), "two/a.yaml", &gateway("a"));
    let one = load(&directory.path().join("one/a.yaml"), &schemas());
    assert_eq!(
        (names(&one), one.documents[0].place.to_string()),
        (vec!["default/a".to_owned()], "a.yaml:1:1".to_owned())
    );
    let schemas = schemas();
    let mut loader = Loader::new(&schemas);
    loader.path(&directory.path().join("one"), "one/");
    loader.path(&directory.path().join("two"), "two/");
    let both = loader.finish();
    assert_eq!(both.problems[0].place.to_string(), "two/a.yaml:1:1");
    assert!(both.problems[0].message.ends_with("one/a.yaml:1:1"));
}
