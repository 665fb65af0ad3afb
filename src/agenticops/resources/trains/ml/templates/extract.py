"""Extract the data of one work item from the mapped sources.

Run it as:  python extract.py --since 2024-01-01 --until 2024-02-01 --out /path/outside/the/repository

The script writes one file for each source and prints a line for the extraction log: source, rows, sha256.
Secrets come from the environment; neither they nor the extracts belong in the repository.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

Row = dict[str, object]

# One entry for each source of source-map.md: its name, and the columns that the data access plan permits.
SOURCES: dict[str, tuple[str, ...]] = {}


def read(source: str, columns: tuple[str, ...], since: date, until: date) -> Iterator[Row]:
    """Yield the rows of a source with since <= event time < until, in a stable order."""
    raise SystemExit(f"fill in read() for {source}: {', '.join(columns)} from {since} to {until}")


def write(path: Path, columns: tuple[str, ...], rows: Iterable[Row]) -> int:
    """Write the rows as CSV and return their number; a column that is not permitted is an error."""
    count = 0
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=columns, extrasaction="raise")
        writer.writeheader()
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, read in parts."""
    total = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(1 << 20):
            total.update(part)
    return total.hexdigest()


def main() -> None:
    """Extract each source, and report rows and digest."""
    parser = argparse.ArgumentParser(description="Extract the mapped sources.")
    parser.add_argument("--since", type=date.fromisoformat, required=True)
    parser.add_argument("--until", type=date.fromisoformat, required=True)
    parser.add_argument("--out", type=Path, required=True)
    if not SOURCES:
        raise SystemExit("fill in SOURCES and read() from source-map.md and data-access-plan.md")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for source, columns in SOURCES.items():
        path = options.out / f"{source}.csv"
        rows = write(path, columns, read(source, columns, options.since, options.until))
        print(f"{source}\t{rows}\t{digest(path)}")


if __name__ == "__main__":
    main()
