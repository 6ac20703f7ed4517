"""Synthesises each preset in each environment once for all tests."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from unittest import mock

from infra import program
from infra.bundles import Bundle
from leanto.check.pins import PINS as CHECK_PINS
from leanto.check.project import stack_configuration
from leanto.check.results import Synthesis
from leanto.check.synthesis import synthesise
from tests.infra.claims.stack import Item, Stack

ROOT = Path(__file__).resolve().parents[2]
PRESETS = ("managed", "gpu", "hybrid")
ENVIRONMENTS = ("dev", "prod")
IMAGE = "ami-0123456789abcdef0"
PINS = {key.removeprefix("leanto:"): value for key, value in CHECK_PINS.items()} | {"gpuAmiId": IMAGE}
"""What `leanto up` and the `pin` commands write into a stack file with a pool, by key without the namespace."""
PINNED = {f"leanto:{key}": value for key, value in PINS.items()}
BUNDLES: Mapping[str, Bundle] = {
    name: Bundle(ROOT / "README.md", base64.b64encode(hashlib.sha256(name.encode()).digest()).decode(), handler)
    for name, handler in {
        "authorizer": "runtime.authorizer.handler:handle",
        "gateway": "runtime.gateway.app:app",
        "node": "runtime.node.__main__:main",
        "relay": "runtime.relay.app:app",
        "stop": "runtime.stop.handler:handle",
    }.items()
}
"""Stand for built bundles: synthesis reads no file that a function's code is in."""


@cache
def _synthesis(preset: str, overlay: tuple[tuple[str, str], ...], preview: bool) -> Synthesis:
    values = stack_configuration(ROOT, preset, dict(overlay))
    with mock.patch.object(program, "load", return_value=BUNDLES):
        return synthesise(
            program.main, project=values.project, stack=preset, configuration=values.values, preview=preview
        )


def synthesised(preset: str, environment: str = "dev", *, preview: bool = False, **settings: str) -> Synthesis:
    """Return a preset's synthesis; `settings` are by their key without the namespace."""
    overlay = {"environment": environment, **PINS, "alertEmails": '["team@example.com"]', **settings}
    return _synthesis(preset, tuple(sorted((f"leanto:{key}", value) for key, value in overlay.items())), preview)


def stack_of(synthesis: Synthesis, environment: str) -> Stack:
    """Return a synthesis as the claims see a stack."""
    items = [
        Item(row.type, row.name, {**row.outputs, **row.inputs, "id": row.id}, row.options.protect)
        for row in synthesis.owned()
    ]
    return Stack(synthesis.stack, environment, str(synthesis.outputs["region"]), items).copy()
