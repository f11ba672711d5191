"""The scenario leaves out no error class without a reason."""

from __future__ import annotations

import re

from tests.clients.workers.expected import EXPECTED
from tests.clients.workers.reach import CROSSED, MISCONFIGURED, ON_PURPOSE, UNREACHABLE
from vecinity.errors import by_code

_CODE = re.compile(r"\(code = (\d+)\)")


def test_every_error_is_provoked_or_has_a_reason() -> None:
    outcomes = [outcome for steps in EXPECTED.values() for outcome in steps.values()]
    errors = [each["error"] for each in outcomes if isinstance(each, dict) and "error" in each]
    codes = {int(found[1]) for error in errors if (found := _CODE.search(error))}
    classes = by_code()
    provoked = {classes[code] for code in codes}
    listed = [*provoked, *MISCONFIGURED, *ON_PURPOSE, *CROSSED, *UNREACHABLE]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(classes.values())
