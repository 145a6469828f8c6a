//! The cases of Dominic Sayers' isemail corpus (1.11, BSD), which is what checkers of addresses are measured by, written
//! anew: what is wrong by RFC 5321 and 5322 is never accepted.

use super::super::Email;

/// Wrong by the RFCs, whatever is done about it.
const WRONG: &[&str] = &[
    "",
    "test",
    "@",
    "test@",
    "@org",
    "@example.org",
    ".test@example.org",
    "test.@example.org",
    "test..example.org",
    "test..test@example.org",
    "test_exa-mple.org",
    "test\\@test@example.org",
    "test@-example.org",
    "test@example-.org",
    "test@.example.org",
    "test@example.org.",
    "test@example..org",
    "\"\"\"@example.org",
    "\"\\\"@example.org",
    "test\"@example.org",
    "\"test@example.org",
    "\"test\"test@example.org",
    "test\"text\"@example.org",
    "\"test\"\"test\"@example.org",
    "\"test\0\"@example.org",
    "test@a[255.255.255.255]",
    "((comment)test@example.org",
    "test(comment)test@example.org",
    "te\nst@example.org",
    "test@exam\nple.org",
    "test@example.org-",
    "(test@example.org",
    "test@(example.org",
    "test@[1.2.3.4",
    "\"test\\\"@example.org",
    "(comment\\)test@example.org",
    "test@example.org(comment\\)",
    "test@example.org(comment\\",
    "test@[RFC-5322]-domain-literal]",
    "test@[RFC-5322-[domain-literal]",
    "test@[RFC-5322-domain-literal\\]",
    "test@[RFC-5322-domain-literal\\",
    "\u{7f}@example.org",
    "test@\u{7f}.org",
    "\u{7}@example.org",
    "test@\u{7}.org",
    "\"\rtest\"@example.org",
    "(\r)test@example.org",
    "test@example.org(\r)",
    "\"\n\"@example.org",
    "(\n)test@example.org",
    "\"test\\©\"@example.org",
    "test@example.org test@example.org",
    "test@ex ample.org",
    "te st@example.org",
];

/// Wrong only by the white space around them, which every form has: the address in it is taken, and nothing of the rest.
const WRAPPED: &[&str] = &[
    "test@example.org\n",
    "test@example.org\r",
    "\rtest@example.org",
    "\ntest@example.org",
    "\r\ntest@example.org",
    "\r\n \r\ntest@example.org",
    " \r\ntest@example.org",
    " \r\n\r\n test@example.org",
    "test@example.org\r\n",
    "test@example.org\r\n \r\n",
    "test@example.org \r\n\r\n ",
];

/// Allowed somewhere, meant by nobody who fills in a form, and deliverable almost nowhere: refused.
const ALLOWED_SOMEWHERE: &[&str] = &[
    "test@io",
    "\"test\"@example.org",
    "\"\"@example.org",
    "\"test test\"@example.org",
    "test@[255.255.255.255]",
    "test@[IPv6:1111:2222:3333:4444:5555:6666:7777:8888]",
    "(comment)test@example.org",
    "test@(comment)example.org",
    "test@example.org(comment)",
    "test . test@example.org",
    " test @example.org",
    "test@ example.org",
    "test.\"test\"@example.org",
    "test@123.123.123.123",
    "test@123.123",
];

/// Right.
const RIGHT: &[&str] = &[
    "test@example.org",
    "test@nominet.example.org.uk",
    "test@about.museum",
    "a@example.org",
    "test@e.com",
    "test@example.a",
    "test.test@example.org",
    "!#$%&`*+/=?^`{|}~@example.org",
    "123@example.org",
    "test@123.com",
    "test@xn--hxajbheg2az3al.xn--jxalpdlp",
    "xn--test@example.org",
    "test@exa-mple.org",
    "test@a--b.org",
];

#[test]
fn what_is_wrong_by_the_rfcs_is_never_accepted() {
    for address in WRONG {
        assert!(Email::parse(address).is_err(), "{address:?}");
    }
}

#[test]
fn white_space_around_an_address_is_no_part_of_it() {
    for address in WRAPPED {
        let email = Email::parse(address).unwrap();
        assert_eq!(email.as_str(), "test@example.org", "{address:?}");
    }
}

#[test]
fn what_nobody_means_is_refused_and_what_is_right_is_taken() {
    for address in ALLOWED_SOMEWHERE {
        assert!(Email::parse(address).is_err(), "{address:?}");
    }
    for address in RIGHT {
        assert_eq!(Email::parse(address).unwrap().as_str(), *address);
    }
}

#[test]
fn lengths_are_those_of_the_rfcs() {
    let local = |length: usize| format!("{}@example.org", "a".repeat(length));
    assert!(Email::parse(&local(64)).is_ok());
    assert!(Email::parse(&local(65)).is_err());
    let label = |length: usize| format!("test@{}.org", "a".repeat(length));
    assert!(Email::parse(&label(63)).is_ok());
    assert!(Email::parse(&label(64)).is_err());
    let long = |labels: usize| format!("{}@{}org", "a".repeat(60), "abcdefghij.".repeat(labels));
    assert!(Email::parse(&long(17)).is_ok(), "{}", long(17).len());
    assert!(Email::parse(&long(18)).is_err(), "{}", long(18).len());
}
