//! Which IP addresses may be dialled.
//!
//! The tables follow the IANA special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates), with the
//! addresses added under which cloud platforms answer only their own machines.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use crate::IpNetwork;

/// What we think of one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// On the public internet.
    Public,
    /// Inside a network that the operator named.
    AllowListed,
    /// Neither; with the reason.
    Blocked(&'static str),
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix_length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix_length)
}

const fn v6(segments: [u16; 8], prefix_length: u8) -> Ipv6Net {
    let [a, b, c, d, e, f, g, h] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix_length)
}

const BLOCKED_IPV4: &[(Ipv4Net, &str)] = &[
    (v4(0, 0, 0, 0, 8), "an address of this very host"),
    (v4(10, 0, 0, 0, 8), "a private network"),
    (v4(100, 64, 0, 0, 10), "carrier-grade NAT"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    // 169.254.169.254 is the metadata service of most clouds; Lambda's own endpoints live in this range too.
    (v4(169, 254, 0, 0, 16), "link-local"),
    // Answers only virtual machines inside Azure, from what looks like a public address.
    (v4(168, 63, 129, 16, 32), "a cloud platform's own endpoint"),
    (v4(172, 16, 0, 0, 12), "a private network"),
    (v4(192, 0, 0, 0, 24), "IETF protocol assignments"),
    (v4(192, 0, 2, 0, 24), "documentation"),
    (v4(192, 88, 99, 0, 24), "6to4 relays"),
    (v4(192, 168, 0, 0, 16), "a private network"),
    (v4(198, 18, 0, 0, 15), "benchmarking"),
    (v4(198, 51, 100, 0, 24), "documentation"),
    (v4(203, 0, 113, 0, 24), "documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    // Holds the broadcast address 255.255.255.255.
    (v4(240, 0, 0, 0, 4), "reserved"),
];

const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16);

const BLOCKED_IPV6: &[(Ipv6Net, &str)] = &[
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), "the unspecified address"),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), "loopback"),
    (
        v6([0, 0, 0, 0, 0, 0, 0, 0], 96),
        "an IPv4-compatible address",
    ),
    (NAT64, "NAT64"),
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), "local NAT64"),
    (v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), "discard-only"),
    // Teredo, benchmarking, ORCHID and other assignments behind which no web server lives.
    (
        v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
        "IETF protocol assignments",
    ),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "documentation"),
    (SIX_TO_FOUR, "6to4"),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "documentation"),
    (v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16), "segment routing"),
    // Holds fd00:ec2::254, the metadata service of EC2 over IPv6.
    (
        v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),
        "a unique local network",
    ),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "link-local"),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), "site-local"),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "multicast"),
];

/// The only part of IPv6 that IANA has given out as global unicast so far (RFC 4291, section 2.4).
const GLOBAL_UNICAST: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Judges an address by the operator's allow-list, then by the tables.
///
/// An IPv4 address in IPv6 dress is judged as the IPv4 address that it leads to.
/// For NAT64 and 6to4 the wrapping has to be allow-listed and the address inside has to pass on its own, so that
/// allowing a network's NAT64 prefix does not open the metadata service behind it.
pub(crate) fn judge(address: IpAddr, allow_networks: &[IpNetwork]) -> Verdict {
    let address = address.to_canonical();
    let is_allow_listed = allow_networks
        .iter()
        .any(|network| network.contains(&address));
    if is_allow_listed {
        return match embedded_ipv4(address) {
            Some(embedded) => judge(IpAddr::V4(embedded), allow_networks),
            None => Verdict::AllowListed,
        };
    }
    match address {
        IpAddr::V4(address) => judge_ipv4(address),
        IpAddr::V6(address) => judge_ipv6(address),
    }
}

fn judge_ipv4(address: Ipv4Addr) -> Verdict {
    for (network, reason) in BLOCKED_IPV4 {
        if network.contains(&address) {
            return Verdict::Blocked(reason);
        }
    }
    Verdict::Public
}

fn judge_ipv6(address: Ipv6Addr) -> Verdict {
    for (network, reason) in BLOCKED_IPV6 {
        if network.contains(&address) {
            return Verdict::Blocked(reason);
        }
    }
    if GLOBAL_UNICAST.contains(&address) {
        Verdict::Public
    } else {
        Verdict::Blocked("not a global unicast address")
    }
}

/// The IPv4 address to which a translator or tunnel would send packets for this IPv6 address
/// (RFC 6052, section 2.2, and RFC 3056, section 2).
fn embedded_ipv4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else {
        return None;
    };
    let octets = address.octets();
    if NAT64.contains(&address) {
        return Some(Ipv4Addr::new(
            octets[12], octets[13], octets[14], octets[15],
        ));
    }
    if SIX_TO_FOUR.contains(&address) {
        return Some(Ipv4Addr::new(octets[2], octets[3], octets[4], octets[5]));
    }
    None
}

#[cfg(test)]
mod tests;
