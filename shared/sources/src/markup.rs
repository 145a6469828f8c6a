//! Text out of what a chat stores as HTML. For reading by people, never for showing in a page.

/// Without tags; paragraphs and line breaks become lines.
pub(crate) fn plain_text(markup: &str) -> String {
    let mut text = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let begins_a_tag = after.starts_with(|character: char| {
            character.is_ascii_alphabetic() || "/!".contains(character)
        });
        let tag = if begins_a_tag {
            after.split_once('>')
        } else {
            None
        };
        rest = match tag {
            Some((tag, following)) => {
                let name: String = tag
                    .trim_start_matches('/')
                    .chars()
                    .take_while(char::is_ascii_alphanumeric)
                    .collect::<String>()
                    .to_ascii_lowercase();
                if matches!(
                    name.as_str(),
                    "br" | "p" | "div" | "li" | "tr" | "h1" | "h2" | "h3"
                ) && !text.is_empty()
                    && !text.ends_with('\n')
                {
                    text.push('\n');
                }
                following
            }
            None => {
                text.push('<');
                after
            }
        };
    }
    text.push_str(rest);
    for (entity, character) in [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::plain_text;

    #[test]
    fn tags_go_and_lines_stay() {
        assert_eq!(
            plain_text(
                "<p>Hello <b>there</b>,<br/>I need &lt;5 &amp; more</p><p class=\"a\">Ada</p>"
            ),
            "Hello there,\nI need <5 & more\nAda"
        );
        assert_eq!(plain_text("1 < 2 and <3"), "1 < 2 and <3");
        assert_eq!(plain_text("an <open tag"), "an <open tag");
        assert_eq!(plain_text("&amp;lt;"), "&lt;");
    }
}
