//! Running everything on this machine: `dev`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::Args;

/// Arguments of `leadline dev`. Not `Debug`: they hold the token.
#[derive(Clone, Args)]
pub struct DevArguments {
    /// Address to listen at. Anything but this machine's own also lets others in.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub host: IpAddr,
    /// Port to listen at; 0 takes any that is free.
    #[arg(long, default_value_t = 4180)]
    pub port: u16,
    /// Folder of the data.
    #[arg(long, value_name = "FOLDER", default_value = ".leadline")]
    pub data: PathBuf,
    /// Keep nothing: data lives in memory and is gone at the end.
    #[arg(long)]
    pub ephemeral: bool,
    /// The configuration; reloaded when it changes.
    #[arg(long, value_name = "FILE", default_value = "leadline.toml")]
    pub config: PathBuf,
    /// Also offer the table under DynamoDB's own interface at this port, for other tools.
    #[arg(long, value_name = "PORT")]
    pub dynamodb_port: Option<u16>,
    /// Also offer the queues under SQS's own interface at this port, for other tools.
    #[arg(long, value_name = "PORT")]
    pub sqs_port: Option<u16>,
    /// The API's token, which all commands have an option for; `None` to make one.
    #[arg(skip)]
    pub token: Option<String>,
}

impl DevArguments {
    /// Together with the token that the command line or the environment gave.
    pub fn with_token(self, token: Option<String>) -> Self {
        Self { token, ..self }
    }
}
