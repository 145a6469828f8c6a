use super::*;

#[test]
fn every_kind_can_be_added_to_the_file_that_ships_and_nothing_else_changes() {
    let before = check_file(domain::config::DEFAULT).config.unwrap();
    for kind in SourceKind::ALL {
        let block =
            sources::configuration(*kind, "added", "https://leads.example.com/v1/sources/added");
        let changed = with_block(domain::config::DEFAULT, &block);
        let lines = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.is_empty());
            lines.map(str::to_owned).collect()
        };
        assert!(
            lines(&changed.replacen(&block, "", 1)) == lines(domain::config::DEFAULT),
            "{kind:?} changes something else in the file"
        );
        if kind.needs().public_key == Need::Must {
            let problems = check_file(&changed).problems;
            let found: Vec<(&str, &str)> = problems
                .iter()
                .map(|problem| (problem.code, problem.path.as_str()))
                .collect();
            assert_eq!(found, [("placeholder", "sources.added.public_key")]);
            continue;
        }
        let mut after = check_file(&changed).config.unwrap();
        let added = after.sources.remove("added").unwrap();
        assert_eq!(added.kind, *kind);
        assert_eq!(after, before);
    }
}

#[test]
fn a_block_goes_behind_the_last_source_and_into_a_file_that_has_none() {
    let block = "[sources.b]\nkind = \"form\"\n";
    assert_eq!(
        with_block("[sources.a]\nkind = \"form\"\n\n# Next.\n[events]\n", block),
        format!("[sources.a]\nkind = \"form\"\n\n{block}\n# Next.\n[events]\n")
    );
    assert_eq!(
        with_block("[events]", block),
        format!("[events]\n\n{block}")
    );
    assert_eq!(
        with_block("[sources.a]\nkind = \"form\"", block),
        format!("[sources.a]\nkind = \"form\"\n\n{block}")
    );
}
