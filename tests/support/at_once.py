"""Upkeep without a thread."""

from __future__ import annotations

from collections.abc import Hashable

from vecinity.local.maintenance import Maintenance, Work


class AtOnce(Maintenance):
    """Does all work when it is asked for, so that every run is the same; no work for later."""

    def poke(self, key: Hashable, work: Work, delay: float = 0.0) -> None:
        if delay <= 0:
            work()
