"""Generates the package `cutroom_client` from openapi.json whenever a wheel is built; none of it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

HERE = Path(__file__).resolve().parent


class GenerateClient(BuildHookInterface):
    """Hatchling calls it by being the only hook here."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the client beside the command line."""
        generate_client(HERE / "cutroom_client")


def generate_client(target: Path) -> None:
    """Generate the typed client of openapi.json into the folder `target`, which becomes a package."""
    settings = ConfigFile(package_name_override="cutroom_client", post_hooks=[])
    config = Config.from_sources(
        settings, MetaType.NONE, HERE / "openapi.json", "utf-8", overwrite=True, output_path=target
    )
    failed = [error for error in generate(config=config) if error.level.name == "ERROR"]
    if failed:
        raise RuntimeError("\n".join(f"{error.header}: {error.detail}" for error in failed))
