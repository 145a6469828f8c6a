use proptest::prelude::*;

use super::*;
use crate::batch::{self, Checked, Content, Encoding, Format, MAX_ROW_BYTES, Reader, Row};

/// A file by its name under `events/batches`.
macro_rules! batch_file {
    ($name:literal) => {
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../events/batches/",
            $name
        ))
    };
}

mod prospects;

fn post(body: impl Into<Vec<u8>>) -> Request {
    Request::new(SourceKind::Form, "text/csv", body)
}

impl Request {
    fn batch(&self) -> Result<Vec<Checked>, Refusal> {
        let pepper = Pepper::new("pepper-of-the-tests");
        let door = Door {
            name: "vendor",
            source: &self.source,
            secrets: &self.secrets,
            handshake_secrets: &[],
            pepper: &pepper,
            default_country: Some("US"),
        };
        batch::receive(&door, &self.incoming())
    }

    #[track_caller]
    fn rows(&self) -> Vec<Checked> {
        self.batch().unwrap()
    }
}

#[track_caller]
fn good(row: &Checked) -> &Submission {
    match row.outcome.as_ref().unwrap() {
        Parsed::Submission(submission) => submission,
        Parsed::Quarantined(quarantined) => panic!("{:?}", quarantined.problems),
        Parsed::Wrong(wrong) => panic!("{:?}", wrong.lead.problems),
        Parsed::Announced(_) => panic!("a file announces nothing"),
    }
}

fn said(row: &Checked, field: Field) -> String {
    good(row)
        .fields
        .get(&field)
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn codes(row: &Checked) -> Vec<(&str, &str)> {
    let problems = row.outcome.as_ref().unwrap_err();
    problems
        .iter()
        .map(|problem| (problem.field.as_str(), problem.code.as_str()))
        .collect()
}

/// Rows of a file that comes in pieces of `size` bytes.
fn read(bytes: &[u8], size: usize) -> Result<Vec<Row>, Refusal> {
    let mut reader = Reader::new(None);
    let mut rows = Vec::new();
    for piece in bytes.chunks(size) {
        reader.feed(piece, &mut rows)?;
    }
    reader.finish(&mut rows)?;
    Ok(rows)
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn a_vendors_file_becomes_submissions_and_a_bad_row_harms_only_itself() {
    let rows = post(batch_file!("vendor.csv")).rows();
    assert_eq!(rows.len(), 4);
    assert_eq!(said(&rows[0], Field::LastName), "Marlow, Sr.");
    assert_eq!(
        said(&rows[0], Field::Message),
        "wrote \"call me\"\nafter lunch"
    );
    assert_eq!(said(&rows[0], Field::Phone), "+12025550111");
    assert_eq!(said(&rows[1], Field::FirstName), "Inés");
    assert_eq!(said(&rows[1], Field::Phone), "+442079460112");
    assert_eq!(codes(&rows[2])[0].0, "email");
    assert_eq!(
        good(&rows[3]).fields.get(&Field::Email),
        good(&rows[0]).fields.get(&Field::Email)
    );
    // The second line of a quoted cell, and a blank line, are no rows.
    let places: Vec<(u64, u64)> = rows.iter().map(|row| (row.number, row.line)).collect();
    assert_eq!(places, [(1, 2), (2, 4), (3, 5), (4, 7)]);
}

#[test]
fn an_export_of_meta_loses_its_prefixes_and_keeps_its_ids() {
    let rows = post(batch_file!("meta-export.csv")).rows();
    assert_eq!(
        good(&rows[0]).external_id.as_deref(),
        Some("900000000000011")
    );
    assert_eq!(said(&rows[0], Field::Phone), "+4930901820");
    assert_eq!(said(&rows[0], Field::FirstName), "Nadia");
    assert_eq!(said(&rows[1], Field::LastName), "Lind");
    let campaign = Field::Custom("campaign_id".to_owned());
    assert_eq!(said(&rows[0], campaign), "140001");
}

#[test]
fn one_object_on_each_line_and_a_line_that_is_none() {
    let rows = post(batch_file!("leads.ndjson")).rows();
    assert_eq!(rows.len(), 4);
    assert_eq!(said(&rows[0], Field::Company), "Kranz GmbH");
    assert_eq!(said(&rows[1], Field::Phone), "+12025550114");
    assert_eq!(
        (codes(&rows[2]), rows[2].line),
        (vec![("row", "unreadable")], 4)
    );
    assert_eq!(
        (codes(&rows[3]), rows[3].line),
        (vec![("row", "unreadable")], 5)
    );
}

#[test]
fn an_array_says_the_same_as_lines() {
    let objects = [
        r#"{"email": "rosa@example.com", "note": "a ] } , \" in a text"}"#,
        r#"{"email": "saul@example.com", "a": {"b": ["c"]}}"#,
    ];
    let array = post(format!(
        "\u{feff} [\n{},\n\n {} , 7, \"x\", null ]\n",
        objects[0], objects[1]
    ))
    .rows();
    let lines = post(objects.join("\n")).rows();
    for (one, other) in array.iter().zip(&lines) {
        assert_eq!(one.outcome, other.outcome);
    }
    assert_eq!(array.len(), 5);
    assert_eq!(array[1].line, 4);
    for row in &array[2..] {
        assert_eq!(codes(row), [("row", "unreadable")]);
    }
    assert_eq!(post("[]").rows(), []);
    for broken in [
        "[{\"a\": 1}",
        "[{\"a\": 1} {\"b\": 2}]",
        "[1,]",
        "[,]",
        "[1]]",
        "[\"a",
    ] {
        assert_eq!(post(broken).batch().unwrap_err().status(), 400, "{broken}");
    }
}

#[test]
fn a_file_says_the_same_in_every_encoding() {
    let text = "name;email\r\nZoë Müller;zoe@example.com\r\n";
    let plain = post(text).rows();
    assert_eq!(said(&plain[0], Field::FirstName), "Zoë");
    let windows: Vec<u8> = text.chars().map(|character| character as u8).collect();
    for bytes in [
        format!("\u{feff}{text}").into_bytes(),
        windows,
        utf16(&format!("\u{feff}{text}"), u16::to_le_bytes),
        utf16(&format!("\u{feff}{text}"), u16::to_be_bytes),
        utf16(text, u16::to_le_bytes),
        utf16(text, u16::to_be_bytes),
    ] {
        assert_eq!(post(bytes).rows(), plain);
    }
    let declared = Request::new(
        SourceKind::Form,
        "text/csv; charset=windows-1252",
        b"name;email\n\xC3\xA9;a@example.com".as_slice(),
    );
    assert_eq!(said(&declared.rows()[0], Field::FirstName), "Ã©");
    assert_eq!(Encoding::named(" UTF-16LE "), Some(Encoding::Utf16Le));
    assert_eq!(Encoding::named("ebcdic"), None);
}

#[test]
fn a_quote_that_never_ends_costs_one_line_and_not_the_file() {
    let rows =
        post("email,note\na@example.com,\"open\nb@example.com,fine\nc@example.com,fine\n").rows();
    assert_eq!(rows.len(), 3);
    assert_eq!(codes(&rows[0]), [("row", "open_quote")]);
    assert_eq!(said(&rows[2], Field::Email), "c@example.com");

    let mut long = b"email,note\na@example.com,\"open\n".to_vec();
    for number in 0..1_900 {
        long.extend_from_slice(format!("b{number}@example.com,fine\n").as_bytes());
    }
    let rows = post(long).rows();
    assert_eq!(rows.len(), 1_901);
    assert!(rows[1..].iter().all(|row| row.outcome.is_ok()));

    let endless = [
        b"email,note\na@example.com,\"".as_slice(),
        &vec![b'x'; 900_000],
    ]
    .concat();
    let rows = post(endless).rows();
    assert_eq!(codes(&rows[0]), [("row", "row_too_long")]);
    assert_eq!(rows.len(), 1);
    // A file of nothing but open quotes is given up instead of read for hours.
    let hostile = format!("a,b\n{}", "\"\"\"\n".repeat(200_000));
    let _ = post(hostile).batch();
}

#[test]
fn rows_that_are_too_long_are_told_of_and_passed_over() {
    let long = "x".repeat(MAX_ROW_BYTES + 1);
    for body in [
        format!("email,note\na@example.com,{long}\nb@example.com,y\n"),
        format!(
            "{{\"email\": \"a@example.com\", \"note\": \"{long}\"}}\n{{\"email\": \"b@example.com\"}}\n"
        ),
        format!(
            "[{{\"email\": \"a@example.com\", \"note\": \"{long}\"}},{{\"email\": \"b@example.com\"}}]"
        ),
    ] {
        for size in [1_000, 65_536, 1 << 20] {
            let rows = read(body.as_bytes(), size).unwrap();
            assert_eq!(rows.len(), 2);
            assert!(matches!(
                rows[0].content,
                Content::Broken {
                    code: "row_too_long",
                    ..
                }
            ));
            assert!(!matches!(rows[1].content, Content::Broken { .. }));
        }
    }
}

#[test]
fn what_is_no_table_is_refused_with_the_remedy() {
    for (body, status) in [
        ("", 400),
        ("\n\n", 400),
        ("ada@example.com,Ada\nb@example.com,Bo\n", 400),
        ("%PDF-1.7\n%\u{1}", 415),
        ("a\u{0}b,c\n1,2\n", 400),
        ("PK\u{3}\u{4}workbook", 415),
        ("<adf></adf>", 415),
    ] {
        let refusal = post(body).batch().unwrap_err();
        assert_eq!(refusal.status(), status, "{body:?}");
        assert!(!refusal.to_string().contains("ada@"), "{refusal}");
    }
    let multipart = Request::new(
        SourceKind::Form,
        "multipart/form-data; boundary=x",
        "email\na@example.com\n",
    );
    assert_eq!(multipart.batch().unwrap_err().status(), 415);
    let many = format!("email\n{}", "a@example.com\n".repeat(batch::MAX_ROWS + 1));
    assert_eq!(post(many).batch().unwrap_err().code(), "batch_too_large");
    let large = post(vec![b'a'; batch::MAX_BYTES + 1]).batch().unwrap_err();
    assert_eq!((large.status(), large.code()), (413, "batch_too_large"));
    assert!(large.detail().contains("leadline import"));
}

#[test]
fn a_source_with_a_secret_asks_for_it_whatever_its_kind() {
    for kind in [SourceKind::Form, SourceKind::Typeform, SourceKind::Chatbot] {
        let request = Request::new(kind, "text/csv", "email\na@example.com\n").with(|request| {
            request.source.secret = Some("vendor".to_owned());
            request.secrets = vec!["s3cret"];
        });
        assert_eq!(request.batch().unwrap_err().status(), 401);
        assert_eq!(
            request
                .clone()
                .header("x-leadline-secret", "wrong")
                .batch()
                .unwrap_err()
                .status(),
            401
        );
        assert_eq!(
            request.header("x-leadline-secret", "s3cret").rows().len(),
            1
        );
    }
}

#[test]
fn a_row_has_the_same_id_wherever_and_whenever_it_stands() {
    let one = post("email,name\na@example.com,Ada\nb@example.com,Bo\n").rows();
    let other = post("name;email\nBo;b@example.com\nAda;a@example.com\n")
        .at("2027-03-01T00:00:00Z")
        .rows();
    assert_eq!(good(&one[0]).id, good(&other[1]).id);
    assert_eq!(good(&one[1]).id, good(&other[0]).id);
    assert_ne!(good(&one[0]).id, good(&one[1]).id);
}

#[test]
fn a_row_that_repeats_another_is_one_submission_and_one_that_contradicts_it_is_refused() {
    let rows = post(
        "lead_id,email\n12345678,a@example.com\n12345678,a@example.com\n12345678,b@example.com\n",
    )
    .rows();
    assert_eq!(good(&rows[0]).id, good(&rows[1]).id);
    assert_eq!((rows[0].repeats, rows[1].repeats), (None, Some(1)));
    assert_eq!(codes(&rows[2]), [("external_id", "id_repeated")]);
    // Numbers that count rows begin anew in each file.
    let counted = post("id,email\n1,a@example.com\n1,b@example.com\n").rows();
    assert_ne!(good(&counted[0]).id, good(&counted[1]).id);
    // What stands where an id should, such as a sentence about rights, is none.
    let sentence = post("id,email\nno permission to see this,a@example.com\nno permission to see this,b@example.com\n").rows();
    assert_ne!(good(&sentence[0]).id, good(&sentence[1]).id);
    assert_eq!(good(&sentence[0]).external_id, None);
}

#[test]
fn contradictions_are_found_over_a_whole_file() {
    let rows = read(b"id,email\nabcdefgh1,a@example.com\nabcdefgh2,b@example.com\nabcdefgh1,a@example.com\nabcdefgh1,c@example.com\n", 7).unwrap();
    let mut ids = batch::SenderIds::default();
    let mut found = rows.iter().map(|row| ids.contradicted(row));
    assert!(found.by_ref().take(3).all(|problem| problem.is_none()));
    let problem = found.next().flatten().unwrap();
    assert_eq!(problem.code, "id_repeated");
    assert!(problem.message.starts_with("row 1 has the same id"));
}

#[test]
fn the_map_of_the_source_counts_in_a_file_too() {
    let request = post("Kundennr;Adresse;Firma\nK-1;a@example.com;Beispiel\n")
        .map("email", &["Adresse"])
        .map("external_id", &["Kundennr"]);
    let rows = request.rows();
    assert_eq!(said(&rows[0], Field::Email), "a@example.com");
    assert_eq!(good(&rows[0]).external_id.as_deref(), Some("K-1"));
}

#[test]
fn a_row_as_text_is_the_same_submission() {
    for file in [
        batch_file!("vendor.csv").as_slice(),
        batch_file!("meta-export.csv"),
        b"email,note,note\na@example.com,x,y\nb@example.com,,\"back\\\\slash \"\"quoted\"\"\"\n",
        b"[{\"email\": \"a@example.com\",\n \"tags\": [\"x\",\n\"y\"]}]",
        batch_file!("prospects.xml"),
    ] {
        let rows = read(file, 9).unwrap();
        let lines: Vec<String> = rows.iter().map(|row| row.text().unwrap()).collect();
        let ids = |rows: Vec<Checked>| -> Vec<Option<domain::id::SubmissionId>> {
            rows.iter()
                .map(|row| row.outcome.as_ref().ok().map(Parsed::id))
                .collect()
        };
        assert_eq!(ids(post(lines.join("\n")).rows()), ids(post(file).rows()));
    }
}

#[test]
fn the_format_is_known_by_the_content() {
    for (text, format) in [
        ("a,b\n", Format::Csv),
        ("{}\n", Format::JsonLines),
        (" [", Format::JsonArray),
        ("\n<adf>", Format::Adf),
    ] {
        let mut reader = Reader::new(None);
        reader
            .feed(format!("{text}      ").as_bytes(), &mut Vec::new())
            .unwrap();
        assert_eq!(reader.format(), Some(format));
    }
}

/// Pieces that files are made of.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"email,name\n".to_vec()),
        Just(b"a@example.com,\"".to_vec()),
        Just(b"\"\"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\\\"".to_vec()),
        Just(b"[{\"email\": \"a@example.com\"}".to_vec()),
        Just(b",{\"a\": [\"]\\\"\"]}]".to_vec()),
        Just(b"<adf><!-- a --><prospect><id>".to_vec()),
        Just(b"<a:Prospect b='>'><![CDATA[</prospect>]]></a:Prospect>".to_vec()),
        Just(b"</prospect".to_vec()),
        Just(b"<!".to_vec()),
        Just(b"<prospect/>-->".to_vec()),
        Just(b"\xFF\xFE".to_vec()),
        Just(b"\xC3".to_vec()),
        Just(b"\x00;".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_file_makes_the_reader_panic_and_its_pieces_do_not_matter(body in pieces(), size in 1usize..40) {
        let whole = read(&body, usize::MAX);
        prop_assert_eq!(&read(&body, size), &whole);
        let _ = post(body).batch();
    }

    #[test]
    fn what_was_written_as_csv_is_read(
        records in proptest::collection::vec(proptest::collection::vec("[ -!#-~é\"\n,;]{0,12}", 3), 1..6),
        delimiter in proptest::sample::select(&[',', ';', '\t', '|'][..]),
    ) {
        let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
        let line = |cells: Vec<String>| cells.join(&delimiter.to_string());
        let mut text = line(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]) + "\r\n";
        // A backslash before the last quote of a cell is read as people mean it, which may not be as it was written here.
        let records: Vec<Vec<String>> = records.into_iter().map(|cells| cells.into_iter().map(|cell| cell.replace('\\', "/")).collect()).collect();
        for cells in &records {
            text += &(line(cells.iter().map(quoted).collect()) + "\r\n");
        }
        let wanted: Vec<&Vec<String>> = records.iter().filter(|cells| cells.iter().any(|cell| !cell.trim().is_empty())).collect();
        let rows = read(text.as_bytes(), 5).unwrap();
        prop_assert_eq!(rows.len(), wanted.len());
        for (row, wanted) in rows.iter().zip(wanted) {
            let Content::Cells { cells, .. } = &row.content else { panic!("{row:?}") };
            prop_assert_eq!(cells, wanted);
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_an_error_of_their_row_and_never_left_out() {
    let csv = [
        "email,first_name,city\nana@example.com,Ána,Bonn\nada@example.com,M".as_bytes(),
        &[0xFC],
        "ller,K\u{f6}ln\nbob@example.com,B\u{fffd}b,Bonn\n".as_bytes(),
    ]
    .concat();
    let rows = post(csv).rows();
    assert_eq!(said(&rows[0], Field::FirstName), "Ána");
    assert_eq!(codes(&rows[1]), [("first_name", "not_in_encoding")]);
    let message = &rows[1].outcome.as_ref().unwrap_err()[0].message;
    assert!(
        message.contains("first_name") && message.contains("UTF-8") && message.contains("charset="),
        "{message}"
    );
    // What somebody else has lost before is nothing that this file could make good.
    assert!(rows[2].outcome.is_ok());

    let lines = [
        "{\"email\": \"ana@example.com\", \"city\": \"Köln\"}\n{\"email\": \"ada@example.com\", \"ort\": {\"city\": \"K".as_bytes(),
        &[0xF6],
        "ln\"}}\n".as_bytes(),
    ]
    .concat();
    let rows = post(lines).rows();
    assert!(rows[0].outcome.is_ok());
    assert_eq!(codes(&rows[1]), [("ort.city", "not_in_encoding")]);

    // Half a character at the end of a file, and half a surrogate.
    let cut = [
        &[0xFF, 0xFE][..],
        &utf16(
            "email,city\na@example.com,Bonn\nb@example.com,Ulm",
            u16::to_le_bytes,
        ),
        &[0x00, 0xD8][..],
    ]
    .concat();
    let rows = post(cut).rows();
    assert!(rows[0].outcome.is_ok());
    assert_eq!(codes(&rows[1]), [("city", "not_in_encoding")]);
    let names = [
        b"email,na".as_slice(),
        "é".as_bytes(),
        &[0xFF],
        b"me\na@example.com,A\n",
    ]
    .concat();
    assert_eq!(post(names).batch().unwrap_err().status(), 400);
}

#[test]
fn two_columns_of_one_name_that_differ_are_an_error_of_the_row() {
    let rows = post(
        "email,Email,note,note\na@example.com,b@example.com,x,y\nc@example.com,,x,y\nd@example.com,D@example.com,,\n",
    )
    .rows();
    assert_eq!(codes(&rows[0]), [("Email", "column_repeated")]);
    assert_eq!(said(&rows[1], Field::Email), "c@example.com");
    assert_eq!(said(&rows[2], Field::Email), "d@example.com");
    let rows = post(
        "email,newsletter,Newsletter\na@example.com,no,yes\nb@example.com,1,yes\nc@example.com,,yes\n",
    )
    .rows();
    assert_eq!(codes(&rows[0]), [("Newsletter", "column_repeated")]);
    assert!(rows[1].outcome.is_ok() && rows[2].outcome.is_ok());
}

#[test]
fn a_file_without_a_row_is_refused_with_the_reason() {
    for body in ["garbage", "email,first_name\n"] {
        let refusal = post(body).batch().unwrap_err();
        assert_eq!(refusal.status(), 400, "{body}");
        assert!(
            refusal.detail().contains("names of the columns"),
            "{}",
            refusal.detail()
        );
    }
}
