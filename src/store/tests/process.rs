//! Faults that take a process of its own: a test runs itself again as a child, which an environment variable tells.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::super::{Store, StoreError};
use super::{NOW, counts, lamp, open, place, told, versions};

const CHILD: &str = "LAMPLIGHTER_TEST_STORE";

/// The path of the store if this process is the child.
fn as_child() -> Option<PathBuf> {
    env::var_os(CHILD).map(PathBuf::from)
}

/// Runs the test `name` of this module again in a child, behind `shell`, a script that ends by running its arguments.
fn child(name: &str, path: &Path, shell: &str) -> Child {
    Command::new("sh")
        .args(["-c", shell, "sh"])
        .arg(env::current_exe().unwrap())
        .args(["--exact", &format!("{}::{name}", module_path!().split_once("::").unwrap().1), "--nocapture"])
        .env(CHILD, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What the child said in lines of [`say`], as they come.
fn heard(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.filter_map(|line| line.unwrap().split_once("child: ").map(|(_, said)| said.to_owned()))
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "child: {text}").unwrap();
    out.flush().unwrap();
}

#[tokio::test]
async fn what_was_answered_is_there_after_kill_9() {
    if let Some(path) = as_child() {
        let (store, contents) = open(&path);
        let first = contents.mailboxes.first().map_or(1, |row| row.version + 1);
        for version in first.. {
            let new = u32::try_from(version).unwrap();
            let changes =
                vec![counts("lina", version), lamp("4201", &["lina"], None), told("4201", "pbx", new, 200)];
            store.write(changes).await.unwrap();
            say(&version.to_string());
        }
    }
    let (_folder, path) = place();
    let mut answered = 0;
    for round in 0..10 {
        let mut child = child("what_was_answered_is_there_after_kill_9", &path, "exec \"$@\"");
        let mut said = heard(&mut child);
        answered = said.nth(1 + round * 3).unwrap().parse().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        answered = said.last().map_or(answered, |last| last.parse().unwrap());
        let (store, contents) = open(&path);
        let stored = contents.mailboxes[0].version;
        assert!((answered..=answered + 1).contains(&stored), "{stored} is stored, {answered} was answered");
        let told = contents.lamps[0].told[0].counts.new;
        assert_eq!(u64::from(told), stored, "half of a batch was written");
        assert_eq!(contents.damaged, None);
        store.close().await.unwrap();
    }
    assert!(answered > 10);
}

#[test]
fn a_second_process_is_told_that_the_store_is_in_use() {
    if let Some(path) = as_child() {
        let _open = open(&path);
        say("open");
        // Stays until it is killed, or the other side is gone.
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    }
    let (_folder, path) = place();
    let mut child = child("a_second_process_is_told_that_the_store_is_in_use", &path, "exec \"$@\"");
    assert_eq!(heard(&mut child).next().as_deref(), Some("open"));
    let error = Store::open(&path, NOW).unwrap_err();
    child.kill().unwrap();
    child.wait().unwrap();
    let text = format!(
        "the store {} is in use by another process: stop that one, or give this one a data folder of its own",
        path.display()
    );
    assert_eq!(error.to_string(), text);
    open(&path);
}

/// The limit on the size of files stands for a full disk: writes end short and then fail.
#[tokio::test]
async fn a_store_that_can_not_grow_refuses_and_takes_changes_again_when_it_can() {
    let name = "a_store_that_can_not_grow_refuses_and_takes_changes_again_when_it_can";
    if let Some(path) = as_child() {
        let (store, _) = open(&path);
        let (mut answered, mut refused) = (0, 0);
        // The first refusal merges the log into the file, which may make room for a while.
        while refused < 3 {
            match store.write(vec![counts(&format!("m{answered:05}"), 1)]).await {
                Ok(()) => (answered, refused) = (answered + 1, 0),
                Err(_) => refused += 1,
            }
        }
        let own = std::process::id().to_string();
        assert!(
            Command::new("prlimit").args(["--pid", &own, "--fsize=unlimited"]).status().unwrap().success()
        );
        store.write(vec![counts("welcome", 1)]).await.unwrap();
        say(&answered.to_string());
        std::process::exit(0);
    }
    let (_folder, path) = place();
    let mut child = child(name, &path, "trap '' XFSZ; ulimit -S -f 300; exec \"$@\"");
    let answered: usize = heard(&mut child).last().unwrap().parse().unwrap();
    child.wait().unwrap();
    let (_store, contents) = open(&path);
    let names: Vec<&str> = versions(&contents).into_iter().map(|(name, _)| name).collect();
    assert!(answered > 10);
    assert!((0..answered).all(|number| names.contains(&format!("m{number:05}").as_str())));
    assert!(names.contains(&"welcome"));
    assert_eq!(contents.damaged, None);
}

#[test]
fn a_place_that_can_not_be_written_is_named_with_what_to_do() {
    let (folder, _) = place();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Store::open(&file.join("data/hq.db"), NOW).unwrap_err();
    let text = format!(
        "the data folder {} can't be made: give a folder below which this user may write",
        file.join("data").display()
    );
    assert_eq!(error.to_string(), text);
    assert!(std::error::Error::source(&error).is_some());
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    let error = Store::open(&taken, NOW).unwrap_err();
    assert!(matches!(error, StoreError::File { .. }), "{error}");
}
