#!/usr/bin/env python3
"""Zips one program as the `bootstrap` of a Lambda function: zip_function.py PROGRAM ZIP

The same program gives the same bytes, wherever and whenever: one entry, a fixed time, fixed rights, the highest level.
"""

import sys
import zipfile
from pathlib import Path


def main():
    program, archive = map(Path, sys.argv[1:])
    # The earliest time a zip can hold; the time of a build says nothing about what is in it.
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system = 3  # Unix, whose rights these are.
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr(entry, program.read_bytes(), compresslevel=9)


if __name__ == "__main__":
    main()
