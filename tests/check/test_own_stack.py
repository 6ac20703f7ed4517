"""Claim: our own program gives the same stack in a process of its own as in this one, quickly, and without bundles."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from infra import program
from leanto.check.programs import synthesise_program
from leanto.check.project import stack_configuration
from leanto.check.results import Synthesis, SynthesisedResource
from leanto.check.synthesis import synthesise
from tests.infra.synthesised import PINS, ROOT

OVERLAY = {"environment": "prod", **PINS, "alertEmails": ["team@example.com"]}


def comparable(row: SynthesisedResource) -> tuple[Any, ...]:
    return replace(row, inputs={}, outputs={}, source=None), row.inputs, row.outputs


def in_this_process() -> Synthesis:
    """Return the stack with the bundles' stand-ins, as the other process has it."""
    values = stack_configuration(ROOT, "hybrid", {f"leanto:{key}": value for key, value in OVERLAY.items()})
    with mock.patch.object(program, "load", program.placeholders):
        return synthesise(program.main, project=values.project, stack="hybrid", configuration=values.values)


def test_a_preset_is_the_same_in_its_own_process_and_assumes_nothing() -> None:
    started = time.monotonic()
    apart = synthesise_program(ROOT, "hybrid", overlay=OVERLAY, python=Path(sys.executable), strict=True)
    # 3 s on an idle machine of two cores; the figure that users are promised is 5 s for the whole check.
    assert time.monotonic() - started < 20
    here = in_this_process()
    assert [comparable(row) for row in apart.resources] == [comparable(row) for row in here.resources]
    assert dict(apart.outputs) == dict(here.outputs)
    assert apart.assumptions == ()
    strays = [row.urn for row in apart.owned() if not row.source or not row.source.file.startswith("infra/")]
    assert strays == []
