use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::super::{Watcher, load};
use super::{gateway, names, schemas};

const DEADLINE: Duration = Duration::from_secs(5);

fn put(directory: &Path, name: &str, object: &str) {
    fs::write(directory.join(name), gateway(object)).unwrap();
}

/// Waits until the directory holds just the gateways named, looking only when the watcher says so.
async fn expect(watcher: &mut Watcher, root: &Path, expected: &[&str]) {
    let expected: Vec<String> = expected.iter().map(|name| format!("default/{name}")).collect();
    let waited = timeout(DEADLINE, async {
        loop {
            watcher.changed().await;
            if names(&load(root, &schemas())) == expected {
                return;
            }
        }
    });
    waited
        .await
        .unwrap_or_else(|_| panic!("{expected:?} never came, there is {:?}", names(&load(root, &schemas()))));
}

#[tokio::test]
async fn files_that_come_change_and_go_are_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let mut watcher = Watcher::new(root).await;
    put(root, "a.yaml", "a");
    expect(&mut watcher, root, &["a"]).await;
    put(root, "a.yaml", "b");
    expect(&mut watcher, root, &["b"]).await;
    fs::create_dir_all(root.join("x/y")).unwrap();
    put(root, "x/y/c.yaml", "c");
    expect(&mut watcher, root, &["b", "c"]).await;
    put(root, "x/y/c.yaml", "d");
    expect(&mut watcher, root, &["b", "d"]).await;
    fs::remove_dir_all(root.join("x")).unwrap();
    expect(&mut watcher, root, &["b"]).await;
    fs::create_dir_all(root.join("x/y")).unwrap();
    put(root, "x/y/c.yaml", "e");
    expect(&mut watcher, root, &["b", "e"]).await;
}

/// What kubelet does: a new hidden directory, a new link beside the old one, renamed over it.
fn swap(root: &Path, version: &str, object: &str) {
    fs::create_dir(root.join(version)).unwrap();
    put(root, &format!("{version}/a.yaml"), object);
    symlink(version, root.join("..data_tmp")).unwrap();
    fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
}

#[tokio::test]
async fn a_swap_of_links_as_kubelet_makes_it_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    swap(root, "..1", "a");
    symlink("..data/a.yaml", root.join("a.yaml")).unwrap();
    let mut watcher = Watcher::new(root).await;
    for (version, object) in [("..2", "b"), ("..3", "c")] {
        swap(root, version, object);
        expect(&mut watcher, root, &[object]).await;
    }
    fs::remove_dir_all(root.join("..1")).unwrap();
    put(root, "..3/a.yaml", "d");
    expect(&mut watcher, root, &["d"]).await;
}

#[tokio::test]
async fn a_root_that_is_itself_a_link_may_be_exchanged() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("current");
    for name in ["1", "2"] {
        fs::create_dir(directory.path().join(name)).unwrap();
        put(directory.path(), &format!("{name}/a.yaml"), &format!("g{name}"));
    }
    symlink("1", &root).unwrap();
    let mut watcher = Watcher::new(&root).await;
    symlink("2", directory.path().join("next")).unwrap();
    fs::rename(directory.path().join("next"), &root).unwrap();
    expect(&mut watcher, &root, &["g2"]).await;
}

#[tokio::test]
async fn a_checkout_that_renames_files_into_place_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    put(root, "a.yaml", "a");
    let mut watcher = Watcher::new(root).await;
    // The new file has the length of the old one.
    put(root, "a.yaml.lock", "b");
    fs::rename(root.join("a.yaml.lock"), root.join("a.yaml")).unwrap();
    expect(&mut watcher, root, &["b"]).await;
    fs::rename(root.join("a.yaml"), root.join("z.yaml")).unwrap();
    put(root, "c.yaml", "c");
    expect(&mut watcher, root, &["c", "b"]).await;
}

#[tokio::test]
async fn a_directory_that_comes_later_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("later");
    let mut watcher = Watcher::new(&root).await;
    fs::create_dir(&root).unwrap();
    put(&root, "a.yaml", "a");
    expect(&mut watcher, &root, &["a"]).await;
}

#[tokio::test]
async fn a_change_before_the_first_wait_or_between_two_is_not_lost() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let mut watcher = Watcher::new(root).await;
    put(root, "a.yaml", "a");
    // Dropped half-way, as in a select.
    let _ = timeout(Duration::from_millis(5), watcher.changed()).await;
    expect(&mut watcher, root, &["a"]).await;
}

#[tokio::test]
async fn changes_without_end_are_reported_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_owned();
    let mut watcher = Watcher::new(&root).await;
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let writer = tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        while stopped.try_recv().is_err() {
            tick.tick().await;
            put(&root, "a.yaml", "a");
        }
    });
    let start = Instant::now();
    timeout(DEADLINE, watcher.changed()).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    stop.send(()).unwrap();
    writer.await.unwrap();
}

#[tokio::test]
async fn nothing_is_reported_where_nothing_changes_and_reading_is_no_change() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    put(root, "a.yaml", "a");
    let mut watcher = Watcher::new(root).await;
    assert_eq!(names(&load(root, &schemas())), ["default/a"]);
    assert!(timeout(Duration::from_millis(1200), watcher.changed()).await.is_err());
}

#[tokio::test]
async fn without_notices_from_the_system_a_look_now_and_then_is_enough() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    put(root, "a.yaml", "a");
    let mut watcher = Watcher::new(root).await.without_notices();
    put(root, "new.yaml", "b");
    fs::rename(root.join("new.yaml"), root.join("a.yaml")).unwrap();
    expect(&mut watcher, root, &["b"]).await;
    fs::write(root.join("a.yaml"), gateway("c")).unwrap();
    expect(&mut watcher, root, &["c"]).await;
    assert!(timeout(Duration::from_millis(700), watcher.changed()).await.is_err());
}
