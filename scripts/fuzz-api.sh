#!/usr/bin/env bash
# Fuzzes the API and the doors from their own description, docs/openapi.json, with schemathesis: right requests, wrong
# ones, missing and wrong tokens, methods that are not there, and calls that follow from each other; every answer is held
# to what the description says of it, and none may be a 5xx.
#   scripts/fuzz-api.sh [SECONDS]        120 seconds by default; another seed each day, printed, and set with SEED=...
# Runs against `leadline dev --ephemeral` on a free port, which is stopped again. Needs the Rust toolchain and python3.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds="${1:-120}"
seed="${SEED:-$(date -u +%Y%m%d)}"
scripts/python-tools.sh
cargo build --locked --quiet --package cli --bin leadline
leadline="${CARGO_TARGET_DIR:-target}/debug/leadline"
work=$(mktemp -d)
# So that the signed source is shut by its signature, and not by a missing secret.
export LEADLINE_SECRET_TYPEFORM=typeform-secret-of-the-fuzzer
LEADLINE_LOG=warn,dynoxide=off "$leadline" dev --ephemeral --port 0 --config leadline.toml \
    >"$work/out" 2>"$work/log" &
process=$!
trap 'kill "$process" 2>/dev/null || true; wait "$process" 2>/dev/null || true; rm -rf "$work"' EXIT

address=""
for _ in $(seq 100); do
    address=$(sed -n 's/^Leadline is running at //p' "$work/out")
    [ -n "$address" ] && break
    kill -0 "$process" 2>/dev/null || { cat "$work/log"; exit 1; }
    sleep 0.2
done
[ -n "$address" ] || { echo "leadline dev did not start"; cat "$work/log"; exit 1; }

token=$(sed -n 's/^  token  *//p' "$work/out")

# Calls about leads need a lead, and calls about submissions one; seven times of ten they are asked about these.
answer=$(curl --silent --show-error --fail "$address/v1/sources/website" --data 'email=ada@example.com&country=DE&phone=%2B12025550147')
submission=$(grep --only-matching 'sub_[0-9a-z]*' <<<"$answer")
lead="lead_${submission#sub_}"
cat >"$work/schemathesis.toml" <<END
[dictionaries.sources]
values = ["website", "assistant", "typeform"]
[dictionaries.leads]
values = ["$lead"]
[dictionaries.submissions]
values = ["$submission"]
[parameters]
"path.source" = { dictionary = "sources", probability = 0.7 }
"path.lead" = { dictionary = "leads", probability = 0.7 }
"path.submission" = { dictionary = "submissions", probability = 0.7 }
END

# One worker: two share a cache of the generator that is not made for threads.
# Every check but one: positive_data_acceptance takes a refusal of what fits the description for a mistake, but what is an
# e-mail address, a phone number or a configuration that makes sense cannot be said in JSON Schema.
status=0
export SCHEMATHESIS_HOOKS=schemathesis_hooks PYTHONPATH=scripts PYTHONDONTWRITEBYTECODE=1
target/tools/schemathesis/bin/schemathesis --no-color --config-file "$work/schemathesis.toml" run docs/openapi.json \
    --url "$address" --header "Authorization: Bearer $token" \
    --exclude-checks positive_data_acceptance --continue-on-failure \
    --max-time "$seconds" --seed "$seed" --workers 1 2>&1 | tee target/fuzz-api.txt || status=$?

if ! kill -0 "$process" 2>/dev/null; then
    echo "leadline dev ended while it was fuzzed:"
    status=1
fi
if [ -s "$work/log" ] && grep --quiet --extended-regexp "ERROR|panicked" "$work/log"; then
    echo "leadline dev logged errors:"
    grep --extended-regexp "ERROR|panicked" "$work/log" | head -20
    status=1
fi
exit "$status"
