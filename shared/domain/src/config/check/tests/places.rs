use super::{GOOD, good_but, line_of, problems};
use crate::config::check::{MAX_BYTES, Severity, read};

#[test]
fn the_good_configuration_of_these_tests_is_good() {
    assert_eq!(problems(GOOD), []);
}

#[test]
fn a_problem_has_line_column_and_path_of_the_value() {
    let text = good_but(
        "members = [{ rep = \"ben\" }]",
        "members = [{ rep = \"ben\" }, { rep = \"bem\" }]",
    );
    let found = problems(&text);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path, "pools.apac.members[1].rep");
    assert_eq!(found[0].line, line_of(&text, "bem"));
    assert_eq!(
        found[0].column,
        1 + "members = [{ rep = \"ben\" }, { rep = ".len()
    );
    assert_eq!(
        found[0].message,
        "there is no rep `bem`; did you mean `ben`?"
    );
    assert_eq!(
        found[0].to_string(),
        "13:37: error: there is no rep `bem`; did you mean `ben`? (pools.apac.members[1].rep, unknown_rep)"
    );
}

#[test]
fn columns_count_characters() {
    let text = format!(
        "{GOOD}\n[[territories]]\nname = \"Zürich\"\nwhen = {{ all = [{{ field = \"city\", is = \"Zürich\" }}, {{ field = \"cty\", is = \"x\" }}] }}\npool = \"emea\"\n"
    );
    let found = problems(&text);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].column,
        1 + "when = { all = [{ field = \"city\", is = \"Zürich\" }, { field = "
            .chars()
            .count()
    );
}

#[test]
fn a_syntax_error_has_its_line() {
    let text = good_but("fallback = \"emea\"", "fallback = emea");
    let found = problems(&text);
    assert_eq!(
        (found[0].line, found[0].code),
        (line_of(&text, "fallback = emea"), "syntax")
    );
}

#[test]
fn several_syntax_errors_are_all_reported() {
    let text =
        good_but("kind = \"form\"", "kind = form").replacen("name = \"Ben\"", "name = Ben", 1);
    let lines: Vec<usize> = problems(&text).iter().map(|problem| problem.line).collect();
    assert_eq!(
        lines,
        [line_of(&text, "kind = form"), line_of(&text, "name = Ben")]
    );
}

#[test]
fn a_bad_source_does_not_hide_a_bad_pool_nor_a_bad_territory() {
    let text = good_but("kind = \"form\"", "kind = \"from\"").replacen(
        "fallback = \"emea\"",
        "falback = \"emea\"",
        1,
    ) + "[[territories]]\nname = \"x\"\npol = \"emea\"\n[[territories]]\nname = \"y\"\npool = \"emae\"\n";
    let problems = problems(&text);
    let found: Vec<(&str, &str)> = problems
        .iter()
        .map(|problem| (problem.code, problem.path.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("unknown_value", "sources.website.kind"),
            ("unknown_key", "pools.apac.falback"),
            ("missing_key", "territories[0].pool"),
            ("unknown_key", "territories[0].pol"),
            // Counted as the file counts, although the first could not be read.
            ("unknown_pool", "territories[1].pool"),
        ]
    );
}

#[test]
fn several_mistakes_in_one_table_are_all_reported() {
    let text = good_but(
        "kind = \"form\"",
        "kind = \"form\"\norigin = []\nmax_body_bytes = \"big\"\nanswer_field_errors = 1",
    );
    let codes: Vec<&str> = problems(&text).iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["unknown_key", "wrong_type", "wrong_type"]);
}

#[test]
fn what_could_not_be_read_makes_no_second_problem() {
    // The pool is named by another, and the rep by the pool; both are there, if wrong.
    let text = good_but(
        "[pools.emea]\nmembers = [{ rep = \"ana\" }]",
        "[pools.emea]\nmember = [{ rep = \"ana\" }]",
    )
    .replacen("name = \"Ana\"", "nam = \"Ana\"", 1);
    let codes: Vec<&str> = problems(&text).iter().map(|problem| problem.code).collect();
    assert_eq!(
        codes,
        ["missing_key", "unknown_key", "missing_key", "unknown_key"]
    );
}

#[test]
fn a_missing_section_does_not_hide_the_rest() {
    let found = problems(
        "[sources.website]\nkind = \"form\"\nredirect = \"ftp://example.com\"\n[pools.emea]\nmembers = [{ rep = \"ana\" }]\n[routing]\nfallback_pool = \"emea\"\n",
    );
    let codes: Vec<&str> = found.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["missing_key", "not_https", "unknown_rep"]);
}

#[test]
fn a_section_of_the_wrong_type_does_not_hide_the_rest() {
    let found = problems(
        "pools = 3\n[sources.website]\nkind = \"form\"\nredirect = \"ftp://example.com\"\n[reps.ana]\nname = \"Ana\"\n[routing]\nfallback_pool = \"emea\"\n",
    );
    let codes: Vec<(usize, &str)> = found
        .iter()
        .map(|problem| (problem.line, problem.code))
        .collect();
    assert_eq!(
        codes,
        [
            (1, "wrong_type"),
            (4, "not_https"),
            (5, "unused_rep"),
            (8, "unknown_pool")
        ]
    );
}

#[test]
fn warnings_alone_do_not_refuse_a_configuration() {
    let text = format!("{GOOD}\n[reps.cleo]\nname = \"Cleo\"\n");
    let checked = read(&text).expect("a warning is no error");
    assert_eq!(checked.warnings.len(), 1);
    assert_eq!(
        (checked.warnings[0].severity, checked.warnings[0].code),
        (Severity::Warning, "unused_rep")
    );
    assert_eq!(checked.config.reps.len(), 3);
}

#[test]
fn a_file_of_the_largest_size_is_read_and_one_byte_more_is_not() {
    let filled = |bytes: usize| format!("{GOOD}#{}", "x".repeat(bytes - GOOD.len() - 1));
    assert_eq!(problems(&filled(MAX_BYTES)), []);
    assert_eq!(problems(&filled(MAX_BYTES + 1))[0].code, "too_large");
}

#[test]
fn hundreds_of_mistakes_are_cut_off() {
    let mut text = GOOD.to_owned();
    for number in 0..300 {
        text.push_str(&format!("[reps.r{number}]\n"));
    }
    assert_eq!(problems(&text).len(), 100);
}

#[test]
fn an_empty_file_lacks_its_sections() {
    let paths: Vec<String> = problems("")
        .into_iter()
        .map(|problem| problem.path)
        .filter(|path| path != "routing")
        .collect();
    assert_eq!(paths, ["pools", "reps", "sources"]);
}

#[test]
fn a_secret_put_into_the_file_by_mistake_is_not_repeated() {
    let text = good_but(
        "kind = \"form\"",
        "kind = \"form\"\nsecret = \"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\"",
    );
    let found = problems(&text);
    assert_eq!(found[0].code, "bad_secret_name");
    assert!(!found[0].message.contains("C2FVs"));
}

#[test]
fn an_error_without_a_place_in_the_tree_is_shown_without_a_path() {
    let found = problems("x = [");
    assert!(found[0].to_string().starts_with("1:"), "{}", found[0]);
    assert!(found[0].to_string().ends_with(" (syntax)"), "{}", found[0]);
}
