"""The demo's queries: what they ask, and how their answers are shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import click

from vecinity import Index, Match
from vecinity import demo as sample
from vecinity.cli.output import say, say_table

VECTOR_ID = "wn:noun:09457693"
"""The thunderhead."""

_COLUMNS = 100
_TEXT_COLUMNS = 60


class Question(NamedTuple):
    """A query in words, and its call."""

    title: str
    about: str
    call: Callable[[], list[Match]]


def questions(index: Index) -> list[Question]:
    """One query of each kind."""
    held_out = sample.queries()
    clouds, rocket = held_out["cloudiness"], held_out["rocket engineer"]
    burger, slow = held_out["hamburger"], held_out["slow"]
    find = partial(index.query, top_k=4, return_metadata="all")
    short_people = {"section": "noun.person", "words": {"$lt": 15}}
    no_food = {"section": {"$ne": "noun.food"}}
    return [
        Question("By vector", _quoted(clouds.text), partial(find, clouds.values)),
        Question(
            "By id",
            f"{VECTOR_ID}, a thunderhead, itself included",
            partial(index.query_by_id, VECTOR_ID, top_k=4, return_metadata="all"),
        ),
        Question(
            'With filter {"section": "noun.person", "words": {"$lt": 15}}',
            _quoted(rocket.text),
            partial(find, rocket.values, filter=short_people),
        ),
        Question(
            'With filter {"section": {"$ne": "noun.food"}}',
            _quoted(burger.text),
            partial(find, burger.values, filter=no_food),
        ),
        Question(
            'In namespace "verb"',
            _quoted(slow.text),
            partial(find, slow.values, namespace="verb"),
        ),
    ]


def ask(question: Question) -> None:
    """Run a query and show its matches and the time it took, HTTP included."""
    start = time.perf_counter()
    found = question.call()
    took = (time.perf_counter() - start) * 1_000
    say(f"\n{click.style(question.title, bold=True)}  {took:.1f} ms")
    say(_cut(f"  {question.about}", _COLUMNS))
    say_table(["score", "namespace", "section", "text"], [_row(match) for match in found])


def _row(match: Match) -> list[str]:
    metadata = match.metadata or {}
    text = _cut(metadata["text"], _TEXT_COLUMNS)
    return [f"{match.score:.3f}", match.namespace or "", metadata["section"], text]


def _quoted(text: str) -> str:
    return f"nearest to “{text}”"


def _cut(text: str, columns: int) -> str:
    return text if len(text) <= columns else f"{text[: columns - 1].rstrip()}…"
