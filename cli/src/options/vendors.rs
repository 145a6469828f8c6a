//! Who sells leads: `vendors` and `return`.

use std::path::PathBuf;

use clap::Args;

use super::parse_when;

/// Arguments of `leadline vendors`.
#[derive(Clone, Args)]
pub struct VendorsArguments {
    /// The vendor, by its name in the configuration.
    #[arg(value_name = "VENDOR")]
    pub vendor: Option<String>,
    /// The first day, such as 2026-03-01, or how long ago (7d, 2w), in the vendor's time zone; thirty days before the end if
    /// not said.
    #[arg(long, value_name = "DAY", allow_hyphen_values = true, value_parser = parse_when)]
    pub from: Option<String>,
    /// The day after the last one, written in the same ways; tomorrow if not said.
    #[arg(long, value_name = "DAY", allow_hyphen_values = true, value_parser = parse_when)]
    pub to: Option<String>,
    /// A file of what the vendor says it sent: CSV, one JSON object on each line, or a JSON array, with columns id,
    /// submission, email, phone, email_sha256 or phone_sha256. Addresses and numbers are hashed before they are sent.
    #[arg(long, value_name = "FILE", requires = "vendor", conflicts_with_all = ["from", "to"])]
    pub claims: Option<PathBuf>,
}

/// Arguments of `leadline return`.
#[derive(Clone, Args)]
pub struct ReturnArguments {
    /// The submission's id, as its vendor was answered.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why: a reason of the contract, by its code or its label.
    #[arg(long)]
    pub reason: String,
    /// Who says so.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}
