#!/usr/bin/env python3
"""Compares what checkov finds in template.yaml with the explained exceptions. Called by scripts/scan-template.sh."""

import json
import sys
import tomllib
from pathlib import Path

# The template has more than sixty resources and the scan passes about a hundred checks on them. Far fewer would mean that
# the template was not understood, in which case nothing is found either.
LEAST_RESOURCES = 50
LEAST_PASSED = 80


def main():
    report = json.loads(Path(sys.argv[1]).read_text())
    exceptions = tomllib.loads(Path(sys.argv[2]).read_text())["exception"]
    summary = report["summary"]
    problems = []
    if summary["parsing_errors"] or summary["resource_count"] < LEAST_RESOURCES or summary["passed"] < LEAST_PASSED:
        problems.append(f"the template was not scanned as it should: {summary}")
    # A comment in the template can switch a check off too, but then its reason would stand elsewhere.
    if summary["skipped"]:
        problems.append("checks are skipped by comments in the template; explain them in the list of exceptions")

    names = {found["check_id"]: found["check_name"] for found in report["results"]["failed_checks"]}
    found = {(one["check_id"], one["resource"].rsplit(".", 1)[-1]) for one in report["results"]["failed_checks"]}
    explained = set()
    for exception in exceptions:
        if len(exception["reason"].strip()) < 40:
            problems.append(f"{exception['check']} has no reason worth the name")
        for resource in exception["resources"]:
            explained.add((exception["check"], resource))
    for check, resource in sorted(found - explained):
        problems.append(f"{check} {resource}: {names[check]}; mend it, or explain it")
    for check, resource in sorted(explained - found):
        problems.append(f"{check} {resource} is explained, but nothing is found any more; remove the exception")

    for problem in problems:
        print(problem)
    print(
        f"checkov {summary['checkov_version']}: {summary['resource_count']} resources, {summary['passed']} checks passed, "
        f"{len(found)} findings of {len(names)} kinds, {len(found & explained)} of them explained, {len(problems)} problems"
    )
    return 1 if problems else 0


sys.exit(main())
