#!/usr/bin/env bash
# Proves template.yaml with the real functions: deploys both to a local AWS on this machine (no Docker, no account),
# sends leads in through the front door and looks at what comes out. About two minutes once everything is built.
# What it covers and what it does not: docs/operations.md.
#
# With --keep it leaves the local AWS standing until Enter, for a look around; with --listen 172.17.0.1 (Docker's
# bridge) besides, for `sam local invoke`.
#
# Needs the Rust toolchain and python3 with venv and pip (PyPI, for the first run).
set -euo pipefail
cd "$(dirname "$0")/.."

functions=(capture enrich score assign deliver recycle files api)
stage=target/prove

scripts/python-tools.sh

# Eight programs are linked for one look: link-time optimisation would cost minutes and prove nothing.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
packages=()
for function in "${functions[@]}"; do
    packages+=(--package "$function")
done
cargo build --release --locked --bins "${packages[@]}"
# The command on its own: built together, its local engines would bring a second TLS provider into every function.
cargo build --locked --package cli --bin leadline

# A folder of its own: these programs ask for this machine's glibc, and must never lie where `sam deploy` would take
# them to AWS. The template is copied, not changed.
rm -rf "$stage"
for function in "${functions[@]}"; do
    mkdir -p "$stage/target/lambda/$function"
    cp "target/release/$function" "$stage/target/lambda/$function/bootstrap"
done
cp template.yaml "$stage/template.yaml"

export PYTHONDONTWRITEBYTECODE=1
exec target/tools/ministack/bin/python scripts/prove_template.py \
    --stage "$stage" \
    --sam target/tools/sam/bin/sam \
    --ministack target/tools/ministack/bin/ministack \
    --leadline target/debug/leadline \
    --config leadline.toml \
    "$@"
