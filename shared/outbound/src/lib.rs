//! The one door through which Leadline calls strangers' HTTP servers: enrichment providers and delivery webhooks. It also
//! asks name servers whether a domain takes mail.
//!
//! Every peer is taken for hostile.
//! A request leaves only towards a vetted address, is over by its deadline, and costs at most the memory its caller
//! granted, whatever the other side sends.
//! This crate never follows a redirect, never decompresses, never keeps a cookie, never resends a request, never
//! reads proxy settings from the environment, and never puts more of a URL than its host into an error or a log:
//! paths and queries of webhooks are secrets.
//!
//! The guard against requests that are steered into our own network (SSRF) sits in two places.
//! Addresses written into the URL are judged before anything is sent.
//! Names are judged after resolution, inside the resolver which the connector dials from, so that a name which
//! changes its answer between check and use (DNS rebinding) gains nothing: there is only one answer.

mod addresses;
mod client;
mod error;
mod mail_domains;
mod policy;
mod resolver;

pub use client::{Client, IncompleteBody, Limits, Peer, Request, Response};
pub use error::Error;
pub use http::{HeaderMap, Method, StatusCode};
pub use ipnet::IpNet as IpNetwork;
pub use mail_domains::{Mail, MailDomains};
pub use policy::Policy;
