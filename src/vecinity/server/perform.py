"""Runs an operation for any surface: what holds for every operation is here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from vecinity.server.call import Call

Operation: TypeAlias = Callable[[Call], Any]
"""A function of `operations`."""


def perform(operation: Operation, call: Call) -> Any:
    """The operation's result, unless a fault strikes: then nothing was done.

    Raises:
        VectorizeError: the fault's, or the operation's own.
    """
    for fault in call.settings.faults:
        if fault.strikes(operation.__name__):
            raise fault.error()
    return operation(call)
