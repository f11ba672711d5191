"""Reads a trace of system calls and says which answers left before the data was safe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

SYSCALLS = (
    "openat,mkdir,write,pwrite64,pwritev,writev,ftruncate,fsync,fdatasync,"
    "rename,unlink,sendto,sendmsg"
)

_LINE = re.compile(r"^(?P<pid>\d+) +(?P<call>\w+)\((?P<rest>.*)$")
_RESUMED = re.compile(r"^(?P<pid>\d+) +<\.\.\. \w+ resumed>(?P<rest>.*)$")
_FILE = re.compile(r"^\d+<(?P<path>[^>]*)>")
_OPENED = re.compile(r'^[^,]*, "(?P<path>[^"]*)", (?P<flags>[A-Z_|]+)')
_MADE = re.compile(r'^"(?P<path>[^"]*)"')
_FAILED = re.compile(r"\) += -1 ")
_WRITES = {"write", "pwrite64", "pwritev", "writev", "ftruncate"}
_SYNCS = {"fsync", "fdatasync"}
_SENDS = {"sendto", "sendmsg", "write", "writev"}


@dataclass(frozen=True, slots=True)
class _Call:
    """A system call; `begins` and `ends` say whether this line is its start, its end, or both."""

    pid: str
    name: str
    rest: str
    begins: bool
    ends: bool


@dataclass
class _Checker:
    data: str
    dirty: dict[str, int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    syncing: dict[str, dict[str, int]] = field(default_factory=dict)
    clock: int = 0
    answers: int = 0
    problems: list[str] = field(default_factory=list)

    def take(self, call: _Call) -> None:
        self.clock += 1
        path = self._path(call)
        if call.name in _SENDS and call.begins and '"HTTP/1.1 200' in call.rest:
            self._answered()
        elif path is None or _FAILED.search(call.rest):
            return
        elif call.name in _SYNCS:
            if call.begins:
                self.syncing[call.pid] = dict(self.dirty)
            if call.ends:
                self._synced(path, self.syncing.pop(call.pid, {}))
        elif call.ends:
            self._changed(call, path)

    def _changed(self, call: _Call, path: str) -> None:
        if call.name in _WRITES and _must_be_synced(path):
            self.dirty[path] = self.clock
        elif call.name in ("rename", "unlink"):
            self.dirty.pop(path, None)
        elif call.name == "mkdir" or (call.name == "openat" and "O_CREAT" in call.rest):
            if path not in self.seen and _must_be_synced(path):
                self.dirty[str(PurePosixPath(path).parent)] = self.clock
            self.seen.add(path)

    def _synced(self, path: str, before: dict[str, int]) -> None:
        """What was written before the sync began is safe."""
        if self.dirty.get(path) == before.get(path):
            self.dirty.pop(path, None)

    def _answered(self) -> None:
        self.answers += 1
        if self.dirty:
            names = sorted(path.removeprefix(self.data) for path in self.dirty)
            self.problems.append(f"answer {self.answers} left before the sync of {names}")
            self.dirty.clear()

    def _path(self, call: _Call) -> str | None:
        """The file or folder that the call is about: the data directory's parent, or below."""
        pattern = {"openat": _OPENED, "mkdir": _MADE, "rename": _MADE, "unlink": _MADE}
        found = pattern.get(call.name, _FILE).match(call.rest)
        path = found["path"] if found else ""
        ours = path.startswith(self.data) or path == str(PurePosixPath(self.data).parent)
        return path if ours else None


def unsafe_answers(trace: Path, data: Path) -> tuple[int, list[str]]:
    """How many answers with status 200 there were, and those that left too early."""
    checker = _Checker(str(data))
    for call in _calls(trace):
        checker.take(call)
    return checker.answers, checker.problems


def _must_be_synced(path: str) -> bool:
    """SQLite's shared memory is rebuilt; the lock file's content is only read by people."""
    return not path.endswith(("-shm", "vecinity.lock"))


def _calls(trace: Path) -> Iterator[_Call]:
    unfinished: dict[str, _Call] = {}
    for line in trace.read_text(errors="replace").splitlines():
        if found := _LINE.match(line):
            ends = not found["rest"].endswith("<unfinished ...>")
            call = _Call(found["pid"], found["call"], found["rest"], True, ends)
            if not ends:
                unfinished[call.pid] = call
            yield call
        elif (found := _RESUMED.match(line)) and found["pid"] in unfinished:
            begun = unfinished.pop(found["pid"])
            rest = begun.rest.removesuffix("<unfinished ...>") + found["rest"]
            yield _Call(begun.pid, begun.name, rest, False, True)
