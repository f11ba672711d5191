"""The thread that does what can wait: in turn, once however often it is asked, and until told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from vecinity.local.maintenance import Maintenance

_LONG = 1_000.0
_SECONDS = 10.0


@pytest.fixture
def maintenance() -> Iterator[Maintenance]:
    made = Maintenance()
    yield made
    made.close()


class _Held:
    """Work that began and goes on until it is let go."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.ended = False

    def __call__(self) -> None:
        self.began.set()
        assert self.may_end.wait(_SECONDS)
        self.ended = True


def test_what_waits_is_done_once_and_the_earlier_time_holds(maintenance: Maintenance) -> None:
    held, done, end = _Held(), list[str](), threading.Event()
    maintenance.poke("a", held)
    assert held.began.wait(_SECONDS)
    maintenance.poke("b", lambda: done.append("first"), _LONG)
    maintenance.poke("b", lambda: done.append("second"))
    maintenance.poke("b", lambda: done.append("third"), _LONG)
    maintenance.poke("c", end.set, 0.01)
    held.may_end.set()
    assert end.wait(_SECONDS)
    assert done == ["third"]


def test_what_is_not_due_waits(maintenance: Maintenance) -> None:
    done, end = list[str](), threading.Event()
    maintenance.poke("late", lambda: done.append("late"), _LONG)
    maintenance.poke("soon", end.set, 0.01)
    assert end.wait(_SECONDS)
    assert done == []


def test_a_cancelled_key_is_not_at_work(maintenance: Maintenance) -> None:
    held, done, end = _Held(), list[str](), threading.Event()

    def work() -> None:
        held()
        maintenance.poke("a", lambda: done.append("again"))

    maintenance.poke("a", work)
    maintenance.poke("b", lambda: done.append("b"), _LONG)
    assert held.began.wait(_SECONDS)
    maintenance.cancel("b")
    cancelling = threading.Thread(target=maintenance.cancel, args=("a",))
    cancelling.start()
    cancelling.join(0.05)
    assert cancelling.is_alive()
    held.may_end.set()
    cancelling.join(_SECONDS)
    assert held.ended
    assert not cancelling.is_alive()
    maintenance.poke("c", end.set)
    assert end.wait(_SECONDS)
    assert "b" not in done


def test_a_failure_is_logged_and_the_rest_goes_on(
    maintenance: Maintenance, caplog: pytest.LogCaptureFixture
) -> None:
    end = threading.Event()

    def fail() -> None:
        raise OSError("no room")

    with caplog.at_level(logging.ERROR):
        maintenance.poke("a", fail)
        maintenance.poke("b", end.set, 0.01)
        assert end.wait(_SECONDS)
    assert "no room" in caplog.text


def test_after_the_end_nothing_is_done() -> None:
    maintenance = Maintenance()
    held, done = _Held(), list[str]()
    maintenance.poke("a", held)
    assert held.began.wait(_SECONDS)
    held.may_end.set()
    maintenance.close()
    assert held.ended
    maintenance.poke("a", lambda: done.append("late"))
    maintenance.close()
    assert done == []
