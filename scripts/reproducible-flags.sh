# Sourced by builds whose bytes must not depend on where they are made: every path that could end up in a program (in the
# text of a panic, mostly) is written as if the sources lay in /leadline and the crates in /cargo.
root="$(pwd -P)"
cargo_home="$(cd "${CARGO_HOME:-$HOME/.cargo}" && pwd -P)"
export RUSTFLAGS="--remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$root=/leadline"
# What C there is (ring's) is told the same.
export CFLAGS="-ffile-prefix-map=$cargo_home=/cargo -ffile-prefix-map=$root=/leadline"
export SOURCE_DATE_EPOCH=315532800
