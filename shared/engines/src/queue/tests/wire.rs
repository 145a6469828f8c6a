//! The same engine over HTTP on a local port.

use std::time::Duration;

use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_tools_reach_the_same_queues_over_http() {
    let queues = EmbeddedQueues::memory();
    let local = queues.sqs_client();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn({
        let queues = queues.clone();
        async move {
            queues
                .serve(listener, async {
                    let _ = stopped.await;
                })
                .await
        }
    });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("any", "any", None, None, "test"))
        .endpoint_url(&endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let remote = Client::from_conf(config);

    let url = create(&remote, "work", &[]).await;
    assert_eq!(url, format!("{endpoint}/000000000000/work"));
    send(&remote, &url, "over the wire").await;
    let message = receive_one(&local, &url).await;
    assert_eq!(message.body(), Some("over the wire"));
    delete(&remote, &url, &message).await;
    assert!(queues.idle());
    let error = remote
        .get_queue_url()
        .queue_name("missing")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_queue_does_not_exist(), "{error:?}");

    // A browser would send this header, whatever page it shows.
    let host = endpoint.trim_start_matches("http://");
    let mut page = tokio::net::TcpStream::connect(host).await.unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {host}\r\norigin: https://page.example\r\n\
         x-amz-target: AmazonSQS.ListQueues\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
    );
    page.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    page.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");

    // A waiting long poll does not hold up the end.
    let poll = tokio::spawn({
        let (remote, url) = (remote.clone(), url.clone());
        async move {
            remote
                .receive_message()
                .queue_url(&url)
                .wait_time_seconds(20)
                .send()
                .await
                .is_err()
        }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let start = std::time::Instant::now();
    stop.send(()).unwrap();
    assert!(poll.await.unwrap());
    drop(remote);
    server.await.unwrap().unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}
