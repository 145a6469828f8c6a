#!/usr/bin/env bash
# Builds the seven functions for AWS into target/lambda/NAME/bootstrap, where template.yaml expects them.
#   scripts/build-functions.sh            for arm64
#   scripts/build-functions.sh x86_64     for x86-64 (deploy with Architecture=x86_64)
# Needs cargo-lambda with zig: pip install cargo-lambda==1.9.2 ziglang==0.17.1
set -euo pipefail
cd "$(dirname "$0")/.."

architecture="${1:-arm64}"
case "$architecture" in
    arm64) flag=--arm64 ;;
    x86_64) flag=--x86-64 ;;
    *)
        echo "arm64 or x86_64, not $architecture" >&2
        exit 2
        ;;
esac

functions=(capture enrich score assign deliver recycle api)
packages=()
for function in "${functions[@]}"; do
    packages+=(--package "$function")
done

# Named one by one, so that the local engines of the leadline command, and the second TLS provider they bring, stay out.
rm -rf target/lambda
cargo lambda build --release "$flag" --locked "${packages[@]}"

for function in "${functions[@]}"; do
    ls -l "target/lambda/$function/bootstrap"
done
