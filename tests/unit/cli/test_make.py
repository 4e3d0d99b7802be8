from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def targets() -> set[str]:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    return set(phony.group(1).split())


def test_make_alone_lists_every_target() -> None:
    done = subprocess.run(
        ["make", "-C", str(ROOT), "--no-print-directory"], capture_output=True, text=True, timeout=30, check=True
    )
    listed = {line.split()[1] for line in done.stdout.splitlines()}
    assert listed == targets()


def test_every_make_target_that_the_docs_name_exists() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").glob("*.md")]
    named = {
        (page.name, word)
        for page in pages
        for word in re.findall(
            r"(?:`|^ {4}(?:\w+=\w+ )?)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert named
    assert not {(page, word) for page, word in named if word not in targets()}


def test_the_pinned_requirements_name_no_registry() -> None:
    for file in (*ROOT.glob("requirements*.txt"), *(ROOT / "tools").glob("requirements*.txt")):
        text = file.read_text(encoding="utf-8")
        assert "://" not in text, file.name
        assert "--hash=sha256:" in text, file.name
        assert not re.search(r"^-", text, re.MULTILINE), file.name


def test_the_lock_file_of_the_front_end_names_no_registry() -> None:
    assert '"resolved"' not in (ROOT / "web" / "package-lock.json").read_text(encoding="utf-8")


def test_the_pinned_requirements_are_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pinned = dict(
        re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    )
    versions = {canonicalize_name(name): version for name, version in pinned.items()}
    for text in project["project"]["dependencies"]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)]), f"{text}: run make lock"


def test_what_runs_the_product_is_pinned_alike_everywhere() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^(\S+==\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")
    assert pins("requirements-build.txt") <= pins("requirements-dev.txt")
    assert pins("tools/requirements-uv.txt") <= pins("requirements-build.txt")
