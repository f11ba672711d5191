"""The walls of the house: who imports whom, who reads the environment, who writes files.

Each rule is a table, and a planted violation proves that the checker sees it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_SRC = Path(__file__).parent.parent.parent / "src"

_LANGUAGE = {
    "model", "metric", "filters", "limits", "errors", "batch", "query", "engine", "schema",
    "arrays", "metadata",
}  # fmt: skip

MAY_IMPORT: dict[str, set[str]] = {
    "language": {"language"},
    "database": {"language"},
    "local": {"language", "local"},
    "client": {"language", "client"},
    "demo": {"language", "demo"},
    "server": {"language", "server", "version"},
    "cli": {"language", "database", "local", "client", "demo", "server", "root", "version", "cli"},
    "root": {"language", "database", "local", "client"},
    "main": {"cli"},
}
"""Layer -> the layers that it may import. `version` is the one name `vecinity.__version__`."""

ONLY_IN: dict[str, set[str]] = {
    "click": {"cli"},
    "rich": {"cli"},
    "uvicorn": {"server", "cli"},
    "starlette": {"server"},
    "httptools": {"server"},
    "uvloop": {"server"},
    "python_multipart": {"server"},
    "httpx2": {"client"},
    "faiss": {"local"},
    "cryptography": {"local"},
    "pyroaring": {"local"},
}
"""Package -> the layers that may import it; the engine's side knows no web framework."""

ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.path.expandvars"}
READS_ENVIRONMENT = {"cli"}

WRITES_FILES = {"vecinity.local.files"}
"""Modules that may open files for writing."""

WRITERS = {
    "os": "open fdopen write writev pwrite pwritev truncate ftruncate posix_fallocate sendfile "
    "copy_file_range rename renames replace link symlink unlink remove removedirs rmdir mkdir "
    "makedirs mknod mkfifo chmod chown utime",
    "shutil": "copy copy2 copyfile copyfileobj copymode copystat copytree move rmtree chown "
    "make_archive unpack_archive",
    "tempfile": "TemporaryFile NamedTemporaryFile SpooledTemporaryFile TemporaryDirectory mkstemp "
    "mkdtemp mktemp",
    "numpy": "save savez savez_compressed savetxt memmap",
    "faiss": "write_index FileIOWriter",
    "sqlite3": "connect",
    "io": "FileIO",
    "mmap": "mmap",
    "logging": "FileHandler",
    "zipfile": "ZipFile",
    "tarfile": "open",
}
"""Module -> its functions that write to the file system, or may."""

DYNAMIC = {"os", "shutil", "sqlite3", "tempfile", "io"}
"""Modules whose functions may not be picked by name at run time, which would hide them."""

WRITING_METHODS = {
    "write_text", "write_bytes", "mkdir", "unlink", "rmdir", "touch", "rename", "tofile",
    "symlink_to", "hardlink_to", "truncate",
}  # fmt: skip
"""Methods of paths and arrays that write; of `open` and `replace`, some calls do."""

_WRITERS = {f"{module}.{name}" for module, names in WRITERS.items() for name in names.split()}

OPENERS = {"open", "io.open", "codecs.open", "gzip.open", "bz2.open", "lzma.open"}
"""Functions that take a path and a mode."""

NOT_FILES = {"vecinity.open", "vecinity.local.files.RowFile.open"}
"""What is named `open` and takes no mode."""


def layer(module: str) -> str:
    """The layer of a module such as `vecinity.local.rows`."""
    part = module.split(".")[1] if "." in module else "root"
    if part in _LANGUAGE:
        return "language"
    return {"__main__": "main", "__version__": "version"}.get(part, part)


class Source:
    """One module: its tree, and the full names that its imports stand for."""

    def __init__(self, module: str, text: str) -> None:
        self.module = module
        self.nodes = list(ast.walk(ast.parse(text)))
        self.imports = list(self._imports())
        self._names = dict(self._bindings())

    def full_name(self, node: ast.expr) -> str | None:
        """`np.save` -> `numpy.save`; None for what is no dotted name."""
        if isinstance(node, ast.Name):
            return self._names.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            start = self.full_name(node.value)
            return start and f"{start}.{node.attr}"
        return None

    def _imports(self) -> Iterator[str]:
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (f"{self._package(node)}.{alias.name}" for alias in node.names)

    def _bindings(self) -> Iterator[tuple[str, str]]:
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.split(".")[0]
                    yield (alias.asname, alias.name) if alias.asname else (first, first)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield alias.asname or alias.name, f"{self._package(node)}.{alias.name}"

    def _package(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        above = self.module.split(".")[: -node.level]
        return ".".join([*above, *([node.module] if node.module else [])])


Rule = Callable[[Source], Iterator[str]]


def layers(source: Source) -> Iterator[str]:
    """Imports of our own modules point down."""
    for name in source.imports:
        if name.split(".")[0] == "vecinity" and not _may(source.module, name):
            yield f"{source.module} imports {name}"


def packages(source: Source) -> Iterator[str]:
    """Third-party packages stay in their layers."""
    for name in source.imports:
        allowed = ONLY_IN.get(name.split(".")[0])
        if allowed is not None and layer(source.module) not in allowed:
            yield f"{source.module} imports {name}"


def environment(source: Source) -> Iterator[str]:
    """Only the command line reads the environment."""
    if layer(source.module) in READS_ENVIRONMENT:
        return
    for node in source.nodes:
        if isinstance(node, ast.Name | ast.Attribute) and source.full_name(node) in ENVIRONMENT:
            yield f"{source.module}:{node.lineno} reads the environment"
        if isinstance(node, ast.keyword) and node.arg in {"envvar", "auto_envvar_prefix"}:
            yield f"{source.module}:{node.lineno} reads the environment"


def writing(source: Source) -> Iterator[str]:
    """Only one module opens files for writing."""
    if source.module in WRITES_FILES:
        return
    harmless = {
        call.func
        for call in source.nodes
        if isinstance(call, ast.Call) and _hands_bytes_to_a_function(source, call)
    }
    for node in source.nodes:
        if node in harmless:
            continue
        if isinstance(node, ast.Name | ast.Attribute) and source.full_name(node) in _WRITERS:
            yield f"{source.module}:{node.lineno} uses {source.full_name(node)}"
        if isinstance(node, ast.Call) and _call_writes(source, node):
            yield f"{source.module}:{node.lineno} may write: {ast.unparse(node)}"


RULES: list[Rule] = [layers, packages, environment, writing]


def _may(module: str, imported: str) -> bool:
    allowed = MAY_IMPORT[layer(module)]
    if imported.count(".") == 1 and _is_public_name(imported):
        imported = "vecinity"
    return layer(imported) in allowed


def _is_public_name(imported: str) -> bool:
    """Whether `vecinity.x` is a name of the package itself, not a module in it."""
    name = imported.split(".")[1]
    folder = _SRC / "vecinity"
    return name != "__version__" and not (
        (folder / name).is_dir() or (folder / f"{name}.py").is_file()
    )


def _hands_bytes_to_a_function(source: Source, call: ast.Call) -> bool:
    """Whether this is `faiss.write_index(index, faiss.PyCallbackIOWriter(function, ...))`."""
    return (
        source.full_name(call.func) == "faiss.write_index"
        and len(call.args) == 2
        and isinstance(call.args[1], ast.Call)
        and source.full_name(call.args[1].func) == "faiss.PyCallbackIOWriter"
    )


def _call_writes(source: Source, call: ast.Call) -> bool:
    name = source.full_name(call.func)
    if name == "getattr":
        return bool(call.args) and source.full_name(call.args[0]) in DYNAMIC
    if name in OPENERS:
        return _opens_for_writing(call, 1)
    if name in NOT_FILES or not isinstance(call.func, ast.Attribute):
        return False
    method = call.func.attr
    if method == "open":
        return _opens_for_writing(call, 0)
    # Path.replace takes one argument; str.replace two, others keywords
    is_path_replace = method == "replace" and len(call.args) == 1 and not call.keywords
    return method in WRITING_METHODS or is_path_replace


def _opens_for_writing(call: ast.Call, place: int) -> bool:
    """Whether a mode says so, or can't be read here."""
    modes = [keyword.value for keyword in call.keywords if keyword.arg in {"mode", None}]
    modes += call.args[place : place + 1]
    return any(
        not isinstance(mode, ast.Constant) or not {*str(mode.value)}.isdisjoint("wax+")
        for mode in modes
    )


def _sources() -> Iterator[Source]:
    for path in sorted((_SRC / "vecinity").rglob("*.py")):
        parts = path.relative_to(_SRC).with_suffix("").parts
        # a package's own module keeps its last part, so that relative imports resolve alike
        module = ".".join(parts).removesuffix(".__init__")
        yield Source(module, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_holds(rule: Rule) -> None:
    assert [wrong for source in _sources() for wrong in rule(source)] == []


def test_every_layer_has_its_row() -> None:
    assert {layer(source.module) for source in _sources()} == MAY_IMPORT.keys()


PLANTED: list[tuple[Rule, str, str]] = [
    (layers, "vecinity.filters", "from vecinity.local.store import metadata"),
    (layers, "vecinity.model", "from vecinity import database"),
    (layers, "vecinity.engine", "def f():\n    import vecinity.server.wire"),
    (layers, "vecinity.query", "from vecinity import Database"),
    (layers, "vecinity.query", "import vecinity"),
    (layers, "vecinity.local.rows", "from vecinity.server import wire"),
    (layers, "vecinity.local.rows", "from vecinity import Index"),
    (layers, "vecinity.local.rows", "from ..server import wire"),
    (layers, "vecinity.local.rows", "from vecinity.cli.output import say"),
    (layers, "vecinity.server.app", "from vecinity.local.engine import LocalEngine"),
    (layers, "vecinity.server.app", "from vecinity import open"),
    (layers, "vecinity.client.remote", "from vecinity.server import wire"),
    (layers, "vecinity.client.remote", "from vecinity.local import rows"),
    (layers, "vecinity.database", "from vecinity.local.engine import LocalEngine"),
    (layers, "vecinity.demo", "from vecinity import open"),
    (layers, "vecinity", "from vecinity.cli.main import main"),
    *((packages, "vecinity.local.index", f"import {name}") for name in ("starlette", "uvicorn")),
    *((packages, "vecinity.database", f"from {name} import x") for name in ("click", "rich")),
    (packages, "vecinity.filters", "import starlette.requests as r"),
    (packages, "vecinity.server.app", "import click"),
    (packages, "vecinity.server.rest", "import faiss"),
    (packages, "vecinity.demo", "def f():\n    from rich.table import Table"),
    (environment, "vecinity.local.pool", "import os\nos.environ['X']"),
    (environment, "vecinity.local.pool", "from os import environ as e\ne.get('X')"),
    (environment, "vecinity.server.app", "import os as o\no.getenv('X')"),
    (environment, "vecinity", "from os import getenv\ngetenv('X')"),
    (environment, "vecinity.server.app", "option('--token', envvar='T')"),
    *(
        (writing, "vecinity.local.index", text)
        for text in [
            "open('f', 'w')",
            "open('f', mode='ab')",
            "open('f', mode)",
            "open('f', **options)",
            "path.open('x')",
            "path.open(mode='r+b')",
            "import gzip\ngzip.open('f', 'wt')",
            "from os import open as o\no('f', 2)",
            "import os\nos.replace('a', 'b')",
            "import os\nf = os.ftruncate",
            "import os\ngetattr(os, name)('f')",
            "path.write_text('x')",
            "path.write_bytes(b'')",
            "path.mkdir()",
            "path.unlink()",
            "path.rename('b')",
            "path.replace(other)",
            "values.tofile('f')",
            "import sqlite3\nsqlite3.connect('f')",
            "from sqlite3 import connect\nconnect('f')",
            "import numpy as np\nnp.save('f', x)",
            "import shutil\nshutil.rmtree('f')",
            "import faiss\nfaiss.write_index(index, 'f')",
            "import faiss\nfaiss.write_index(index, writer)",
            "import tempfile\nwith tempfile.TemporaryDirectory() as d: pass",
        ]
    ),
    (writing, "vecinity.demo", "open('f', 'w')"),
    (writing, "vecinity.cli.writes", "from pathlib import Path\nPath('f').write_text('x')"),
]


@pytest.mark.parametrize(("rule", "module", "text"), PLANTED, ids=lambda value: str(value)[:40])
def test_a_planted_violation_is_seen(rule: Rule, module: str, text: str) -> None:
    assert list(rule(Source(module, text)))


FINE: list[tuple[str, str]] = [
    ("vecinity.local.rows", "from . import store\nfrom vecinity.model import Vector"),
    ("vecinity.server.app", "from vecinity import __version__, limits\nimport starlette"),
    ("vecinity.cli.serve", "import os, click\nfrom vecinity import open\nos.environ['X']"),
    ("vecinity.local.index", "open('f')\nopen('f', 'rb')\npath.open()\npath.open(mode='r')"),
    ("vecinity.local.index", "text.replace('a', 'b')\nfrom dataclasses import replace\nreplace(x)"),
    ("vecinity.local.files", "import os\nos.open('f', 2)\nopen('f', 'w')"),
    ("vecinity.local.codes", "import faiss\nfaiss.write_index(x, faiss.PyCallbackIOWriter(f, 1))"),
    ("vecinity.local.index", "import os, sqlite3\nos.getpid()\nx: sqlite3.Connection"),
]


@pytest.mark.parametrize(("module", "text"), FINE, ids=lambda value: str(value)[:40])
def test_what_is_allowed_is_left_alone(module: str, text: str) -> None:
    assert [wrong for rule in RULES for wrong in rule(Source(module, text))] == []
