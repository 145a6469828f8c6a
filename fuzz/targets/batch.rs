//! Files of submissions: whole and in pieces they say the same, and no row says more than it may hold.
#![no_main]

use sources::Refusal;
use sources::batch::{Content, MAX_ROW_BYTES, Reader, Row};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((size, file)) = data.split_first() else {
        return;
    };
    let whole = read(file, file.len().max(1));
    let pieces = read(file, usize::from(*size) + 1);
    assert_eq!(whole, pieces, "the pieces of a file do not matter");
    for row in whole.unwrap_or_default() {
        let bytes = match &row.content {
            Content::Cells { cells, .. } => cells.iter().map(String::len).sum(),
            Content::Json(text) | Content::Prospect(text) => text.len(),
            Content::Broken { .. } => 0,
        };
        assert!(bytes <= MAX_ROW_BYTES, "a row is bounded");
        let _ = row.text();
    }
});

fn read(file: &[u8], size: usize) -> Result<Vec<Row>, Refusal> {
    let mut reader = Reader::new(None);
    let mut rows = Vec::new();
    for piece in file.chunks(size) {
        reader.feed(piece, &mut rows)?;
    }
    reader.finish(&mut rows)?;
    Ok(rows)
}
