"""Builds the agent as one zip application, the same bytes from the same sources.

    python -m watchkeeper.agent.archive dist/wk-agent.pyz

Runs where Watchkeeper is built, not on watched machines; it is the one module here that is not in the archive.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

PARTS = ("base", "wire", "uplink", "agent")

# The archive's own start. Running a zip file costs the interpreter two megabytes, and compiling another two that a
# process never gives back. So the first process compiles all modules into a file in memory, and becomes a second one
# that finds them there. -I and -S keep a machine's own packages and settings of Python out; the variable keeps the C
# library from opening a heap for each thread.
MAIN = """\
import marshal
import os
import sys

FILES = {files!r}
LOADER = {loader!r}
START = (
    "import marshal,sys;d=open(int(sys.argv.pop(1)),'rb').read();"
    "n=int.from_bytes(d[:4],'little');exec(marshal.loads(d[4:4+n]))"
)


def sized(data):
    return len(data).to_bytes(4, "little") + data


def become_lean(loader):
    index, codes, offset = {{}}, [], 0
    for path in FILES:
        place = os.path.join(loader.archive, *path.split("/"))
        code = marshal.dumps(compile(loader.get_data(place), place, "exec", dont_inherit=True, optimize=2))
        name = path[:-3].replace("/", ".")
        package = name.endswith(".__init__")
        index[name[:-9] if package else name] = package, offset, len(code)
        codes.append(code)
        offset += len(code)
    boot = marshal.dumps(compile(LOADER, "wk-agent", "exec", dont_inherit=True, optimize=2))
    file = os.memfd_create("wk-agent", 0)
    with open(file, "wb", closefd=False) as writer:
        writer.write(sized(boot) + sized(marshal.dumps((os.path.abspath(sys.argv[0]), index))) + b"".join(codes))
    os.lseek(file, 0, os.SEEK_SET)
    os.environ.setdefault("MALLOC_ARENA_MAX", "1")
    options = ["-I", "-S", "-X", "no_debug_ranges", "-c", START, str(file)]
    os.execv(sys.executable, [sys.executable, *options, *sys.argv[1:]])


if "run" in sys.argv[1:] and sys.executable and hasattr(os, "memfd_create"):
    become_lean(__loader__)

from watchkeeper.agent.commands import main

sys.exit(main(sys.argv[1:]))
"""

# Runs in the second process, with `d` all that the first has written and `n` the length of this.
LOADER = """\
import marshal
import sys


class Compiled:
    def __init__(self, data, begin):
        self._data = data
        size = int.from_bytes(data[begin : begin + 4], "little")
        self._begin = begin + 4 + size
        self.archive, self._index = marshal.loads(data[begin + 4 : self._begin])

    def find_spec(self, name, path=None, target=None):
        found = self._index.get(name)
        if found is None:
            return None
        spec = type(sys.__spec__)(name, self, is_package=found[0])
        if found[0]:
            # What is imported later comes from the archive.
            spec.submodule_search_locations.append("/".join([self.archive, *name.split(".")]))
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        _, offset, length = self._index[module.__name__]
        begin = self._begin + offset
        exec(marshal.loads(memoryview(self._data)[begin : begin + length]), module.__dict__)


finder = Compiled(d, 4 + n)
sys.meta_path.insert(0, finder)
sys.argv[0] = finder.archive
import os

import watchkeeper.agent.app
from watchkeeper.agent.commands import main

if "WK_CONFIG" in os.environ or any(word.startswith("--config") for word in sys.argv):
    import watchkeeper.base.toml
# All that an agent needs is loaded: what it was loaded from can go.
del sys.meta_path[0], finder, d
sys.exit(main(sys.argv[1:]))
"""

# The least that a zip file can say; a build does not depend on when it ran.
_TIME = (1980, 1, 1, 0, 0, 0)


def build(target: Path) -> None:
    """Write the archive to `target`, executable, replacing what is there."""
    package = Path(__file__).parents[1]
    sources = [package / "__init__.py"]
    for part in PARTS:
        sources += sorted((package / part).rglob("*.py"))
    sources.remove(Path(__file__))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(".new")
    with temporary.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            names = [source.relative_to(package.parent).as_posix() for source in sources]
            _add(archive, "__main__.py", MAIN.format(files=names, loader=LOADER).encode())
            for name, source in zip(names, sources):
                _add(archive, name, source.read_bytes())
    temporary.chmod(0o755)
    temporary.replace(target)


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    entry.create_system = 3
    archive.writestr(entry, data, compresslevel=9)


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.stderr.write("usage: python -m watchkeeper.agent.archive dist/wk-agent.pyz\n")
        return 2
    target = Path(sys.argv[1])
    build(target)
    sys.stdout.write(f"{target}: {target.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
