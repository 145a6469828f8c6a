#!/usr/bin/env bash
# Makes a CycloneDX bill of materials for each function into target/sbom/NAME.cdx.json: every crate that is linked into
# it for AWS, with licence and purl, checked for both. From `cargo metadata`, so that it needs no tool besides python3.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p target/sbom
metadata=$(mktemp)
trap 'rm -f "$metadata"' EXIT
cargo metadata --format-version 1 --locked --filter-platform aarch64-unknown-linux-gnu >"$metadata"
for function in capture enrich score assign deliver recycle files api; do
    # What cargo itself says is linked, features and all: resolving them here again would be guessing.
    cargo tree --locked --target aarch64-unknown-linux-gnu --edges normal,no-proc-macro --package "$function" \
        --prefix none --no-dedupe --format '{p}' |
        python3 scripts/sbom.py "$function" "$metadata" "target/sbom/$function.cdx.json"
done
