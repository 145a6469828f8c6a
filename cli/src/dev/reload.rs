//! The configuration file: read, checked, put in force, and watched.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use domain::config::Config;
use tokio::sync::watch;

use super::embedded::Embedded;

/// The file that may be missing: without it the built-in configuration serves. Any other was asked for by name.
const DEFAULT_FILE: &str = "leadline.toml";

/// How often the file is looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// A configuration file that was read and is right.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) config: Config,
}

/// Reads and checks the file. Where there is none, the configuration that ships with Leadline serves.
pub(crate) fn read(path: &Path) -> Result<File> {
    let (name, text) = match std::fs::read_to_string(path) {
        Ok(text) => (path.display().to_string(), text),
        Err(error)
            if error.kind() == std::io::ErrorKind::NotFound && path == Path::new(DEFAULT_FILE) =>
        {
            (
                format!("{} is not there: the built-in one", path.display()),
                domain::config::DEFAULT.to_owned(),
            )
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let report = domain::config::check::check_file(&text);
    match report.config {
        Some(config) => Ok(File { name, text, config }),
        None => {
            let problems: Vec<String> = report
                .problems
                .iter()
                .map(|problem| format!("{}:{problem}", path.display()))
                .collect();
            bail!("the configuration has problems:\n{}", problems.join("\n"))
        }
    }
}

/// Puts the file in force; the version is returned.
pub(crate) async fn push(embedded: &Embedded, file: &File) -> Result<String> {
    let pushed = embedded
        .table
        .push_configuration(&file.config, &file.text, embedded.clock.now())
        .await?;
    Ok(pushed.version)
}

/// Puts the file in force again whenever it changes. One with problems changes nothing but the log.
pub(crate) async fn watch(
    embedded: Embedded,
    path: PathBuf,
    file: File,
    mut stopped: watch::Receiver<bool>,
) {
    let mut last_is_built_in = !path.exists();
    let mut is_unreadable = false;
    let mut last = file.text;
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                // Once, and not at every look; a file that never was there is no news.
                if !is_unreadable && !last_is_built_in {
                    tracing::error!(
                        "{} cannot be read ({error}); the configuration that was last read stays in force",
                        path.display()
                    );
                }
                is_unreadable = true;
                continue;
            }
        };
        is_unreadable = false;
        if text == last {
            continue;
        }
        last_is_built_in = false;
        last = text;
        match read(&path) {
            Ok(file) => match push(&embedded, &file).await {
                Ok(version) => tracing::info!(
                    version,
                    "the configuration has changed: {version} is in force"
                ),
                Err(error) => tracing::error!(
                    error = format!("{error:#}"),
                    "the changed configuration could not be put in force"
                ),
            },
            Err(error) => {
                tracing::error!("the changed configuration is not put in force: {error:#}")
            }
        }
    }
}
