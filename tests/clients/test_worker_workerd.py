"""A Worker on workerd itself: the server behind the binding by workerd's own configuration."""

from __future__ import annotations

from pathlib import Path

from tests.clients.workers import workerd
from tests.clients.workers.check import check
from tests.clients.workers.indexes import Indexes
from tests.clients.workers.outcomes import every_method
from tests.clients.workers.release import Release


def test_workerd(release: Release, indexes: Indexes, tmp_path: Path) -> None:
    bound = indexes.of(f"workerd-{release.slug}")
    with workerd.serve(release.modules, indexes.server, bound, tmp_path) as program:
        check(program.answer())


def test_a_wrong_token(release: Release, indexes: Indexes, tmp_path: Path) -> None:
    bound = {"MISSING": "any"}
    with workerd.serve(release.modules, indexes.server, bound, tmp_path, "wrong") as program:
        assert program.answer() == {"MISSING": every_method(10000, "Authentication error")}
