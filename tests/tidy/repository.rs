//! The files of the repository.

use std::path::{Path, PathBuf};

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The text of a file, by its path from the top.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files that are ours and that `wanted` takes, by their paths from the top.
pub(crate) fn files(wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap_or_default();
            if name == "target" || (name.starts_with('.') && name != ".cargo") {
                continue;
            }
            let relative = path.strip_prefix(root()).unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if wanted(&relative) {
                found.push(relative);
            }
        }
    }
    found.sort();
    found
}
