"""A Worker that runs the page's TypeScript, piece by piece."""

from __future__ import annotations

import re
from collections.abc import Iterable

_DECLARED = re.compile(r"^(?:let|const) (\w+) =", re.MULTILINE)


def module(pieces: Iterable[str]) -> str:
    """A Worker's module in TypeScript; each piece is in it unchanged, in a block of its own.

    The Worker answers with what each piece's names stand for. A piece may use names of those
    before it, as the page does.
    """
    known: list[str] = []
    steps = []
    for code in pieces:
        declared = _DECLARED.findall(code)
        given = [name for name in known if name not in declared]
        steps.append(_step(code, declared, given))
        known = [*given, *declared]
    return f"""const steps = [{"".join(steps)}];

export default {{
  async fetch(request, env) {{
    const outcomes = [];
    let known = {{}};
    for (const step of steps) {{
      const declared = await step(env, known);
      outcomes.push(declared);
      known = {{ ...known, ...declared }};
    }}
    return Response.json(outcomes);
  }},
}};
"""


def _step(code: str, declared: list[str], given: list[str]) -> str:
    return f"""
async (env, {{ {", ".join(given)} }}) => {{
{code}
return {{ {", ".join(declared)} }};
}},"""
