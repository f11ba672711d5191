"""How long modules and functions are: median, nine tenths, longest, and who stands out.

    python scripts/sizes.py [--check]

A module's lines are all lines of its file; empty files don't count. A function's lines run from
its `def` to its last line, signature and blank lines included, decorators and docstring left out;
a nested function counts for itself and as part of its parent. With `--check` the exit code is 1
when `src` breaks a limit.
"""

from __future__ import annotations

import argparse
import ast
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
CHECKED = "src"
FOLDERS = (CHECKED, "tests")


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest that the median, nine tenths and all may be; `most` None means any length."""

    median: int
    nine_tenths: int
    most: int | None


MODULES = Limits(median=150, nine_tenths=400, most=800)
FUNCTIONS = Limits(median=8, nine_tenths=30, most=None)


@dataclass(frozen=True, slots=True)
class Size:
    name: str
    lines: int


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Print the sizes; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help=f"fail if {CHECKED} breaks a limit")
    check = parser.parse_args(arguments).check
    broken: list[str] = []
    for folder in FOLDERS:
        modules, functions = measure(root / folder, root)
        print(report(f"{folder} modules", modules, MODULES))
        print(report(f"{folder} functions", functions, FUNCTIONS))
        if folder == CHECKED:
            broken += violations("modules", modules, MODULES)
            broken += violations("functions", functions, FUNCTIONS)
    for each in broken:
        print(f"{CHECKED}: {each}")
    return 1 if check and broken else 0


def measure(folder: Path, root: Path) -> tuple[list[Size], list[Size]]:
    """All modules and all functions below `folder`, longest first, named relative to `root`."""
    modules: list[Size] = []
    functions: list[Size] = []
    for path in sorted(folder.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if not source.strip():
            continue
        name = path.relative_to(root).as_posix()
        modules.append(Size(name, len(source.splitlines())))
        functions += function_sizes(source, name)
    return _longest_first(modules), _longest_first(functions)


def function_sizes(source: str, name: str) -> Iterator[Size]:
    """Every function of a module, as `module:line function`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1 - _docstring_lines(node)
            yield Size(f"{name}:{node.lineno} {node.name}", lines)


def percentile(sizes: Sequence[Size], percent: int) -> int:
    """The smallest length that `percent` of `sizes` do not exceed; 0 if there are none."""
    if not sizes:
        return 0
    ordered = sorted(size.lines for size in sizes)
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]


def report(title: str, sizes: Sequence[Size], limits: Limits) -> str:
    """A line of figures, then those that are longer than nine tenths should be."""
    lines = [
        f"{title}: {len(sizes)}, p50 {percentile(sizes, 50)}, p90 {percentile(sizes, 90)}, "
        f"max {percentile(sizes, 100)}"
    ]
    lines += [f"  {size.lines:5} {size.name}" for size in sizes if size.lines > limits.nine_tenths]
    return "\n".join(lines)


def violations(title: str, sizes: Sequence[Size], limits: Limits) -> list[str]:
    """Which limits `sizes` break, in words."""
    rows = [(50, limits.median), (90, limits.nine_tenths), (100, limits.most)]
    return [
        f"the p{percent} of {title} is {percentile(sizes, percent)}, more than {limit}"
        for percent, limit in rows
        if limit is not None and percentile(sizes, percent) > limit
    ]


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(node) is None:
        return 0
    docstring = node.body[0]
    assert docstring.end_lineno is not None
    return docstring.end_lineno - docstring.lineno + 1


def _longest_first(sizes: list[Size]) -> list[Size]:
    return sorted(sizes, key=lambda size: (-size.lines, size.name))


if __name__ == "__main__":
    raise SystemExit(main())
