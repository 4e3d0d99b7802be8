"""Programs from the package manager that some tests need."""

from __future__ import annotations

import shutil

# The name that a test's mark uses: the commands that count as it, and the Debian package that brings it.
SERVERS: dict[str, tuple[tuple[str, ...], str]] = {
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "chromium"),
    "openssl": (("openssl",), "openssl"),
}


def find(name: str) -> str:
    """The path of the server's program, "" when it is not installed."""
    commands, _ = SERVERS[name]
    return next((path for path in map(shutil.which, commands) if path), "")


def missing(name: str) -> str:
    """What to tell when `name` is not installed."""
    return f"missing server: {name} (apt-get install {SERVERS[name][1]})"


def main() -> None:
    """Print the Debian packages of what is not installed."""
    print(" ".join(package for name, (_, package) in SERVERS.items() if not find(name)))


if __name__ == "__main__":
    main()
