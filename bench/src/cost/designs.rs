//! Other designs, from the floor to the naive, under the same prices. Their call counts are data.

use serde::Deserialize;

use super::prices::Usage;

const FILE: &str = include_str!("designs.toml");

/// Another way to build it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Design {
    pub(crate) name: String,
    pub(crate) usage: Usage,
}

/// All of them, the cheapest first.
///
/// # Errors
/// When the file is not as it has to be.
pub(crate) fn read() -> anyhow::Result<Vec<Design>> {
    #[derive(Deserialize)]
    struct File {
        design: Vec<Design>,
    }
    Ok(toml::from_str::<File>(FILE)?.design)
}
