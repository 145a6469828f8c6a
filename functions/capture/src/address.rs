//! Where a request came from, as far as that is any of our business.

use std::net::IpAddr;

use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use web::ClientAddress;

/// The address of the sender, or of the proxy in front of us. Headers that claim another are not believed.
pub(crate) fn of(request: &Request) -> Option<IpAddr> {
    if let Some(ClientAddress(address)) = request.extensions().get::<ClientAddress>() {
        return Some(address.to_canonical());
    }
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => {
            let text = context.http.source_ip.as_deref()?;
            text.parse::<IpAddr>()
                .ok()
                .map(|address| address.to_canonical())
        }
        _ => None,
    }
}

/// Whose requests are counted together: an address, or the /64 that one household or server has of IPv6.
pub(crate) fn counted(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}

/// What is kept with an agreement: the network without its last part, which names nobody; `private` for networks that are
/// not on the internet.
pub(crate) fn class(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address)
            if address.is_private() || address.is_loopback() || address.is_link_local() =>
        {
            "private".to_owned()
        }
        IpAddr::V4(address) => {
            let [first, second, third, _] = address.octets();
            format!("{first}.{second}.{third}.0/24")
        }
        IpAddr::V6(address)
            if address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local() =>
        {
            "private".to_owned()
        }
        IpAddr::V6(address) => {
            let [first, second, third, ..] = address.segments();
            format!("{first:x}:{second:x}:{third:x}::/48")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_an_address_names_nobody() {
        for (address, expected) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:12:34:56:78:9a:bc", "2001:db8:12::/48"),
            ("127.0.0.1", "private"),
            ("10.1.2.3", "private"),
            ("fd00::1", "private"),
            ("::1", "private"),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(class(address.to_canonical()), expected);
        }
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_sender() {
        let bytes = |text: &str| counted(text.parse().unwrap());
        assert_eq!(bytes("2001:db8::1"), bytes("2001:db8::2"));
        assert_ne!(bytes("2001:db8::1"), bytes("2001:db8:0:1::1"));
        assert_ne!(bytes("203.0.113.1"), bytes("203.0.113.2"));
    }
}
