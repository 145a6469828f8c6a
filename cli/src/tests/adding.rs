use super::*;

/// The configuration that ships, with `more` at its end.
fn file(more: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.toml");
    std::fs::write(&file, format!("{}{more}", domain::config::DEFAULT)).unwrap();
    let name = file.to_str().unwrap().to_owned();
    (folder, name)
}

fn line_of(file: &str, start: &str) -> usize {
    let text = std::fs::read_to_string(file).unwrap();
    1 + text
        .lines()
        .position(|line| line.starts_with(start))
        .unwrap()
}

#[test]
fn sources_are_added_while_values_of_others_are_still_to_be_filled_in_and_these_are_named() {
    let (_folder, file) = file("");
    let add = |kind: &str| leadline(&["source", "add", kind, "--file", &file]);
    assert_eq!(add("freshchat").ending, Ending::Succeeded);
    let printed = add("webflow");
    assert_eq!(
        (printed.ending, printed.err.as_str()),
        (Ending::Succeeded, "")
    );
    let expected = format!(
        "\nThen fill in what stands as `…`; until then `leadline check` refuses the file:\n  line {}, sources.freshchat.public_key: this is the place for a key",
        line_of(&file, "public_key = ")
    );
    assert!(printed.out.contains(&expected), "{}", printed.out);
    assert!(line_of(&file, "[sources.webflow]") > line_of(&file, "[sources.freshchat]"));

    // A name is taken also while the file has something to be filled in.
    let again = add("freshchat");
    assert_eq!(again.ending, Ending::Failed);
    assert!(again.err.contains("has a source freshchat already"));
    let told = leadline(&["source", "add", "tally", "--file", &file, "--json"]);
    let told: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(told["fill_in"], Value::Null);
    assert_eq!(
        told["to_fill_in"][0]["path"],
        "sources.freshchat.public_key"
    );
}

#[test]
fn a_file_with_any_other_error_is_left_as_it_is_and_told_with_line_field_and_remedy() {
    let (_folder, file) = file("\n[sources.fairs]\nkind = \"typeform\"\n");
    let before = std::fs::read_to_string(&file).unwrap();
    let line = line_of(&file, "[sources.fairs]");
    let command = ["source", "add", "tally", "--file", &file];
    let printed = leadline(&command);
    assert_eq!((printed.ending, printed.out.as_str()), (Ending::Failed, ""));
    for part in [
        "error[missing_secret]: ",
        "add `secret = \"NAME\"`",
        &format!("--> {file}:{line}:"),
        "= sources.fairs\n",
        &format!("error: {file} has errors.\n  Correct them first. Nothing was written.\n"),
    ] {
        assert!(printed.err.contains(part), "{part}: {}", printed.err);
    }
    let printed = leadline(&[&command[..], &["--json"]].concat());
    let problem: Value = serde_json::from_str(&printed.err).unwrap();
    assert_eq!(problem["code"], "invalid_configuration");
    assert_eq!(
        (&problem["errors"][0]["line"], &problem["errors"][0]["path"]),
        (&json!(line), &json!("sources.fairs"))
    );
    let tried = leadline(&["try", "website", "--file", &file]);
    assert!(tried.err.contains("error[missing_secret]"), "{}", tried.err);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn a_name_that_cannot_be_one_is_refused_and_nothing_is_written() {
    let (_folder, file) = file("");
    let before = std::fs::read_to_string(&file).unwrap();
    for name in ["Fairs", "my fairs", "a.b", "website.spam", "\"fairs\"", ""] {
        let printed = leadline(&["source", "add", "form", "--name", name, "--file", &file]);
        assert_eq!(printed.ending, Ending::Failed, "{name}");
        assert!(
            printed.err.contains("A source cannot be called"),
            "{name}: {}",
            printed.err
        );
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}
