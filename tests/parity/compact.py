"""Writes the compact copy of a recording for this repository.

    python -m tests.parity.compact <folder of the recording>

Every exchange is kept with all that is sent and compared. The same recording gives the same bytes.
"""

import argparse
import gzip
import json
from dataclasses import asdict
from pathlib import Path

from tests.parity.compare import HEADERS
from tests.parity.recording import HERE, Exchange, Recording, read


def main() -> None:
    """Reads the folder that is named, and writes the copy."""
    parser = argparse.ArgumentParser(description="Writes the compact copy of a recording.")
    parser.add_argument("folder", type=Path)
    write(read(parser.parse_args().folder), HERE)


def write(recording: Recording, folder: Path) -> None:
    """The files of a recording, compressed."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{_compact(_kept(exchange))}\n" for exchange in recording.exchanges)
    for name, text in (
        ("world.json", _compact(json.loads(recording.world))),
        ("exchanges.jsonl", lines),
    ):
        (folder / f"{name}.gz").write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))


def _kept(exchange: Exchange) -> dict[str, object]:
    headers = {name: value for name, value in exchange.response_headers.items() if name in HEADERS}
    return {**asdict(exchange), "response_headers": headers}


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
