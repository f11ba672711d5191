"""A client that creates and deletes indexes without a pause."""

from __future__ import annotations

import random
from pathlib import Path

import httpx2

from tests.crash.workload import DIMENSIONS, INDEX
from tests.support.server import Server

_NAMES = 6


class Churn:
    """Its indexes come and go; no other client touches them.

    Attributes:
        live: the indexes that the server said it has.
        in_flight: the one whose creation or deletion was never answered, if any.
        changes: how many were answered.
    """

    def __init__(self, seed: int) -> None:
        self.live: set[str] = set()
        self.in_flight: str | None = None
        self.changes = 0
        self._random = random.Random(seed)

    def run(self, server: Server) -> None:
        """Create and delete until the server is gone."""
        with server.client() as http:
            while True:
                try:
                    self._change(http)
                except httpx2.TransportError:
                    return

    def settle(self, http: httpx2.Client, data: Path) -> list[str]:
        """Take what is there as the truth; returns what is wrong with it."""
        listed = http.get("/indexes").json()["result"]
        found = {index["name"] for index in listed} - {INDEX}
        unknown = set() if self.in_flight is None else {self.in_flight}
        answers = [http.get(f"/indexes/{name}/info") for name in sorted(found)]
        problems = [answer.text for answer in answers if answer.status_code != 200]
        if (found ^ self.live) - unknown:
            problems.append(f"indexes {sorted(found)}, acknowledged {sorted(self.live)}")
        folders = [*(data / "indexes").iterdir()]
        if len(folders) != len(listed):
            problems.append(f"{len(folders)} folders of {len(listed)} indexes")
        self.live, self.in_flight = found, None
        return problems

    def _change(self, http: httpx2.Client) -> None:
        name = f"churn-{self._random.randrange(_NAMES)}"
        self.in_flight = name
        if name in self.live:
            response = http.delete(f"/indexes/{name}")
        else:
            config = {"dimensions": DIMENSIONS, "metric": "cosine"}
            response = http.post("/indexes", json={"name": name, "config": config})
        assert response.status_code == 200, response.text
        self.live ^= {name}
        self.in_flight = None
        self.changes += 1
