use proptest::prelude::*;

use super::*;

fn shown(element: &Element) -> String {
    let attributes: String = element
        .attributes
        .iter()
        .map(|(name, value)| format!(" {name}={value}"))
        .collect();
    let children: String = element.children.iter().map(shown).collect();
    format!(
        "({}{attributes}: {}{children})",
        element.name,
        element.text.trim()
    )
}

#[track_caller]
fn check(document: &str, expected: &str) {
    match read(document.as_bytes(), None) {
        Ok(root) => assert_eq!(shown(&root), expected),
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn refused(document: impl AsRef<[u8]>) -> String {
    match read(document.as_ref(), None) {
        Ok(root) => panic!("read as {}", shown(&root)),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_senders_write_is_read() {
    check("<a><b x='1'>t</b><b/></a>", "(a: (b x=1: t)(b: ))");
    check(
        "\u{feff}\r\n<?adf version=\"1.0\"?>\n<?xml version=\"1.0\"?>\n<a>t</a><?end?>\n<!-- end -->",
        "(a: t)",
    );
    check("<?ADF VERSION=\"1.0\"?><a/>", "(a: )");
    check(
        "<s:a xmlns:s='urn:x' s:b='1' xmlns='y'><s:c>d</s:c></s:a>",
        "(a b=1: (c: d))",
    );
    check("<a>x<![CDATA[<b>&amp;]]>y</a>", "(a: x<b>&amp;y)");
    check(
        "<a b='Smith &amp; Sons & Co'>Smith & Sons &lt;&#8364;&#x41;&nbsp;</a>",
        "(a b=Smith & Sons & Co: Smith & Sons <€A)",
    );
    check(
        "<!-- <?adf version='1.0'?><adf><p>1</p></adf> -->",
        "(adf: (p: 1))",
    );
    check("<!-- see <a> --><b/>", "(b: )");
}

#[test]
fn the_charset_is_that_of_the_mark_the_sender_or_the_declaration() {
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>J\xF6rg</a>";
    assert_eq!(read(latin, None).map(|root| root.text).unwrap(), "Jörg");
    assert_eq!(
        read(b"<a>J\xF6rg</a>", Some(Charset::Windows1252))
            .map(|root| root.text)
            .unwrap(),
        "Jörg"
    );
    for mark in [&[0xFE_u8, 0xFF][..], &[]] {
        let mut wide = mark.to_vec();
        wide.extend("<a>Jörg €</a>".encode_utf16().flat_map(u16::to_be_bytes));
        assert_eq!(read(&wide, None).map(|root| root.text).unwrap(), "Jörg €");
    }
    let mut little = vec![0xFF, 0xFE];
    little.extend("<a>Jörg</a>".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(read(&little, None).map(|root| root.text).unwrap(), "Jörg");
    little.push(0);
    assert!(refused(&little).contains("not UTF-8"));
    check(
        "<?xml version='1.0' encoding='utf-16'?><a>Jörg</a>",
        "(a: Jörg)",
    );
    assert!(refused(b"<a>J\xF6rg</a>").contains("byte 4"));
}

#[test]
fn what_could_blow_up_is_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"lol\"><!ENTITY c \"&b;&b;&b;\">]><a>&c;</a>";
    assert!(refused(bomb).contains("DOCTYPE"));
    assert!(refused("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>").contains("DOCTYPE"));
    assert!(refused("<a>&c;</a>").contains("entity"));
    assert!(refused("<a b='&c;'/>").contains("entity"));
    assert!(refused("<a>&#0;</a>").contains("entity"));
    assert!(refused("<a>&#xD800;</a>").contains("entity"));
    let deep = "<a>".repeat(MAX_DEPTH + 1);
    assert!(refused(deep).contains("deeper than 16"));
    let deepest = format!("{}{}", "<a>".repeat(MAX_DEPTH), "</a>".repeat(MAX_DEPTH));
    assert!(read(deepest.as_bytes(), None).is_ok());
    let many = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS));
    assert!(refused(many).contains("20000 elements"));
    let attributes: String = (0..=MAX_ATTRIBUTES)
        .map(|index| format!(" a{index}='1'"))
        .collect();
    assert!(refused(format!("<a{attributes}/>")).contains("too many attributes"));
    assert!(refused(format!("<{}/>", "n".repeat(300))).contains("too long"));
    assert!(refused("<a b='1' b='2'/>").contains("twice"));
}

#[test]
fn what_is_not_one_document_is_refused_with_its_place() {
    assert_eq!(
        refused("<a>\n  <b></c>\n</a>"),
        "the XML of the body is not well-formed at line 2, column 6"
    );
    assert!(refused("<a>").contains("ends before"));
    assert!(refused("<a/><b/>").contains("second document"));
    assert!(refused("text <a/>").contains("outside"));
    assert!(refused("<a/> &amp;").contains("outside"));
    assert!(refused("").contains("no element"));
    assert!(refused("<!-- nothing -->").contains("no element"));
    assert!(refused("<!-- <!DOCTYPE a><a/> -->").contains("DOCTYPE"));
}

#[test]
fn as_json_attributes_stand_beside_children_and_repeats_are_a_list() {
    let root = read(b"<a x='1'>own<b>1</b><b k='2'>3</b><c/></a>", None).unwrap_or_default();
    let json = root.to_json();
    assert_eq!(json.text_at("_").as_deref(), Some("own"));
    assert_eq!(json.text_at("x").as_deref(), Some("1"));
    let items = json.get("b").map(Json::items).unwrap_or_default();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].scalar().as_deref(), Some("1"));
    assert_eq!(items[1].text_at("k").as_deref(), Some("2"));
    assert_eq!(items[1].text_at("_").as_deref(), Some("3"));
    assert_eq!(json.get("c").and_then(Json::scalar).as_deref(), Some(""));
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"<a>".to_vec()),
        Just(b"</a>".to_vec()),
        Just(b"<b c='d' e=f g>".to_vec()),
        Just(b"<![CDATA[".to_vec()),
        Just(b"]]>".to_vec()),
        Just(b"<!--".to_vec()),
        Just(b"-->".to_vec()),
        Just(b"<!DOCTYPE x [<!ENTITY y 'z'>]>".to_vec()),
        Just(b"<?xml encoding='latin1'?>".to_vec()),
        Just(b"&y;&#x41;&&#99999999999;".to_vec()),
        Just(vec![0xFF, 0xFE]),
        proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

fn size(element: &Element) -> (usize, usize) {
    let sizes: Vec<_> = element.children.iter().map(size).collect();
    let count = 1 + sizes.iter().map(|(count, _)| count).sum::<usize>();
    (
        count,
        1 + sizes.iter().map(|(_, depth)| *depth).max().unwrap_or(0),
    )
}

fn text_length(element: &Element) -> usize {
    element.text.len() + element.children.iter().map(text_length).sum::<usize>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_makes_it_panic_or_grow(body in pieces()) {
        if let Ok(root) = read(&body, None) {
            let (count, depth) = size(&root);
            prop_assert!(count <= body.len() && depth <= MAX_DEPTH);
            // A byte of windows-1252 may take three in UTF-8; nothing else makes anything longer.
            prop_assert!(text_length(&root) <= 3 * body.len());
        }
    }

    #[test]
    fn any_text_comes_back_as_it_was(text in "[ -~\u{a1}-\u{2fff}]{0,60}") {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let document = format!("<a b=\"{escaped}\">{escaped}</a>");
        let root = read(document.as_bytes(), None).unwrap_or_default();
        prop_assert_eq!(&root.text, &text);
        prop_assert_eq!(root.attribute("B"), Some(text.as_str()));
    }
}
