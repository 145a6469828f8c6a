use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use platform::Clock;
use sources::batch::Content;

use super::*;

const NAMES: &str = "email,name\n";
const ROW: &str = "person@example.com,Somebody of the fair\n";

/// A bucket with one file that is nowhere: what is asked of it is made when it is asked for, and counted.
#[derive(Debug, Clone, Default)]
struct Endless {
    requests: Arc<AtomicU64>,
    longest: Arc<AtomicU64>,
}

impl HttpClient for Endless {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Endless {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let range = request.headers().get("range").unwrap();
        let (from, to) = range["bytes=".len()..].split_once('-').unwrap();
        let (from, to): (u64, u64) = (from.parse().unwrap(), to.parse().unwrap());
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.longest.fetch_max(to - from + 1, Ordering::Relaxed);
        let bytes: Vec<u8> = (from..=to).map(byte_at).collect();
        let response = HttpResponse::new(206.try_into().unwrap(), SdkBody::from(bytes));
        HttpConnectorFuture::ready(Ok(response))
    }
}

fn byte_at(at: u64) -> u8 {
    let at = usize::try_from(at).unwrap();
    match at.checked_sub(NAMES.len()) {
        None => NAMES.as_bytes()[at],
        Some(at) => ROW.as_bytes()[at % ROW.len()],
    }
}

/// Text that is held: the range, and the rows that no piece was made of yet.
fn held(pieces: &Pieces<'_>) -> usize {
    let rows = pieces.rows.iter().map(|row| match &row.content {
        Content::Cells { cells, .. } => cells.iter().map(String::len).sum(),
        _ => 0,
    });
    pieces.range.len() + rows.sum::<usize>()
}

#[tokio::test]
async fn a_file_is_held_as_one_range_and_the_rows_it_completes_however_long_it_is() {
    let mut most = Vec::new();
    for rows in [50_000_u64, 400_000] {
        let bucket = Endless::default();
        let client = SharedHttpClient::new(bucket.clone());
        let objects = Objects::embedded("http://b.test/b", ("k", "s"), client, Clock::system());
        let length = NAMES.len() as u64 + rows * ROW.len() as u64;
        let mut pieces = Pieces::new(&objects, "uploads/endless".to_owned(), length, None);
        let (mut seen, mut largest) = (0, 0);
        while let Ok(Some(piece)) = pieces.next().await {
            seen += piece.len() as u64;
            assert_eq!(piece.last().unwrap().number, seen);
            largest = largest.max(held(&pieces));
        }
        assert_eq!(seen, rows);
        assert_eq!(bucket.longest.load(Ordering::Relaxed), RANGE_BYTES);
        let ranges = length.div_ceil(RANGE_BYTES);
        assert_eq!(bucket.requests.load(Ordering::Relaxed), ranges);
        most.push(largest as u64);
    }
    // Where steps and pieces meet differs by less than a piece.
    let piece = (ROWS_IN_A_PIECE * ROW.len()) as u64;
    assert!(most[1] <= most[0] + piece, "eight times the file: {most:?}");
    assert!(most[1] < RANGE_BYTES + 2 * MAX_ROW_BYTES as u64, "{most:?}");
}
