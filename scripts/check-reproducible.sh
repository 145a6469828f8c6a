#!/usr/bin/env bash
# Builds and zips functions twice, from copies of the sources in two folders of different names, and compares the bytes.
#   scripts/check-reproducible.sh                  capture
#   scripts/check-reproducible.sh capture enrich   these
# For this machine's architecture and with its own linker; the builds for AWS take the same flags. Several minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

functions=("$@")
if [ ${#functions[@]} -eq 0 ]; then
    functions=(capture)
fi
packages=()
for function in "${functions[@]}"; do
    packages+=(--package "$function")
done

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
copies=("$work/one" "$work/another/and-deeper")
for copy in "${copies[@]}"; do
    mkdir -p "$copy"
    # What is tracked and what would be: the working tree without what builds leave in it.
    git ls-files --cached --others --exclude-standard -z | tar --null --files-from=- --create --file=- | tar --extract --file=- --directory="$copy"
    (
        cd "$copy"
        # The target folder lies inside, so that its place differs as well.
        unset CARGO_TARGET_DIR
        source scripts/reproducible-flags.sh
        cargo build --profile deployed --locked --bins "${packages[@]}"
        for function in "${functions[@]}"; do
            python3 scripts/zip_function.py "target/deployed/$function" "$function.zip"
        done
    )
    # Only the zips are compared, and two target folders are a lot of disk.
    rm -rf "$copy/target"
done

same=0
for function in "${functions[@]}"; do
    if cmp "${copies[0]}/$function.zip" "${copies[1]}/$function.zip"; then
        echo "same  $function  $(sha256sum "${copies[0]}/$function.zip" | cut -d ' ' -f 1)"
    else
        echo "DIFFERENT  $function"
        same=1
    fi
done
exit "$same"
