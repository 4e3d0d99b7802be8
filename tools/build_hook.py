"""What a wheel needs beside the Python sources: the built front end and the agent as one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from watchkeeper.agent import archive


class BuildHook(BuildHookInterface[Any]):
    """Builds wk-agent.pyz into every wheel and refuses a wheel without pages."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        if not (Path(self.root) / "src/watchkeeper/hub/static/index.html").is_file():
            raise RuntimeError("the front end is not built yet: run `make web` first")
        agent = Path(self.root) / "build" / "wk-agent.pyz"
        archive.build(agent)
        build_data["force_include"][str(agent)] = "watchkeeper/hub/download/wk-agent.pyz"
