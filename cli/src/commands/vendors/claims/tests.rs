use super::*;

const SUBMISSION: &str = "sub_169ja6zgwzvs2qda0g93qpfm5j";

fn bad(place: Place, column: &str, message: &str) -> BadLine {
    BadLine {
        place,
        column: column.to_owned(),
        message: message.to_owned(),
    }
}

fn received(id: &str, outcome: &str) -> Value {
    json!({ "received": [{ "submission": id, "outcome": outcome, "reason": "why" }] })
}

#[test]
fn a_line_that_names_no_lead_is_told_with_its_column_and_what_would_be_right() {
    let file = format!(
        "id,email,phone,email_sha256,submission,note\n\
         a-1,,,,\n\
         ,ada.example.com,,,\n\
         ,,202 555,,\n\
         ,,,abc,\n\
         ,,,,sub_1\n\
         ,,,,,x\n\
         \"\",,+1 202-555-0143,,\n\
         ,,,,{SUBMISSION}\n"
    );
    let (claims, found) = read(file.as_bytes(), "file").ok().unwrap();
    let lines: Vec<u64> = claims.iter().map(|claim| claim.place.line).collect();
    assert_eq!(lines, [2, 8, 9]);
    assert_eq!(
        claims[1].names["phone_sha256"],
        digest_of("+12025550143").as_str()
    );
    let told: Vec<(u64, &str)> = found
        .iter()
        .map(|bad| (bad.place.line, bad.column.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (3, "email"),
            (4, "phone"),
            (5, "email_sha256"),
            (6, "submission"),
            (7, "row")
        ]
    );
    for bad in &found {
        assert!(bad.message.contains(':'), "{}", bad.message);
        assert!(!bad.message.contains("ada.example"));
    }
}

#[test]
fn a_file_of_which_no_column_names_a_lead_is_told_what_the_first_line_is_for() {
    let failure = read(b"company,city\nExample GmbH,Berlin\n", "file").err();
    let Some(Failure::Unmet { title, detail, .. }) = failure else {
        panic!("it was taken");
    };
    assert_eq!(title, "None of the columns of file names a lead.");
    assert!(detail.unwrap().contains("The first line"));
}

#[test]
fn json_lines_are_read_and_a_broken_one_harms_only_itself() {
    let file = "{\"id\": 17}\n{\"id\": \n[1]\n{\"email\": \"ada@example.com\"}\n";
    let (claims, found) = read(file.as_bytes(), "file").ok().unwrap();
    assert_eq!(claims.len(), 2);
    assert_eq!(claims[0].names["id"], "17");
    let lines: Vec<u64> = found.iter().map(|bad| bad.place.line).collect();
    assert_eq!(lines, [2, 3]);
}

#[test]
fn lines_that_name_one_lead_are_told_with_the_first_of_them_and_all_in_the_order_of_the_file() {
    let file = format!("id,submission\nb,\na,\nb,\n,{SUBMISSION}\nc,\nb,\n,wrong\na,\n");
    let (claims, found) = read(file.as_bytes(), "file").ok().unwrap();
    let answers = [
        received(SUBMISSION, "accepted"),
        json!({ "received": [] }),
        received(SUBMISSION, "accepted"),
        received(SUBMISSION, "accepted"),
        received("sub_2", "rejected"),
        received(SUBMISSION, "accepted"),
        json!({ "received": [] }),
    ];
    let report = reported(&claims, &answers, found);
    assert_eq!(report.right, 1);
    let place = |line: u64| Place {
        item: line - 1,
        line,
    };
    assert_eq!(report.missing, [place(3)]);
    let twice = [(4, 2), (5, 2), (7, 2), (9, 3)];
    assert_eq!(
        report.claimed_twice,
        twice.map(|(line, first)| (place(line), place(first)))
    );
    assert!(!report.is_right());
    let mut out = Vec::new();
    report.show("acme", &mut out).ok().unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(
        text.starts_with("acme says it sent 8: 1 of them were received once and bought.\nline 3: never received\nline 4: the same lead as line 2\n"),
        "{text}"
    );
    let lines: Vec<&str> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split(':').next())
        .collect();
    assert_eq!(
        lines,
        [
            "line 3", "line 4", "line 5", "line 6", "line 7", "line 8", "line 9"
        ]
    );
    assert_eq!(
        report.bad[0],
        bad(place(8), "submission", &report.bad[0].message.clone())
    );
}

#[test]
fn items_of_an_array_on_one_line_are_named_by_their_number() {
    let file = r#"[{"id": "a"}, {"id": "b"}, {"phone": "202 555"}, {"id": "a"}]"#;
    let (claims, found) = read(file.as_bytes(), "file").ok().unwrap();
    let answers = [
        received(SUBMISSION, "accepted"),
        json!({ "received": [] }),
        json!({ "received": [] }),
    ];
    let report = reported(&claims, &answers, found);
    let mut out = Vec::new();
    report.show("acme", &mut out).ok().unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(lines[0], "item 2: never received");
    assert!(
        lines[1].starts_with("item 3: not compared: column phone: "),
        "{text}"
    );
    assert_eq!(lines[2], "item 4: the same lead as item 1");
    let told = report.json();
    assert_eq!(told["never_received_items"], json!([2]));
    assert_eq!(told["unreadable"][0]["item"], 3);
    assert_eq!(told["claimed_twice"][0]["first_item"], 1);
}

#[test]
fn a_report_of_nothing_wrong_is_right() {
    let (claims, found) = read(b"id\na\n", "file").ok().unwrap();
    let report = reported(&claims, &[received("sub_1", "accepted")], found);
    assert!(report.is_right());
    assert_eq!(report.json()["unreadable"], json!([]));
}
