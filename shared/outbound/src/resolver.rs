//! Name resolution that hands out vetted addresses only.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::IpNetwork;
use crate::addresses::judge;
use crate::policy::Reach;

/// Most addresses tried for one name; a hostile zone can answer with hundreds.
const MAX_ADDRESSES: usize = 8;

/// Resolves a name to addresses. The port in them has no meaning.
pub(crate) type Lookup =
    Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// The operating system's resolver.
pub(crate) fn system_lookup() -> Lookup {
    Arc::new(|host| {
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((host, 0)).await?;
            Ok(addresses.collect())
        })
    })
}

/// The resolver of an HTTP client: what it returns is what gets dialled.
pub(crate) struct VettedResolver {
    pub(crate) lookup: Lookup,
    pub(crate) allow_networks: Vec<IpNetwork>,
    pub(crate) reach: Reach,
}

impl Resolve for VettedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = (self.lookup)(name.as_str().to_owned());
        let allow_networks = self.allow_networks.clone();
        let reach = self.reach;
        Box::pin(async move {
            let addresses = addresses.await?;
            let vetted = vet(addresses, &allow_networks, reach)?;
            Ok(Box::new(vetted.into_iter()) as Addrs)
        })
    }
}

/// Keeps the addresses that may be dialled; an error if there were some but none of them may.
fn vet(
    addresses: Vec<SocketAddr>,
    allow_networks: &[IpNetwork],
    reach: Reach,
) -> Result<Vec<SocketAddr>, VetError> {
    let mut vetted = Vec::new();
    let mut first_refusal = None;
    for address in addresses {
        match reach.admit(judge(address.ip(), allow_networks)) {
            Ok(()) => vetted.push(address),
            Err(reason) => {
                first_refusal.get_or_insert(Refusal { reason });
            }
        }
    }
    vetted.truncate(MAX_ADDRESSES);
    match first_refusal {
        Some(refusal) if vetted.is_empty() => Err(refusal.into()),
        _ if vetted.is_empty() => Err("the name has no addresses".into()),
        _ => Ok(vetted),
    }
}

type VetError = Box<dyn std::error::Error + Send + Sync>;

/// Every address of a name was refused; found again in the HTTP client's error by its type.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: &'static str,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.reason)
    }
}

impl std::error::Error for Refusal {}
