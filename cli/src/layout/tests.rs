use serde_json::json;

use super::*;

#[test]
fn a_stranger_cannot_move_the_cursor() {
    assert_eq!(clean("Ada\u{1b}[2J\r\nExample"), "Ada\u{fffd}[2J  Example");
    assert_eq!(clean("\u{9b}31mred"), "\u{fffd}31mred");
    assert_eq!(clean("gpj.\u{202e}exe"), "gpj.\u{fffd}exe");
    assert_eq!(clean("Zoë Åström 山田"), "Zoë Åström 山田");
}

#[test]
fn values_become_words() {
    let check = |value: serde_json::Value, expected: &str| assert_eq!(inline(&value), expected);
    check(json!(null), "");
    check(json!(true), "yes");
    check(json!(12), "12");
    check(json!("2026-03-14T09:26:53.589Z"), "2026-03-14 09:26:53 UTC");
    check(json!("2026-03-14"), "2026-03-14");
    check(json!(["a", null, "b"]), "a, b");
    check(
        json!({"source": "google", "medium": null, "term": "crm"}),
        "source google, term crm",
    );
}

#[test]
fn labels_are_written_like_headings() {
    assert_eq!(label("utm_source"), "Utm source");
    assert_eq!(label(""), "");
}

#[test]
fn columns_are_aligned_by_characters_and_end_without_spaces() {
    let rows = [["Zoë", "x"], ["Al", ""], ["Beatrix", "y"]].map(|row| row.map(str::to_owned));
    let mut out = Vec::new();
    columns(&rows, &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "Zoë      x\nAl\nBeatrix  y\n"
    );
}

#[test]
fn a_sheet_leaves_out_what_is_empty() {
    let mut sheet = Sheet::default();
    sheet.gap();
    sheet.row("Name", "Ada");
    sheet.gap();
    sheet.row("Phone", "");
    sheet.gap();
    let mut out = Vec::new();
    sheet.print(&mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "Name  Ada\n");
}
