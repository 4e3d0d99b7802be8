"""Builds wk-agent.pyz, the agent as one file that needs nothing but Python 3.9 or later.

    python tools/build_agent.py dist/wk-agent.pyz

The same sources give the same bytes: times are fixed and names sorted.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src"
PACKAGES = ("base", "wire", "uplink", "agent")
MAIN = "import sys\n\nfrom watchkeeper.agent.commands import main\n\nsys.exit(main(sys.argv[1:]))\n"
EPOCH = (1980, 1, 1, 0, 0, 0)


def sources() -> Iterator[tuple[str, bytes]]:
    """Name in the archive and text of every module of the agent's side."""
    root = SOURCE / "watchkeeper"
    yield "__main__.py", MAIN.encode()
    yield "watchkeeper/__init__.py", (root / "__init__.py").read_bytes()
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            yield path.relative_to(SOURCE).as_posix(), path.read_bytes()


def build(target: Path) -> Path:
    """Write the archive to `target` and give that back."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name, text in sources():
                archive.writestr(zipfile.ZipInfo(name, EPOCH), text, zipfile.ZIP_DEFLATED, 9)
    target.chmod(0o755)
    return target


if __name__ == "__main__":
    built = build(Path(sys.argv[1] if len(sys.argv) > 1 else "dist/wk-agent.pyz"))
    print(f"{built}: {built.stat().st_size / 1024:.0f} KiB")
