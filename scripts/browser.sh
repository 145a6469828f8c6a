#!/usr/bin/env bash
# Pages that load leadline.js, in a real browser against a Leadline that runs: what a visitor does is in the first score.
# Needs the Rust toolchain, Node.js with npm, and Chromium (Debian: apt-get install chromium), or BROWSER=/path/to/another.
# Takes the browser's driver from the npm registry into target/tools.
set -euo pipefail
cd "$(dirname "$0")/.."

browser="${BROWSER:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}"
if [ -z "$browser" ]; then
    echo "there is no browser here: install Chromium, or name one in BROWSER"
    exit 1
fi

driver=target/tools/browser
mkdir -p "$driver"
if ! cmp --silent scripts/browser/package-lock.json "$driver/made-from.json"; then
    cp scripts/browser/package.json scripts/browser/package-lock.json "$driver/"
    (cd "$driver" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    cp scripts/browser/package-lock.json "$driver/made-from.json"
fi
# A module finds its packages beside itself.
cp scripts/browser/check.mjs "$driver/"

cargo build --locked --quiet -p cli
leadline="${CARGO_TARGET_DIR:-target}/debug/leadline"
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });')
work=$(mktemp -d)
sed '/^\[sources\.website\]$/a profile = { ask = ["company", "title"], at_most = 1 }' leadline.toml > "$work/leadline.toml"
LEADLINE_TOKEN=token-of-the-browser-check "$leadline" dev --ephemeral --port "$port" --config "$work/leadline.toml" > "$work/log" 2>&1 &
process=$!
trap 'kill "$process" 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do
    if curl --silent --fail --output /dev/null "http://127.0.0.1:$port/v1/health"; then
        break
    fi
    sleep 0.2
done
if ! node "$driver/check.mjs" "http://127.0.0.1:$port" token-of-the-browser-check "$browser"; then
    tail -n 40 "$work/log"
    exit 1
fi
