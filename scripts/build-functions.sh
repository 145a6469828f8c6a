#!/usr/bin/env bash
# Builds functions for AWS into target/lambda/NAME/bootstrap, where template.yaml expects them, and zips each beside it.
#   scripts/build-functions.sh                     the eight, for arm64
#   scripts/build-functions.sh x86_64              the eight, for x86-64 (deploy with Architecture=x86_64)
#   scripts/build-functions.sh arm64 capture api   some of them
# The same sources and tools give the same bytes in any folder: scripts/check-reproducible.sh shows it.
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

functions=("${@:2}")
if [ ${#functions[@]} -eq 0 ]; then
    functions=(capture enrich score assign deliver recycle files api)
fi
packages=()
for function in "${functions[@]}"; do
    packages+=(--package "$function")
done

source scripts/reproducible-flags.sh

# Named one by one, so that the local engines of the leadline command, and the second TLS provider they bring, stay out.
rm -rf target/lambda
cargo lambda build --profile deployed "$flag" --locked "${packages[@]}"

for function in "${functions[@]}"; do
    python3 scripts/zip_function.py "target/lambda/$function/bootstrap" "target/lambda/$function.zip"
    ls -l "target/lambda/$function/bootstrap" "target/lambda/$function.zip"
done
(cd target/lambda && sha256sum ./*.zip)
