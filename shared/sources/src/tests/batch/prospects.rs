//! ADF as a file.

use super::*;

fn prospect(number: usize) -> String {
    format!(
        "<prospect><id source=\"Fair\">F-{number}</id><customer><contact><name part=\"full\">Dana {number}</name><email>dana{number}@example.com</email></contact></customer></prospect>\n"
    )
}

fn codes_of(rows: &[Row]) -> Vec<&'static str> {
    let broken = rows.iter().map(|row| match row.content {
        Content::Broken { code, .. } => code,
        _ => "",
    });
    broken.collect()
}

#[test]
fn prospects_of_a_file_become_submissions_and_a_broken_one_harms_only_itself() {
    let rows = post(batch_file!("prospects.xml")).rows();
    let places: Vec<(u64, u64)> = rows.iter().map(|row| (row.number, row.line)).collect();
    assert_eq!(places, [(1, 5), (2, 19), (3, 23), (4, 27)]);
    assert_eq!(said(&rows[0], Field::LastName), "Lindqvist");
    assert_eq!(said(&rows[0], Field::Phone), "+12025550121");
    assert!(said(&rows[0], Field::Message).starts_with("Is </prospect> what"));
    assert_eq!(codes(&rows[1]), [("email", "email_syntax")]);
    assert_eq!(codes(&rows[2]), [("row", "unreadable")]);
    assert_eq!(said(&rows[3], Field::Company), "Amadi & Daughters");
}

#[test]
fn a_prospect_of_a_file_is_the_same_submission_as_that_of_a_webhook() {
    let body = format!("<adf>{}</adf>", prospect(7));
    let webhook = Request::new(SourceKind::Adf, "application/xml", body.as_bytes())
        .with(|request| request.source.secret = Some("vendor".to_owned()))
        .header("x-leadline-secret", "s3cret");
    let pepper = Pepper::new("pepper-of-the-tests");
    let door = Door {
        name: "vendor",
        source: &webhook.source,
        secrets: &["s3cret"],
        handshake_secrets: &[],
        pepper: &pepper,
        default_country: Some("US"),
    };
    let Ok(Accepted::Submissions(parsed)) = crate::receive(&door, &webhook.incoming()) else {
        panic!("one submission")
    };
    assert_eq!(parsed[0].id(), good(&post(body).rows()[0]).id);
}

#[test]
fn what_stands_around_prospects_does_not_matter() {
    let plain = post(format!("<adf>{}{}</adf>", prospect(1), prospect(2))).rows();
    let ids = |rows: &[Checked]| rows.iter().map(|row| good(row).id).collect::<Vec<_>>();
    for body in [
        format!("{}{}", prospect(1), prospect(2)),
        format!(
            "<?adf version='1.0'?><?xml version=\"1.0\"?><!-- a -- > <b> -->\n<adf>{}</adf>\n<adf>{}</adf>",
            prospect(1),
            prospect(2)
        ),
        format!(
            "<x:export xmlns:x='urn:x' note=\"1 > 0\">{}<sum>2</sum>{}</x:export>",
            prospect(1),
            prospect(2)
        ),
        format!("<!--\n<adf>{}{}</adf>--->\n", prospect(1), prospect(2)),
    ] {
        assert_eq!(ids(&post(body).rows()), ids(&plain));
    }
    let utf16: Vec<u8> = format!("\u{feff}<adf>{}{}</adf>", prospect(1), prospect(2))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(ids(&post(utf16).rows()), ids(&plain));
}

#[test]
fn bombs_and_what_never_ends_are_refused_by_row_or_file() {
    let bomb = "<!DOCTYPE adf [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    let refusal = post(format!("{bomb}<adf>{}</adf>", prospect(1)))
        .batch()
        .unwrap_err();
    assert_eq!(refusal.status(), 400);
    assert!(
        refusal.detail().contains("line 1 has a DOCTYPE"),
        "{refusal}"
    );

    let within = format!("<adf><prospect>{bomb}&b;</prospect>{}</adf>", prospect(1));
    let rows = post(within).rows();
    assert_eq!(codes(&rows[0]), [("row", "unreadable")]);
    assert!(rows[1].outcome.is_ok());
    let entity = post(format!("<prospect><id>&b;</id></prospect>{}", prospect(1))).rows();
    assert!(
        entity[0].outcome.as_ref().unwrap_err()[0]
            .message
            .contains("names an entity")
    );

    let deep = format!(
        "<prospect>{}</prospect>{}",
        "<a>".repeat(2_000),
        prospect(1)
    );
    assert_eq!(codes(&post(deep).rows()[0]), [("row", "unreadable")]);

    // An element that never ends: the row is told of where it is given up, and nothing of it is kept.
    let text = "x".repeat(1 << 20);
    for endless in [
        format!("{}<prospect>{text}", prospect(1)),
        format!("{}<prospect a=\"{text}", prospect(1)),
        format!("{}<prospect><!--{text}", prospect(1)),
        format!("{}<{text}", prospect(1)),
    ] {
        let mut reader = Reader::new(None);
        let mut rows = Vec::new();
        for piece in endless.as_bytes().chunks(4_096) {
            reader.feed(piece, &mut rows).unwrap();
            assert!(reader.text.len() <= MAX_ROW_BYTES + 4_096);
        }
        assert_eq!(rows.len(), 1);
        let refusal = reader.finish(&mut rows).unwrap_err();
        assert!(
            refusal.to_string().contains("send the whole file"),
            "{refusal}"
        );
    }

    let long = format!(
        "<prospect>{}</prospect>{}",
        "<a>x</a>".repeat(9_000),
        prospect(1)
    );
    let unclosed = format!("<prospect><customer>{}{}", prospect(1), prospect(2));
    let quote = format!(
        "<prospect><name part=\"first>Ann</name></prospect>{}",
        prospect(1)
    );
    for size in [1, 700, 1 << 20] {
        assert_eq!(
            codes_of(&read(long.as_bytes(), size).unwrap()),
            ["row_too_long", ""]
        );
        assert_eq!(
            codes_of(&read(unclosed.as_bytes(), size).unwrap()),
            ["unclosed", "", ""]
        );
        assert_eq!(codes_of(&read(quote.as_bytes(), size).unwrap()), ["", ""]);
    }
    assert!(post(quote).rows()[1].outcome.is_ok());
}

#[test]
fn xml_without_a_prospect_is_refused_with_the_remedy() {
    for body in [
        "<adf></adf>",
        "<html><body>404</body></html>",
        "<!-- <adf> -->",
        "<Workbook/>",
    ] {
        let refusal = post(body).batch().unwrap_err();
        assert_eq!(refusal.status(), 415, "{body}");
        assert!(refusal.to_string().contains("<prospect>"));
    }
}

#[test]
fn ten_thousand_prospects_are_read_in_pieces_without_being_held() {
    let mut reader = Reader::new(None);
    let mut rows = Vec::new();
    let mut count = 0;
    reader
        .feed(b"<?adf version=\"1.0\"?><adf>", &mut rows)
        .unwrap();
    for number in 0..10_000 {
        reader.feed(prospect(number).as_bytes(), &mut rows).unwrap();
        assert!(reader.text.len() < 1_000);
        count += rows.len();
        if number == 9_999 {
            assert_eq!((rows[0].number, rows[0].line), (10_000, 10_000));
        }
        rows.clear();
    }
    reader.feed(b"</adf>", &mut rows).unwrap();
    reader.finish(&mut rows).unwrap();
    assert_eq!(count + rows.len(), 10_000);
}
