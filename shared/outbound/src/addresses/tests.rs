use super::*;

/// Judges each address without an allow-list; `None` stands for public.
fn check(cases: &[(&str, Option<&'static str>)]) {
    for (address, expected) in cases {
        let expected = match expected {
            Some(reason) => Verdict::Blocked(reason),
            None => Verdict::Public,
        };
        assert_eq!(judge(address.parse().unwrap(), &[]), expected, "{address}");
    }
}

fn networks(networks: &[&str]) -> Vec<IpNetwork> {
    networks
        .iter()
        .map(|network| network.parse().unwrap())
        .collect()
}

#[test]
fn ipv4_addresses_are_judged_up_to_the_edges_of_each_block() {
    check(&[
        ("0.0.0.0", Some("an address of this very host")),
        ("0.255.255.255", Some("an address of this very host")),
        ("1.0.0.0", None),
        ("9.255.255.255", None),
        ("10.0.0.0", Some("a private network")),
        ("10.255.255.255", Some("a private network")),
        ("11.0.0.0", None),
        ("100.63.255.255", None),
        ("100.64.0.0", Some("carrier-grade NAT")),
        ("100.100.100.200", Some("carrier-grade NAT")),
        ("100.127.255.255", Some("carrier-grade NAT")),
        ("100.128.0.0", None),
        ("126.255.255.255", None),
        ("127.0.0.1", Some("loopback")),
        ("127.255.255.254", Some("loopback")),
        ("128.0.0.0", None),
        ("168.63.129.15", None),
        ("168.63.129.16", Some("a cloud platform's own endpoint")),
        ("169.253.255.255", None),
        ("169.254.0.1", Some("link-local")),
        ("169.254.100.1", Some("link-local")),
        ("169.254.169.254", Some("link-local")),
        ("169.254.170.2", Some("link-local")),
        ("169.255.0.0", None),
        ("172.15.255.255", None),
        ("172.16.0.1", Some("a private network")),
        ("172.31.255.255", Some("a private network")),
        ("172.32.0.0", None),
        ("192.0.0.192", Some("IETF protocol assignments")),
        ("192.0.1.0", None),
        ("192.0.2.1", Some("documentation")),
        ("192.88.98.255", None),
        ("192.88.99.1", Some("6to4 relays")),
        ("192.167.255.255", None),
        ("192.168.1.1", Some("a private network")),
        ("192.169.0.0", None),
        ("198.17.255.255", None),
        ("198.18.0.1", Some("benchmarking")),
        ("198.19.255.255", Some("benchmarking")),
        ("198.20.0.0", None),
        ("198.51.100.7", Some("documentation")),
        ("203.0.113.7", Some("documentation")),
        ("203.0.114.0", None),
        ("223.255.255.255", None),
        ("224.0.0.1", Some("multicast")),
        ("239.255.255.255", Some("multicast")),
        ("240.0.0.1", Some("reserved")),
        ("255.255.255.255", Some("reserved")),
        ("8.8.8.8", None),
    ]);
}

#[test]
fn ipv6_addresses_are_judged_up_to_the_edges_of_each_block() {
    check(&[
        ("::", Some("the unspecified address")),
        ("::1", Some("loopback")),
        ("::2", Some("an IPv4-compatible address")),
        ("::127.0.0.1", Some("an IPv4-compatible address")),
        ("::8.8.8.8", Some("an IPv4-compatible address")),
        ("64:ff9b::8.8.8.8", Some("NAT64")),
        ("64:ff9b::169.254.169.254", Some("NAT64")),
        ("64:ff9b:1::a00:1", Some("local NAT64")),
        ("64:ff9b:2::1", Some("not a global unicast address")),
        ("100::1", Some("discard-only")),
        ("100:0:0:1::1", Some("not a global unicast address")),
        ("1fff:ffff::1", Some("not a global unicast address")),
        ("2000::1", None),
        ("2001::1", Some("IETF protocol assignments")),
        ("2001:0:7f00:1::", Some("IETF protocol assignments")),
        ("2001:2::1", Some("IETF protocol assignments")),
        ("2001:1ff:ffff::1", Some("IETF protocol assignments")),
        ("2001:200::1", None),
        ("2001:db7:ffff::1", None),
        ("2001:db8::1", Some("documentation")),
        ("2001:db9::1", None),
        ("2001:4860:4860::8888", None),
        ("2002:7f00:1::1", Some("6to4")),
        ("2002:808:808::1", Some("6to4")),
        ("2003::1", None),
        ("2606:4700:4700::1111", None),
        ("3ffe:ffff::1", None),
        ("3fff::1", Some("documentation")),
        ("3fff:fff:ffff::1", Some("documentation")),
        ("3fff:1000::1", None),
        ("4000::1", Some("not a global unicast address")),
        ("5f00::1", Some("segment routing")),
        ("fc00::1", Some("a unique local network")),
        ("fd00:ec2::254", Some("a unique local network")),
        ("fe7f::1", Some("not a global unicast address")),
        ("fe80::1", Some("link-local")),
        ("febf::1", Some("link-local")),
        ("fec0::1", Some("site-local")),
        ("ff02::1", Some("multicast")),
    ]);
}

#[test]
fn ipv4_in_ipv6_dress_is_judged_as_ipv4() {
    check(&[
        ("::ffff:127.0.0.1", Some("loopback")),
        ("::ffff:a9fe:a9fe", Some("link-local")),
        ("::ffff:10.1.2.3", Some("a private network")),
        ("::ffff:8.8.8.8", None),
    ]);
}

#[test]
fn an_allow_listed_network_is_open_and_its_neighbours_stay_shut() {
    let allowed = networks(&["10.1.0.0/16", "::1/128"]);
    let judge = |address: &str| judge(address.parse().unwrap(), &allowed);
    assert_eq!(judge("10.1.255.255"), Verdict::AllowListed);
    assert_eq!(judge("::ffff:10.1.0.1"), Verdict::AllowListed);
    assert_eq!(judge("::1"), Verdict::AllowListed);
    assert_eq!(judge("10.2.0.0"), Verdict::Blocked("a private network"));
    assert_eq!(judge("127.0.0.1"), Verdict::Blocked("loopback"));
    assert_eq!(judge("8.8.8.8"), Verdict::Public);
}

#[test]
fn allowing_a_translator_prefix_does_not_open_what_lies_behind_it() {
    let allowed = networks(&["64:ff9b::/96", "2002::/16", "10.0.0.0/8"]);
    let judge = |address: &str| judge(address.parse().unwrap(), &allowed);
    assert_eq!(judge("64:ff9b::8.8.8.8"), Verdict::Public);
    assert_eq!(
        judge("64:ff9b::169.254.169.254"),
        Verdict::Blocked("link-local")
    );
    assert_eq!(judge("64:ff9b::10.0.0.1"), Verdict::AllowListed);
    assert_eq!(judge("2002:a9fe:a9fe::1"), Verdict::Blocked("link-local"));
    assert_eq!(judge("2002:808:808::1"), Verdict::Public);
}

#[test]
fn allowing_an_ipv4_network_does_not_allow_its_nat64_form() {
    let allowed = networks(&["10.0.0.0/8"]);
    assert_eq!(
        judge("64:ff9b::10.0.0.1".parse().unwrap(), &allowed),
        Verdict::Blocked("NAT64")
    );
}
