#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print one JSON document instead of a table.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: Options) -> anyhow::Result<()> {
    let _ = options.json;
    anyhow::bail!("not built yet")
}
