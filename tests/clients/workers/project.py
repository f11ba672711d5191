"""A project of the scenario's Worker, as a user of wrangler has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.server import ACCOUNT, TOKEN, Server

SCENARIO = Path(__file__).parent / "scenario.mjs"
_PLUGIN = Path(__file__).parents[3] / "src" / "vecinity" / "npm" / "index.mjs"


def plugin_options(server: Server) -> dict[str, str]:
    """What tells the plugin where `server` is."""
    return {"url": server.url, "account": ACCOUNT, "token": TOKEN}


def configuration(
    main: str, indexes: Mapping[str, str], options: Mapping[str, str]
) -> dict[str, Any]:
    """wrangler's: in the environment `development` the plugin serves the bindings.

    Args:
        main: the Worker's file.
        indexes: by the binding's name.
        options: of the plugin.
    """
    bindings = [{"binding": name, "index_name": index} for name, index in indexes.items()]
    dev = {"plugin": {"package": str(_PLUGIN), "name": "vecinity"}, "options": dict(options)}
    unsafe = {"bindings": [{"name": "VECINITY", "type": "vecinity", "dev": dev}]}
    return {
        "name": Path(main).stem,
        "main": main,
        "compatibility_date": "2026-01-01",
        "vectorize": bindings,
        "env": {"development": {"vectorize": bindings, "unsafe": unsafe}},
    }


def write_remote(folder: Path, indexes: Mapping[str, str]) -> None:
    """As `write`, with nothing but remote bindings, of which one is of Workers AI."""
    config = configuration(SCENARIO.name, indexes, {})
    del config["env"]
    config["vectorize"] = [{**each, "remote": True} for each in config["vectorize"]]
    config["ai"] = {"binding": "AI", "remote": True}
    (folder / "wrangler.json").write_text(json.dumps(config))
    (folder / SCENARIO.name).write_text(SCENARIO.read_text())


def write(folder: Path, indexes: Mapping[str, str], options: Mapping[str, str]) -> None:
    """Fill `folder` with the scenario's Worker and its configuration."""
    config = configuration(SCENARIO.name, indexes, options)
    (folder / "wrangler.json").write_text(json.dumps(config))
    (folder / SCENARIO.name).write_text(SCENARIO.read_text())
