#!/usr/bin/env bash
# Makes the Python environments that the checks need, one for each tool, once, under target/tools, from PyPI.
# Needs python3 with venv and pip. Prints nothing when both are there already.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in sam ministack checkov schemathesis; do
    wanted="scripts/requirements-$tool.txt"
    environment="target/tools/$tool"
    # The list it was made from is kept inside; another list makes a new environment.
    if ! cmp --silent "$wanted" "$environment/made-from.txt"; then
        echo "making $environment from $wanted"
        rm -rf "$environment"
        python3 -m venv "$environment"
        "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
        cp "$wanted" "$environment/made-from.txt"
    fi
done
