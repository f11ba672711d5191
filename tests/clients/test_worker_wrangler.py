"""A Worker in stock `wrangler dev`, and in getPlatformProxy: the plugin connects its bindings."""

from __future__ import annotations

from pathlib import Path

from tests.clients.workers import project
from tests.clients.workers.check import check
from tests.clients.workers.indexes import Indexes
from tests.clients.workers.release import Release
from tests.support.server import TOKEN


def test_dev(release: Release, indexes: Indexes, tmp_path: Path) -> None:
    bound = indexes.of(f"dev-{release.slug}")
    project.write(tmp_path, bound, project.plugin_options(indexes.server))
    with release.dev(tmp_path) as wrangler:
        check(wrangler.answer())
        said = wrangler.output()
    at = f"of Vecinity at {indexes.server.url}"
    assert all(f"env.{name} is the index {index} {at}" in said for name, index in bound.items())
    assert TOKEN not in said


def test_platform_proxy(release: Release, indexes: Indexes, tmp_path: Path) -> None:
    bound = indexes.of(f"proxy-{release.slug}")
    project.write(tmp_path, bound, project.plugin_options(indexes.server))
    check(release.script("platform_proxy.mjs", folder=tmp_path))
