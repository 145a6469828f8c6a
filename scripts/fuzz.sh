#!/usr/bin/env bash
# Runs the fuzz targets of fuzz/, each for SECONDS (60 by default), with libFuzzer and AddressSanitizer.
#   scripts/fuzz.sh [SECONDS] [TARGET...]
# A crash, an input that takes more than 5 s or 1 GB, or a broken promise of a target fails, and its input stays under
# target/fuzz/findings. What is found besides (the corpus) stays under target/fuzz/corpus; fuzz/seeds is where it begins.
# Needs a nightly toolchain (rustup toolchain install nightly) and a C++ compiler. Takes cargo-fuzz from crates.io.
# Targets behind the AWS SDK (message, stored) are built only if they are named or with FUZZ_ALL=1: they need ten minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.13.2
seconds="${1:-60}"
shift || true
light=(form chatbot typeform kinds adf leadconduit mapping batch email phone configuration)
heavy=(message stored)
targets=("$@")
if [ "${#targets[@]}" -eq 0 ]; then
    targets=("${light[@]}")
    if [ "${FUZZ_ALL:-0}" = 1 ]; then
        targets+=("${heavy[@]}")
    else
        echo "not run without FUZZ_ALL=1: ${heavy[*]}"
    fi
fi

export RUSTUP_TOOLCHAIN="${FUZZ_TOOLCHAIN:-nightly}"
if ! rustc --version >/dev/null 2>&1; then
    echo "the toolchain $RUSTUP_TOOLCHAIN is missing: rustup toolchain install $RUSTUP_TOOLCHAIN --profile minimal" >&2
    exit 1
fi
if ! command -v c++ >/dev/null; then
    echo "a C++ compiler is missing: libFuzzer is built from source" >&2
    exit 1
fi
tools="$PWD/target/tools/cargo-fuzz"
if [ "$("$tools/bin/cargo-fuzz" --version 2>/dev/null)" != "cargo-fuzz $version" ]; then
    cargo install "cargo-fuzz@$version" --locked --debug --quiet --root "$tools"
fi

features=()
for target in "${targets[@]}"; do
    for behind in "${heavy[@]}"; do
        [ "$target" = "$behind" ] && features=(--features aws)
    done
done
export CARGO_TARGET_DIR="${FUZZ_TARGET_DIR:-$PWD/target/fuzz/build}" CARGO_INCREMENTAL=0
"$tools/bin/cargo-fuzz" build --fuzz-dir fuzz "${features[@]}"

binaries="$CARGO_TARGET_DIR/$(rustc --version --verbose | sed -n 's/^host: //p')/release"
failed=()
for target in "${targets[@]}"; do
    corpus="target/fuzz/corpus/$target" findings="target/fuzz/findings/$target/" log="target/fuzz/$target.log"
    mkdir -p "$corpus" "$findings"
    # Inputs up to 16 KiB: more makes every input slower, and no limit of ours lies between that and 64 KiB.
    if "$binaries/$target" "$corpus" "fuzz/seeds/$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 \
        -malloc_limit_mb=512 -max_len=16384 -artifact_prefix="$findings" -print_final_stats=1 >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$log")
        echo "$target: $runs executions, $(sed -n 's/^stat::average_exec_per_sec: *//p' "$log") a second, no finding"
    else
        failed+=("$target")
        echo "$target: FAILED; the input is in $findings"
        tail -n 60 "$log"
    fi
done
if [ "${#failed[@]}" -gt 0 ]; then
    echo "failed: ${failed[*]}"
    exit 1
fi
