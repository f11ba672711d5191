"""When a growing tail is let grow: by how fast rows arrive, and how fast blocks are built."""

from __future__ import annotations

import pytest

from vecinity.local import arrivals
from vecinity.local.arrivals import Arrivals


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr(arrivals, "time", clock)
    return clock


def _arriving(clock: _Clock, a_second: int) -> Arrivals:
    found = Arrivals()
    for _ in range(200):
        found.add(a_second // 100)
        clock.now += 0.01
    return found


def test_the_rate_is_that_of_the_last_two_seconds(clock: _Clock) -> None:
    found = _arriving(clock, 40_000)
    assert found.rate == pytest.approx(40_000, rel=0.05)
    assert found.is_bulk
    clock.now += 0.5
    assert found.rate == pytest.approx(32_000, rel=0.1)
    clock.now += 2
    assert found.rate == 0
    assert not found.is_bulk


def test_a_rush_ends_where_a_tail_no_longer_doubles(clock: _Clock) -> None:
    found = _arriving(clock, 50_000)
    assert found.is_rush(20_000)
    assert not found.is_rush(40_000)


def test_where_blocks_take_longer_a_rush_is_longer(clock: _Clock) -> None:
    """A slow machine must not seal most of a load, and then the rest of it apart."""
    found = _arriving(clock, 50_000)
    found.built(100_000, 2.8)
    assert found.is_rush(900_000)
    assert not found.is_rush(1_000_000)


def test_a_small_block_says_nothing_of_large_ones(clock: _Clock) -> None:
    found = _arriving(clock, 5_000)
    found.built(4_096, 3.0)
    assert not found.is_rush(8_000)


def test_a_trickle_is_no_rush_however_slow_the_machine_is(clock: _Clock) -> None:
    found = _arriving(clock, 5_000)
    found.built(100_000, 10.0)
    assert not found.is_rush(4_096)


def test_a_write_that_takes_long_is_no_pause(clock: _Clock) -> None:
    found = Arrivals()
    with found.writing():
        clock.now += 5
        assert found.quiet_seconds == 0
    assert found.quiet_seconds == 0
    clock.now += 0.5
    assert found.quiet_seconds == pytest.approx(0.5)


def test_a_write_that_fails_is_over(clock: _Clock) -> None:
    found = Arrivals()
    with pytest.raises(OSError), found.writing():
        raise OSError
    clock.now += 1
    assert found.quiet_seconds == pytest.approx(1)
