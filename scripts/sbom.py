#!/usr/bin/env python3
"""Writes a CycloneDX 1.6 bill of materials for one function. Called by scripts/sbom.sh, which pipes in `cargo tree`."""

import hashlib
import json
import re
import sys
import tomllib
import uuid
from pathlib import Path


def main():
    function, metadata_path, out = sys.argv[1:]
    metadata = json.loads(Path(metadata_path).read_text())
    linked = set(re.findall(r"^(\S+) v(\S+)", sys.stdin.read(), re.MULTILINE))
    packages = {(package["name"], package["version"]): package for package in metadata["packages"]}
    checksums = {
        (package["name"], package["version"]): package.get("checksum")
        for package in tomllib.loads(Path("Cargo.lock").read_text())["package"]
    }
    ours = {packages[key]["id"] for key in packages if packages[key]["source"] is None}
    problems = []
    components = []
    for key in sorted(linked):
        package = packages.get(key)
        if package is None:
            problems.append(f"{key[0]} {key[1]} is linked and unknown to cargo metadata")
            continue
        if key[0] == function:
            continue
        is_ours = package["id"] in ours
        component = {
            "type": "library",
            "bom-ref": reference(package),
            "name": package["name"],
            "version": package["version"],
            "purl": purl(package, is_ours),
            "scope": "required",
        }
        if package["license"]:
            # Cargo's old way to write a choice.
            component["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
        else:
            problems.append(f"{key[0]} {key[1]} has no licence")
        if checksums.get(key):
            component["hashes"] = [{"alg": "SHA-256", "content": checksums[key]}]
        elif not is_ours:
            problems.append(f"{key[0]} {key[1]} has no checksum in Cargo.lock")
        components.append(component)

    by_id = {package["id"]: package for package in packages.values()}
    dependencies = []
    for node in metadata["resolve"]["nodes"]:
        package = by_id.get(node["id"])
        if package is None or (package["name"], package["version"]) not in linked:
            continue
        needs = [
            by_id[need["pkg"]]
            for need in node["deps"]
            if any(kind["kind"] is None for kind in need["dep_kinds"])
        ]
        needs = sorted({reference(need) for need in needs if (need["name"], need["version"]) in linked})
        dependencies.append({"ref": reference(package), "dependsOn": needs})
    root = next(package for package in packages.values() if package["name"] == function and package["id"] in ours)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": reference(root),
                "name": f"leadline-{function}",
                "version": root["version"],
                "purl": purl(root, True),
            }
        },
        "components": components,
        "dependencies": sorted(dependencies, key=lambda one: one["ref"]),
    }
    # Named by what is in it: the same dependencies give the same file.
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    document["serialNumber"] = f"urn:uuid:{uuid.UUID(digest[:32])}"
    problems += checked(document)
    for problem in problems:
        print(f"{function}: {problem}", file=sys.stderr)
    Path(out).write_text(json.dumps(document, indent=2) + "\n")
    strangers = sum(1 for component in components if component["purl"].startswith("pkg:cargo/") and "hashes" in component)
    print(f"{out}: {len(components)} components, {strangers} of them from crates.io, {len(problems)} problems")
    return 1 if problems else 0


def reference(package):
    return f"{package['name']}@{package['version']}"


def purl(package, is_ours):
    # Ours are not on crates.io, where somebody else may take their short names.
    kind = "generic/leadline" if is_ours else "cargo"
    return f"pkg:{kind}/{package['name']}@{package['version'].replace('+', '%2B')}"


def checked(document):
    """What must hold of the document as it is written."""
    problems = []
    references = {component["bom-ref"] for component in document["components"]}
    references.add(document["metadata"]["component"]["bom-ref"])
    if len(references) != len(document["components"]) + 1:
        problems.append("two components have one name")
    if len(document["components"]) < 50:
        problems.append(f"only {len(document['components'])} components: what is linked was not read")
    for component in document["components"]:
        for member in ("licenses", "purl"):
            if not component.get(member):
                problems.append(f"{component['bom-ref']} has no {member}")
    for dependency in document["dependencies"]:
        for reference in [dependency["ref"], *dependency["dependsOn"]]:
            if reference not in references:
                problems.append(f"{reference} is needed and not listed")
    return problems


sys.exit(main())
