use super::*;

fn check_refused(policy: &Policy, url: &str, code: &str) {
    let error = policy.check_url(url).expect_err(url);
    assert_eq!(error.code(), code, "{url}: {error}");
}

fn allowing(networks: &[&str]) -> Policy {
    Policy::allowing(
        networks
            .iter()
            .map(|network| network.parse().unwrap())
            .collect(),
    )
}

#[test]
fn https_urls_on_port_443_pass() {
    let policy = Policy::default();
    for url in [
        "https://hooks.example.com/T0/B0?key=1",
        "https://hooks.example.com:443/",
        "HTTPS://EXAMPLE.COM",
        "https://bücher.example/",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
    ] {
        assert!(policy.check_url(url).is_ok(), "{url}");
    }
}

#[test]
fn urls_that_nobody_needs_are_invalid() {
    let policy = allowing(&["127.0.0.0/8"]);
    for url in [
        "",
        "hooks.example.com/path",
        "//example.com/",
        "https://",
        "https:///",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: evil.example",
        "https://exam\tple.com/",
        " https://example.com/",
        "https://example.com\\@evil.example/",
        "https://example.com/\u{0}",
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "https://:secret@example.com/",
        "https://example.com:99999/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        "https://256.256.256.256/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "data:text/plain,hello",
    ] {
        check_refused(&policy, url, "invalid_url");
    }
    check_refused(
        &policy,
        &format!("https://example.com/{}", "a".repeat(9000)),
        "invalid_url",
    );
}

#[test]
fn every_spelling_of_a_blocked_literal_address_is_seen_through() {
    for url in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://%31%32%37.0.0.1/",
        "https://127。0。0。1/",
        "https://①②⑦.0.0.1/",
        "https://0/",
        "https://169.254.169.254/latest/meta-data/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://[::1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
    ] {
        check_refused(&Policy::default(), url, "blocked");
    }
}

#[test]
fn plain_http_and_other_ports_are_for_allow_listed_networks_only() {
    for url in [
        "http://example.com/",
        "https://example.com:8443/",
        "http://127.0.0.1:9001/2018-06-01/runtime",
    ] {
        check_refused(&Policy::default(), url, "blocked");
    }
    let policy = allowing(&["10.0.0.0/8", "::1/128"]);
    for url in [
        "http://10.0.0.1/",
        "http://10.0.0.1:8080/",
        "https://10.0.0.1:22/",
        "http://[::1]:4180/",
    ] {
        assert!(policy.check_url(url).is_ok(), "{url}");
    }
    for url in [
        "http://8.8.8.8/",
        "https://8.8.8.8:8443/",
        "http://127.0.0.1/",
    ] {
        check_refused(&policy, url, "blocked");
    }
    assert!(policy.check_url("https://8.8.8.8/").is_ok());
}

#[test]
fn a_refusal_names_the_host_and_nothing_else_of_the_url() {
    let error = Policy::default()
        .check_url("https://10.0.0.1/T0SECRET?token=SECRET#SECRET")
        .unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(
        told.contains("10.0.0.1") && !told.contains("SECRET"),
        "{told}"
    );
    let error = Policy::default()
        .check_url("https://SECRET:SECRET@example.com/SECRET")
        .unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(!told.contains("SECRET"), "{told}");
}
