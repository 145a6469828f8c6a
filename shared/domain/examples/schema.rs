//! Prints the JSON Schema of `leadline.toml`:
//! `cargo run -p domain --features schema --example schema > docs/leadline.schema.json`

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

fn main() {
    println!("{:#}", domain::config::schema());
}
