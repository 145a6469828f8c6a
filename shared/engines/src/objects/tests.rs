use super::*;

/// "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)" in the API reference of Amazon S3.
#[test]
fn the_signature_of_the_published_example_is_right_until_it_expires_and_only_for_what_was_signed() {
    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host";
    let signature = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    let query = format!("{query}&X-Amz-Signature={signature}");
    let host = |name: &str| (name == "host").then(|| "examplebucket.s3.amazonaws.com".to_owned());
    let signed = |method: &'static str, path: &'static str| Signed {
        method,
        path,
        query: &query,
        header: &host,
    };
    const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
    const SIGNED_AT: i64 = 1_369_353_600;
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let verify = |method, path, secret, now| signed(method, path).verify(KEY_ID, secret, now);
    assert_eq!(verify("GET", "/test.txt", SECRET, SIGNED_AT), Ok(()));
    assert_eq!(
        verify("GET", "/test.txt", SECRET, SIGNED_AT + 86_400),
        Ok(())
    );
    let late = verify("GET", "/test.txt", SECRET, SIGNED_AT + 86_401);
    assert_eq!(late.map_err(|refused| refused.code), Err("AccessDenied"));
    let early = verify("GET", "/test.txt", SECRET, SIGNED_AT - 901);
    assert_eq!(early.map_err(|refused| refused.code), Err("AccessDenied"));
    for (method, path, secret) in [
        ("PUT", "/test.txt", SECRET),
        ("GET", "/test.txt2", SECRET),
        ("GET", "/test.txt", "another"),
    ] {
        let refused = verify(method, path, secret, SIGNED_AT).map_err(|refused| refused.code);
        assert_eq!(refused, Err("SignatureDoesNotMatch"), "{method} {path}");
    }
}

fn incoming(said: &[u8], sent: &'static [u8]) -> Incoming {
    use sha2::{Digest, Sha256};
    Incoming {
        length: said.len() as u64,
        digest: Sha256::digest(said).into(),
        body: Body::from(sent),
    }
}

#[tokio::test]
async fn an_object_is_whole_or_not_there_in_a_directory_as_in_memory() {
    let directory = tempfile::tempdir().unwrap();
    for store in [Store::open(directory.path()).unwrap(), Store::memory()] {
        let key = "uploads/bat_one";
        for sent in [&b"a fil"[..], b"a file more", b"a fild"] {
            let refused = store.put(key, incoming(b"a file", sent)).await;
            assert!(refused.is_err());
            assert_eq!(
                store
                    .read(key, 0, 9)
                    .await
                    .map_err(|refused| refused.status),
                Err(404)
            );
        }
        store
            .put(key, incoming(b"a file", b"a file"))
            .await
            .unwrap();
        assert_eq!(store.read(key, 0, 99).await, Ok((b"a file".to_vec(), 6)));
        assert_eq!(store.read(key, 2, 3).await, Ok((b"fi".to_vec(), 6)));
        assert_eq!(store.read(key, 6, 9).await, Ok((Vec::new(), 6)));
        let all = store.all().await;
        assert_eq!((all.len(), all[0].key.as_str(), all[0].bytes), (1, key, 6));
        assert_eq!(store.sweep_older_than(60).await, 0);
        assert_eq!(store.all().await.len(), 1);
    }
    // The second life of a directory has what was whole, and nothing of what was not.
    std::fs::write(directory.path().join("uploads+bat_two.0.part"), "half").unwrap();
    let again = Store::open(directory.path()).unwrap();
    assert_eq!(again.all().await.len(), 1);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn names_of_objects_lead_nowhere_else() {
    assert_eq!(
        key_of("/leadline-uploads/uploads/bat_1"),
        Some("uploads/bat_1")
    );
    for path in [
        "/leadline-uploads/",
        "/leadline-uploads",
        "/leadline-uploads2/a",
        "/leadline-uploads/../table.sqlite",
        "/leadline-uploads/a%2Fb",
        "/v1/leads",
    ] {
        assert_eq!(key_of(path), None, "{path}");
    }
    assert_eq!(range("bytes=0-9"), Some((0, 9)));
    for wrong in [
        "bytes=9-0",
        "bytes=-5",
        "bytes=5-",
        "items=0-1",
        "bytes=0-1,3-4",
    ] {
        assert_eq!(range(wrong), None, "{wrong}");
    }
}
