//! Texts that stand for something that nobody has filled in: `…`, as examples and printed blocks have it.

use super::tree::{Node, Path, Shape};

/// The way to every text that is a placeholder, or an address or a path with one in it.
pub(super) fn of(root: &Node) -> Vec<Path> {
    let mut found = Vec::new();
    look(root, "", &Path::root(), &mut found);
    found
}

fn look(node: &Node, key: &str, path: &Path, found: &mut Vec<Path>) {
    match &node.shape {
        Shape::Text(text) => {
            let text = text.trim();
            let is_all_of_it = matches!(text, "…" | "..." | "<…>" | "<...>");
            // Elsewhere an ellipsis may be meant, as in the reason that a vendor is told.
            let is_within = text.contains('…')
                && (key == "url" || key == "public_url" || key == "path" || key == "records");
            if is_all_of_it || is_within {
                found.push(path.clone());
            }
        }
        Shape::List(items) => {
            for (index, item) in items.iter().enumerate() {
                look(item, key, &path.index(index), found);
            }
        }
        Shape::Table(entries) => {
            for entry in entries {
                look(&entry.node, &entry.key, &path.key(&entry.key), found);
            }
        }
        Shape::Number(_) | Shape::Flag(_) | Shape::Date | Shape::OtherNumber => {}
    }
}
