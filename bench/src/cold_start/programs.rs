//! The programs that are measured: built with the profile that goes to AWS, laid out as the emulator starts them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::quota::Quota;

/// In the order in which a new lead comes to them; `score` when that person does something, and `files` at the end, since it
/// sends more leads on.
pub(super) const FUNCTIONS: [&str; 8] = [
    "capture", "enrich", "assign", "deliver", "score", "recycle", "api", "files",
];

/// What they are compared with.
pub(super) const HELLO_WORLD: &str = "hello-world";

/// The profile of the root `Cargo.toml` that functions are built with for AWS.
const PROFILE: &str = "deployed";

/// Size of one program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// The stripped program.
    pub(super) program_bytes: u64,
    /// The zip that would go to AWS.
    pub(super) zip_bytes: u64,
}

/// Programs in a folder each, as `bootstrap`.
pub(super) struct Programs {
    stage: PathBuf,
    /// By program.
    pub(super) sizes: BTreeMap<String, Size>,
}

impl Programs {
    /// Lays out the programs of `folder`, or builds them first if there is none.
    pub(super) fn stage(folder: Option<&Path>) -> Result<Programs> {
        let folder = match folder {
            Some(folder) => folder.to_owned(),
            None => build()?,
        };
        let stage = target().join("cold-start");
        let mut sizes = BTreeMap::new();
        for program in FUNCTIONS.into_iter().chain([HELLO_WORLD]) {
            let place = stage.join(program);
            fs::create_dir_all(&place)
                .with_context(|| format!("cannot make {}", place.display()))?;
            let bootstrap = place.join("bootstrap");
            let from = folder.join(program);
            // A program that is running cannot be written over, a new file can take its name.
            let _was_not_there = fs::remove_file(&bootstrap);
            fs::copy(&from, &bootstrap)
                .with_context(|| format!("cannot copy {}", from.display()))?;
            let zip = place.join("function.zip");
            succeed(
                Command::new("python3")
                    .arg("scripts/zip_function.py")
                    .args([&bootstrap, &zip]),
            )?;
            let size = Size {
                program_bytes: fs::metadata(&bootstrap)?.len(),
                zip_bytes: fs::metadata(&zip)?.len(),
            };
            sizes.insert(program.to_owned(), size);
        }
        Ok(Programs {
            stage: fs::canonicalize(stage)?,
            sizes,
        })
    }

    /// What the emulator is to start: the program, or under a quota a script that enters its group and becomes it.
    pub(super) fn bootstrap(&self, program: &str, quota: Option<&Quota>) -> Result<PathBuf> {
        let place = self.stage.join(program);
        let bootstrap = place.join("bootstrap");
        let Some(quota) = quota else {
            return Ok(bootstrap);
        };
        let script = place.join("bootstrap-under-quota");
        let text = format!(
            "#!/bin/sh\necho $$ > '{}' && exec '{}'\n",
            quota.members().display(),
            bootstrap.display()
        );
        fs::write(&script, text).with_context(|| format!("cannot write {}", script.display()))?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
        Ok(script)
    }
}

fn build() -> Result<PathBuf> {
    // All at once: what they share is compiled once, and what one of them does not use is not linked into it.
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--locked", "--profile", PROFILE, "--bins"]);
    for program in FUNCTIONS.into_iter().chain([HELLO_WORLD]) {
        cargo.args(["--package", program]);
    }
    succeed(&mut cargo)?;
    Ok(target().join(PROFILE))
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

/// Runs a command with its words on standard error, which leaves standard output to the result.
pub(super) fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}
