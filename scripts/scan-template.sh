#!/usr/bin/env bash
# Scans template.yaml with checkov. Every finding is mended or explained in scripts/template-exceptions.toml; anything new
# fails, and so does an explanation that explains nothing any more. Needs python3 with venv and pip (PyPI, the first time).
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/python-tools.sh
report=target/template-scan.json
# It ends with 1 whenever it finds something; whether that is right is judged below. Nothing is downloaded or sent.
status=0
target/tools/checkov/bin/checkov --file template.yaml --framework cloudformation --skip-download --quiet \
    --output json >"$report" || status=$?
if [ "$status" -gt 1 ]; then
    echo "checkov ended with $status" >&2
    exit "$status"
fi
target/tools/checkov/bin/python scripts/scan_template.py "$report" scripts/template-exceptions.toml
