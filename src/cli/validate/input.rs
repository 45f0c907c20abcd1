//! What `validate` reads: files, directories and stdin, as one tree, within the limits of the manifest reader.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::prefix;
use crate::source::manifest::{Loaded, Loader, MAX_FILE, Schemas};

/// The name of stdin in places.
pub const STDIN: &str = "<stdin>";

/// What was read.
pub struct Input {
    /// The manifests.
    pub loaded: Loaded,
    /// The text of stdin, to show lines of it.
    pub stdin: Option<String>,
}

/// Reads all paths. Blocks on them.
///
/// # Errors
/// A path that is not there or neither a file nor a directory; nothing to read at all.
pub fn read(paths: &[PathBuf], schemas: &Schemas) -> anyhow::Result<Input> {
    let mut loader = Loader::new(schemas);
    let mut stdin = None;
    for path in paths {
        if path.as_os_str() != "-" {
            check(path)?;
            loader.path(path, &prefix(path));
        } else if stdin.is_none() {
            let bytes = read_stdin()?;
            loader.content(STDIN, &bytes);
            stdin = Some(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    let loaded = loader.finish();
    if loaded.files.is_empty() {
        let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        anyhow::bail!("there is no *.yaml, *.yml or *.json file in {}", shown.join(", "));
    }
    Ok(Input { loaded, stdin })
}

/// Anything else could give bytes without end, or wait for somebody who writes.
fn check(path: &Path) -> anyhow::Result<()> {
    let metadata = std::fs::metadata(path).with_context(|| format!("{} can't be read", path.display()))?;
    if !metadata.is_dir() && !metadata.is_file() {
        anyhow::bail!("{} is neither a file nor a directory; pipe it into `-`", path.display());
    }
    Ok(())
}

fn read_stdin() -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than a file may have, so that the loader sees that it is too large.
    std::io::stdin().lock().take(MAX_FILE + 1).read_to_end(&mut bytes).context("stdin can't be read")?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        anyhow::bail!("stdin is empty; did the command before it fail?");
    }
    Ok(bytes)
}
