//! Running everything on this machine: `dev`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::Args;

/// Arguments of `leadline dev`.
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
}

impl DevArguments {
    /// Together with the token that the command line or the environment gave.
    pub fn with_token(self, token: Option<String>) -> DevOptions {
        let Self {
            host,
            port,
            data,
            ephemeral,
            config,
            dynamodb_port,
            sqs_port,
        } = self;
        DevOptions {
            host,
            port,
            data,
            ephemeral,
            config,
            dynamodb_port,
            sqs_port,
            token,
        }
    }
}

/// How everything is run in one process. Not `Debug`: it holds the token.
#[derive(Clone, PartialEq, Eq)]
pub struct DevOptions {
    /// Address to listen at.
    pub host: IpAddr,
    /// Port to listen at; 0 takes any that is free.
    pub port: u16,
    /// Folder of the data.
    pub data: PathBuf,
    /// Whether the data lives in memory only.
    pub ephemeral: bool,
    /// The configuration file.
    pub config: PathBuf,
    /// Port at which the table is offered under DynamoDB's own interface.
    pub dynamodb_port: Option<u16>,
    /// Port at which the queues are offered under SQS's own interface.
    pub sqs_port: Option<u16>,
    /// The API's token; `None` to make one.
    pub token: Option<String>,
}
