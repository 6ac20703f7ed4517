"""Claim: our own program gives the same stack in a process of its own as in this one, quickly, and without bundles."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from leanto.check.programs import synthesise_program
from leanto.check.results import SynthesisedResource
from tests.infra.synthesised import PINS, ROOT, synthesised

OVERLAY = {"environment": "prod", **PINS, "alertEmails": ["team@example.com"]}
OF_BUNDLES = frozenset({"handler", "sourceCodeHash", "source"})
"""What the functions' bundles decide: both sides have stand-ins for them."""


def comparable(row: SynthesisedResource) -> tuple[Any, ...]:
    inputs = {key: value for key, value in row.inputs.items() if key not in OF_BUNDLES}
    outputs = {key: value for key, value in row.outputs.items() if key not in OF_BUNDLES}
    return replace(row, inputs={}, outputs={}, source=None), inputs, outputs


def test_a_preset_is_the_same_in_its_own_process_and_assumes_nothing() -> None:
    started = time.monotonic()
    apart = synthesise_program(ROOT, "hybrid", overlay=OVERLAY, python=Path(sys.executable), strict=True)
    # 3 s on an idle machine of two cores; the figure that users are promised is 5 s for the whole check.
    assert time.monotonic() - started < 20
    here = synthesised("hybrid", "prod")
    assert [comparable(row) for row in apart.resources] == [comparable(row) for row in here.resources]
    assert dict(apart.outputs) == dict(here.outputs)
    assert apart.assumptions == ()
    strays = [row.urn for row in apart.owned() if not row.source or not row.source.file.startswith("infra/")]
    assert strays == []
