//! Prints the OpenAPI document: `cargo run -p api --features schema --example openapi > docs/openapi.json`

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

fn main() {
    println!("{:#}", api::openapi::document());
}
