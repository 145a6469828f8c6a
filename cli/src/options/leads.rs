//! One person: `lead`, `explain`, `history`, `feedback`, `consent` and `erase`.

use clap::{Args, ValueEnum};

use crate::who::Who;

/// A person.
#[derive(Clone, Args)]
pub struct WhoArguments {
    /// The lead's id, e-mail address or phone number.
    #[arg(value_name = "ID|EMAIL|PHONE")]
    pub who: Who,
}

/// Arguments of `leadline feedback`.
#[derive(Clone, Args)]
pub struct FeedbackArguments {
    /// The lead's id, e-mail address or phone number.
    #[arg(value_name = "ID|EMAIL|PHONE")]
    pub who: Who,
    /// What happened.
    #[arg(value_enum)]
    pub kind: FeedbackKind,
    /// Why, such as `not_now`: what recycling rules ask for.
    #[arg(long)]
    pub reason: Option<String>,
    /// Who did it: a rep, by the id in the configuration, or anybody else by name.
    #[arg(long, value_name = "REP|NAME")]
    pub by: Option<String>,
}

/// What sales did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FeedbackKind {
    /// The rep got in touch.
    Contacted,
    /// The rep takes it.
    Accepted,
    /// The rep sends it back.
    Rejected,
    /// There is a deal.
    Qualified,
    /// They bought.
    Converted,
    /// Of no use to anybody.
    Disqualified,
}

impl FeedbackKind {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            FeedbackKind::Contacted => "contacted",
            FeedbackKind::Accepted => "accepted",
            FeedbackKind::Rejected => "rejected",
            FeedbackKind::Qualified => "qualified",
            FeedbackKind::Converted => "converted",
            FeedbackKind::Disqualified => "disqualified",
        }
    }
}

/// Arguments of `leadline erase`.
#[derive(Clone, Args)]
pub struct EraseArguments {
    /// The lead's id, or the person's e-mail address or phone number.
    #[arg(value_name = "ID|EMAIL|PHONE")]
    pub who: Who,
    /// Who carries it out: a rep, by the id in the configuration, or anybody else by name. It is kept.
    #[arg(long, value_name = "REP|NAME")]
    pub by: Option<String>,
}

/// Arguments of `leadline consent`.
#[derive(Clone, Args)]
pub struct ConsentArguments {
    /// The lead's id, e-mail address or phone number.
    #[arg(value_name = "ID|EMAIL|PHONE")]
    pub who: Who,
    /// For what, such as `marketing`: the purpose that destinations name.
    pub purpose: String,
    /// They agreed to it.
    #[arg(long, conflicts_with = "withdraw")]
    pub give: bool,
    /// They took it back, or refused it.
    #[arg(long)]
    pub withdraw: bool,
    /// Why, or how they said so.
    #[arg(long)]
    pub reason: Option<String>,
    /// Who noted it: a rep, by the id in the configuration, or anybody else by name.
    #[arg(long, value_name = "REP|NAME")]
    pub by: Option<String>,
}
