use super::*;
use crate::clients::new_http_client;

fn example(token: Option<&str>) -> Objects {
    let now = "2013-05-24T00:00:00Z".parse().unwrap();
    Objects {
        base: "https://examplebucket.s3.amazonaws.com".to_owned(),
        region: "us-east-1".to_owned(),
        credentials: Some(Credentials::new(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            token.map(str::to_owned),
            None,
            "example",
        )),
        http_client: new_http_client(CONNECT_TIMEOUT),
        clock: Clock::fixed(now),
    }
}

/// "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)" in the API reference of Amazon S3.
#[test]
fn an_address_is_signed_as_in_the_example_that_aws_publishes() {
    let objects = example(None);
    let now = objects.clock.now();
    let url = objects
        .presign("GET", "test.txt", &[], now, 86_400)
        .unwrap();
    let (place, query) = url.split_once('?').unwrap();
    assert_eq!(place, "https://examplebucket.s3.amazonaws.com/test.txt");
    for parameter in [
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request",
        "X-Amz-Date=20130524T000000Z",
        "X-Amz-Expires=86400",
        "X-Amz-SignedHeaders=host",
        "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    ] {
        assert!(
            query.split('&').any(|given| given == parameter),
            "{parameter} in {query}"
        );
    }
}

#[test]
fn length_and_digest_of_an_upload_are_signed_and_the_session_token_is_sent() {
    let objects = example(Some("token/of+the session"));
    let put = objects
        .presign_put("uploads/bat_x", 11, &[7; 32], 900)
        .unwrap();
    assert!(
        put.url
            .contains("X-Amz-SignedHeaders=content-length%3Bhost%3Bx-amz-checksum-sha256"),
        "{}",
        put.url
    );
    assert!(
        put.url
            .contains("X-Amz-Security-Token=token%2Fof%2Bthe%20session"),
        "{}",
        put.url
    );
    assert_eq!(put.headers[0], ("content-length", "11".to_owned()));
    assert_eq!(put.expires_at, "2013-05-24T00:15:00Z".parse().unwrap());
    let longer = objects
        .presign_put("uploads/bat_x", 12, &[7; 32], 900)
        .unwrap();
    let other = objects
        .presign_put("uploads/bat_x", 11, &[8; 32], 900)
        .unwrap();
    let signature = |url: &str| {
        let (_, rest) = url.split_once("X-Amz-Signature=").unwrap();
        rest[..64].to_owned()
    };
    assert_ne!(signature(&put.url), signature(&longer.url));
    assert_ne!(signature(&put.url), signature(&other.url));
}

#[test]
fn a_bucket_is_found_at_its_own_name_and_at_a_local_engine_by_path() {
    let settings = |endpoint: Option<&str>, region: &str| {
        Settings::parse(|name| match name {
            "LEADLINE_TABLE" => Some("leadline".to_owned()),
            "LEADLINE_UPLOADS" => Some("leads-of-tests".to_owned()),
            "AWS_REGION" => Some(region.to_owned()),
            "AWS_ENDPOINT_URL" => endpoint.map(str::to_owned),
            _ => None,
        })
        .unwrap()
    };
    let base = |endpoint, region| {
        let objects = Objects::open(&settings(endpoint, region), Clock::system()).unwrap();
        assert!(matches!(
            objects.presign_put("uploads/a", 1, &[0; 32], 1),
            Err(ObjectsError::NoCredentials)
        ));
        objects.base
    };
    assert_eq!(
        base(None, "eu-central-1"),
        "https://leads-of-tests.s3.eu-central-1.amazonaws.com"
    );
    assert_eq!(
        base(None, "cn-north-1"),
        "https://leads-of-tests.s3.cn-north-1.amazonaws.com.cn"
    );
    assert_eq!(
        base(Some("http://127.0.0.1:4566/"), "us-east-1"),
        "http://127.0.0.1:4566/leads-of-tests"
    );
}
