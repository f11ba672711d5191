"""Why a query finds nothing: a note with the answer, and once in the log, with the remedy."""

from __future__ import annotations

import logging
import shlex
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vecinity.filters import AnyOf, Condition, Scalar

if TYPE_CHECKING:
    from vecinity.engine import Index
    from vecinity.model import Match
    from vecinity.query import QueryOptions
    from vecinity.server.call import Call

_LOG = logging.getLogger("vecinity.hints")
_MOST_HINTS = 1_000
_LINE_CHARS = 2_000


class HintLog:
    """What the log has said already: each hint once. Safe for threads.

    After `most` hints there are no more of them, so that no client can fill a disk or the memory.
    """

    def __init__(self, most: int = _MOST_HINTS) -> None:
        self._most = most
        self._said: set[tuple[str, ...]] = set()
        self._lock = threading.Lock()

    def say(self, about: tuple[str, ...], text: str) -> None:
        """Log `text` unless a hint `about` the same was logged."""
        with self._lock:
            if about in self._said or len(self._said) >= self._most:
                return
            self._said.add(about)
            last = len(self._said) == self._most
        _LOG.warning("%s", safe(text))
        if last:
            _LOG.warning("%d hints were logged; there will be no more", self._most)


def safe(text: str) -> str:
    """`text` as one line of bounded length: what is not printable is escaped."""
    escaped = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
    return escaped if len(escaped) <= _LINE_CHARS else escaped[:_LINE_CHARS] + "..."


def explain_filter(call: Call, index: Index, options: QueryOptions) -> None:
    """Hint at properties whose metadata index is missing or lacks vectors (settled.md, Filters)."""
    if options.filter is None:
        return
    indexes = {found.property_name: found for found in index.list_metadata_indexes()}
    for condition in options.filter.conditions:
        name = condition.property_name
        found = indexes.get(name)
        if found is None:
            text = f'property "{name}" has no metadata index, so the filter matches nothing'
            _hint(call, "missing", name, text, f"create one: {_creation(call.index, condition)}")
        elif found.uncovered:
            text, remedy = _older(name, found.uncovered)
            _hint(call, "older", name, text, remedy)


def explain_namespace(call: Call, options: QueryOptions, found: Sequence[Match]) -> None:
    """Hint at a namespace that has no vectors, after a query by vector that found nothing."""
    namespace = options.namespace
    if namespace is None or options.filter is not None or found:
        return
    text = f'no vector is in namespace "{namespace}"'
    _hint(call, "namespace", namespace, text, "look at the namespace that vectors are written with")


def _hint(call: Call, kind: str, name: str, text: str, remedy: str) -> None:
    call.note(text)
    about = (call.account, call.index, kind, name)
    call.settings.hints.say(about, f'index "{call.index}": {text}; {remedy}')


def _older(name: str, count: int) -> tuple[str, str]:
    """What is wrong with `count` vectors older than the metadata index, and the remedy."""
    those, these = ("1 vector is", "this vector")
    if count != 1:
        those, these = (f"{count} vectors are", f"these {count} vectors")
    text = f'{those} older than the metadata index on "{name}", so no filter on it matches them'
    return text, f"write {these} again"


def _creation(index: str, condition: Condition) -> str:
    """The command that makes what `condition` asks about filterable."""
    kind = _type(_values(condition))
    arguments = [f"--property-name={condition.property_name}", f"--type={kind}"]
    command = ["wrangler", "vectorize", "create-metadata-index", index, *arguments]
    return shlex.join(command)


def _values(condition: Condition) -> list[Scalar]:
    if isinstance(condition, AnyOf):
        return list(condition.values)
    return [bound.value for bound in (condition.low, condition.high) if bound is not None]


def _type(values: Sequence[Scalar]) -> str:
    """The type of metadata index that holds the first of `values` that has one, else a string's."""
    for value in values:
        if isinstance(value, bool):
            return "boolean"
        if isinstance(value, float):
            return "number"
        if isinstance(value, str):
            break
    return "string"
