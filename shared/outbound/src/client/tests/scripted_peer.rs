//! A TCP server that plays a script on every connection.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(super) struct ScriptedPeer {
    pub(super) address: SocketAddr,
    n_connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl ScriptedPeer {
    pub(super) async fn start<F, Script>(script: F) -> ScriptedPeer
    where
        F: Fn(Connection) -> Script + Send + 'static,
        Script: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let n_connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (counted, recorded) = (Arc::clone(&n_connections), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(script(Connection {
                    stream,
                    requests: Arc::clone(&recorded),
                }));
            }
        });
        ScriptedPeer {
            address,
            n_connections,
            requests,
        }
    }

    /// A peer that answers every request of every connection with these bytes, then closes.
    pub(super) async fn saying(answer: impl Into<Vec<u8>>) -> ScriptedPeer {
        let answer = answer.into();
        ScriptedPeer::start(move |mut connection| {
            let answer = answer.clone();
            async move {
                connection.read_request().await;
                connection.write(&answer).await;
            }
        })
        .await
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn n_connections(&self) -> usize {
        self.n_connections.load(Ordering::SeqCst)
    }

    /// The heads and bodies received so far.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

pub(super) struct Connection {
    pub(super) stream: TcpStream,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Connection {
    /// Reads one request with its body; false when the client has closed.
    pub(super) async fn read_request(&mut self) -> bool {
        let mut received = Vec::new();
        loop {
            if let Some(end_of_head) = received.windows(4).position(|window| window == b"\r\n\r\n")
            {
                let head = String::from_utf8(received[..end_of_head].to_vec())
                    .unwrap()
                    .to_ascii_lowercase();
                let declared = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                let n_body_bytes: usize = declared.map_or(0, |length| length.parse().unwrap());
                if received.len() >= end_of_head + 4 + n_body_bytes {
                    break;
                }
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return false,
                Ok(n_bytes) => received.extend_from_slice(&buffer[..n_bytes]),
            }
        }
        self.requests
            .lock()
            .unwrap()
            .push(String::from_utf8(received).unwrap());
        true
    }

    /// Writes; false when the client has gone away.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Closes with a TCP reset instead of an orderly end.
    pub(super) fn reset(self) {
        self.stream.set_zero_linger().unwrap();
        drop(self.stream);
    }
}
