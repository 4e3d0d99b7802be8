"""A machine that is set back with its memory, as a virtual machine to a snapshot: the first future is lived by a
forked child with the spool's folder as it is; then the folder is set back and the parent lives the second.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

FUTURE_SECONDS = 30.0


def live_twice(folder: Path, image: Path, future: Callable[[], None]) -> None:
    """Run `future` in a child to its end, and undo what it did to `folder`, under the parent's open files."""
    shutil.copytree(folder, image)
    child = os.fork()
    if not child:
        status = 1
        try:
            future()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert status == 0, "the first future came to no good end"
    set_back(folder, image)
    shutil.rmtree(image)


def set_back(folder: Path, image: Path) -> None:
    """Make `folder` what `image` is, keeping the inode of each file that is still there."""
    for path in folder.rglob("*"):
        if path.is_file() and not (image / path.relative_to(folder)).exists():
            path.unlink()
    for source in image.rglob("*"):
        target = folder / source.relative_to(image)
        if source.is_dir():
            target.mkdir(exist_ok=True)
        else:
            with target.open("r+b" if target.exists() else "wb") as file:
                file.truncate(0)
                file.write(source.read_bytes())


def wait_for(predicate: Callable[[], bool]) -> None:
    """Poll for at most FUTURE_SECONDS."""
    deadline = time.monotonic() + FUTURE_SECONDS
    while not predicate():
        assert time.monotonic() < deadline, "the future takes too long"
        time.sleep(0.02)
