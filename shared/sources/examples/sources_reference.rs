//! Prints docs/sources.md: the introduction from `sources_introduction.md`, a section for each kind out of the code, and
//! the end from `sources_closing.md`.
//! `cargo run -p sources --example sources_reference > docs/sources.md`

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use domain::config::SourceKind;

const INTRODUCTION: &str = include_str!("sources_introduction.md");
const CLOSING: &str = include_str!("sources_closing.md");

/// What stands for the address of a source in a text.
const ADDRESS: &str = "https://leads.example.com/v1/sources/NAME";

fn main() {
    print!("{}", reference());
}

fn reference() -> String {
    let rows: Vec<String> = SourceKind::ALL
        .iter()
        .map(|kind| {
            let about = sources::about(*kind);
            let name = kind.name();
            format!(
                "| [`{name}`](#{name}) | {} | {} |",
                about.title, about.proof
            )
        })
        .collect();
    let list = format!("| kind | of | proof |\n|---|---|---|\n{}", rows.join("\n"));
    let sections: Vec<String> = SourceKind::ALL.iter().map(|kind| section(*kind)).collect();
    format!(
        "{}\n\n{}\n{}",
        INTRODUCTION.trim_end().replace("{kinds}", &list),
        sections.join("\n"),
        CLOSING
    )
    // The parts lie elsewhere than the page, and their links lead to the same places.
    .replace("](../../../docs/", "](")
}

fn section(kind: SourceKind) -> String {
    let about = sources::about(kind);
    let fill = |text: &str| text.replace("{url}", ADDRESS).replace("{name}", "NAME");
    let mut page = format!(
        "## `{}`\n\n{}. {}\n\n",
        kind.name(),
        about.title,
        fill(about.takes)
    );
    page.push_str(&format!(
        "```toml\n{}```\n\n",
        sources::configuration(kind, "NAME", ADDRESS)
    ));
    for (number, step) in (1..).zip(about.setup) {
        page.push_str(&format!("{number}. {}\n", fill(step)));
    }
    page.push('\n');
    for (title, text) in [
        ("Proof", about.proof),
        ("Repeats are known by", about.repeats),
        ("No lead", about.no_lead),
        ("Answer", about.answer),
    ] {
        if !text.is_empty() {
            page.push_str(&format!("* {title}: {}\n", fill(text)));
        }
    }
    for note in about.notes {
        page.push_str(&format!("\n{}\n", fill(note).trim_end()));
    }
    page.push_str("\nSamples:\n\n");
    for sample in about.samples {
        page.push_str(&format!(
            "* [{}](../events/sources/{}): {}\n",
            sample.file, sample.file, sample.says
        ));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::reference;

    const WRITTEN: &str = include_str!("../../../docs/sources.md");

    #[test]
    fn the_page_in_docs_is_current() {
        assert!(
            WRITTEN == reference(),
            "docs/sources.md is out of date: run `cargo run -p sources --example sources_reference > docs/sources.md`"
        );
    }
}
