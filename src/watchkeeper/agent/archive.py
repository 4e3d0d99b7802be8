"""Builds the agent as one zip application, the same bytes from the same sources.

    python -m watchkeeper.agent.archive dist/wk-agent.pyz

Runs where Watchkeeper is built, not on watched machines; it is the one module here that is not in the archive.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

PARTS = ("base", "wire", "uplink", "agent")

# The archive's own start. -I and -S keep a machine's own packages and settings of Python out, and save a megabyte of
# memory; the variable keeps the C library from opening a heap for each thread. Compiling takes two megabytes that a
# process never gives back, so a child does it and hands over the code.
MAIN = '''\
import marshal
import os
import sys

FILES = {files!r}


class Compiled:
    """Imports modules from code that is there already: `data` holds it, `index` says where."""

    def __init__(self, archive, data):
        self._archive = archive
        self._data = data
        size = int.from_bytes(data[:4], "little")
        self._index = marshal.loads(data[4 : 4 + size])
        self._begin = 4 + size

    def find_spec(self, name, path=None, target=None):
        found = self._index.get(name)
        if found is None:
            return None
        spec = type(sys.__spec__)(name, self, is_package=found[0])
        if found[0]:
            # What is imported later comes from the archive.
            spec.submodule_search_locations.append(os.path.join(self._archive, *name.split(".")))
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        _, offset, length = self._index[module.__name__]
        begin = self._begin + offset
        exec(marshal.loads(memoryview(self._data)[begin : begin + length]), module.__dict__)


def compiled(loader):
    """The code of all modules behind its index, compiled by a child; empty where there can be none."""
    read, write = os.pipe()
    try:
        child = os.fork()
    except OSError:
        return b""
    if child == 0:
        try:
            index, codes, offset = {{}}, [], 0
            for path in FILES:
                source = loader.get_data(loader.archive + os.sep + path)
                code = marshal.dumps(compile(source, loader.archive + os.sep + path, "exec", dont_inherit=True))
                name = path[:-3].replace("/", ".")
                package = name.endswith(".__init__")
                index[name[:-9] if package else name] = package, offset, len(code)
                codes.append(code)
                offset += len(code)
            head = marshal.dumps(index)
            with open(write, "wb") as file:
                file.write(b"".join([len(head).to_bytes(4, "little"), head, *codes]))
        finally:
            os._exit(0)
    os.close(write)
    with open(read, "rb") as file:
        data = file.read()
    os.waitpid(child, 0)
    return data


if not (sys.flags.isolated and sys.flags.no_site) and sys.executable:
    os.environ.setdefault("MALLOC_ARENA_MAX", "1")
    archive = os.path.abspath(sys.argv[0])
    os.execv(sys.executable, [sys.executable, "-I", "-S", archive, *sys.argv[1:]])

if "run" in sys.argv[1:]:
    data = compiled(__loader__)
    if data:
        sys.meta_path.insert(0, Compiled(__loader__.archive, data))
        import watchkeeper.agent.app

        if "WK_CONFIG" in os.environ or any(word.startswith("--config") for word in sys.argv):
            import watchkeeper.base.toml
        del sys.meta_path[0], data

from watchkeeper.agent.commands import main

sys.exit(main(sys.argv[1:]))
'''

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
            _add(archive, "__main__.py", MAIN.format(files=names).encode())
            for name, source in zip(names, sources, strict=True):
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
