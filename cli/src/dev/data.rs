//! What a Leadline of one process keeps besides leads: its pepper and its token.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use platform::Secrets;
use ring::rand::{SecureRandom, SystemRandom};

use crate::options::DevArguments;

/// The data directory and the secrets.
pub(crate) struct Data {
    /// Where it lies; nothing when everything is in memory.
    pub(crate) directory: Option<PathBuf>,
    /// Secrets from the environment, and the pepper.
    pub(crate) secrets: Secrets,
    /// The token of the API.
    pub(crate) token: String,
    /// What the addresses are signed with under which files are put.
    pub(crate) uploads_key: String,
}

impl Data {
    /// Opens the data directory, making what is missing.
    pub(crate) fn open(options: &DevArguments) -> Result<Self> {
        let directory = (!options.ephemeral).then(|| options.data.clone());
        if let Some(directory) = &directory {
            use std::os::unix::fs::DirBuilderExt;
            // It will hold people's data: nobody else on this machine may look in.
            let made = fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(directory);
            made.with_context(|| {
                format!("cannot make the data directory {}", directory.display())
            })?;
        }
        let is_set = std::env::var_os("LEADLINE_SECRET_PEPPER").is_some();
        if let Some(directory) = directory.as_deref().filter(|_| !is_set) {
            refuse_to_forget(directory)?;
        }
        let pepper = kept(directory.as_deref(), "pepper")?;
        let token = match &options.token {
            Some(token) => token.clone(),
            None => kept(directory.as_deref(), "token")?,
        };
        let uploads_key = kept(directory.as_deref(), "uploads-key")?;
        let mut variables: Vec<(String, String)> = std::env::vars()
            .filter(|(name, _)| name.starts_with("LEADLINE_SECRET_"))
            .collect();
        if !variables
            .iter()
            .any(|(name, _)| name == "LEADLINE_SECRET_PEPPER")
        {
            variables.push(("LEADLINE_SECRET_PEPPER".to_owned(), pepper));
        }
        Ok(Self {
            directory,
            secrets: Secrets::environment(variables),
            token,
            uploads_key,
        })
    }
}

/// A new pepper beside old leads would make a stranger of everybody who is known.
fn refuse_to_forget(directory: &Path) -> Result<()> {
    let pepper = directory.join("pepper");
    let is_there = fs::read_to_string(&pepper).is_ok_and(|text| !text.trim().is_empty());
    if !is_there && directory.join("table.sqlite").exists() {
        anyhow::bail!(
            "{} is missing or empty, and there are leads that were stored under it; restore it, or set LEADLINE_SECRET_PEPPER, \
             or start with another data directory",
            pepper.display()
        );
    }
    Ok(())
}

/// The secret in a file of the data directory; a new one at the first start.
fn kept(directory: Option<&Path>, name: &str) -> Result<String> {
    let Some(directory) = directory else {
        return random();
    };
    let path = directory.join(name);
    if let Ok(text) = fs::read_to_string(&path)
        && !text.trim().is_empty()
    {
        return Ok(text.trim().to_owned());
    }
    let secret = random()?;
    write_privately(&path, &secret).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(secret)
}

/// Writes beside it first: a crash must not leave half a pepper, under which nobody would be known any more.
fn write_privately(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let new = path.with_extension("new");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}

fn random() -> Result<String> {
    let mut bytes = [0u8; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
    Ok(domain::id::encode(u128::from_be_bytes(bytes)))
}
