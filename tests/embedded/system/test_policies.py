"""Claim: the same stack gets the same findings offline, at preview, at up, and from its exported state."""

import datetime as dt
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra import program
from leanto.check import checking
from leanto.check.findings import Report
from leanto.check.project import stack_configuration
from leanto.check.results import Synthesis
from leanto.check.state import read_state
from leanto.check.synthesis import synthesise
from leanto.cli import box_place, runs
from leanto.cli.place import Place
from leanto.engine import policypack
from leanto.engine.errors import Violation
from policies.configuration import as_document, configure
from policies.exemptions import Exemptions
from policies.pack import BY_ID, RULES
from policies.runner import Verdict
from policies.telling import Kind, read

pytestmark = pytest.mark.engine

PRESET = "hybrid"
FOUND = {Kind.VIOLATION: Verdict.FAIL, Kind.UNREAD: Verdict.NOT_EVALUATED}
ADVISING = configure({"profile": {"name": "dev"}, "all": "advisory"}, RULES)
"""Nothing stops the run, so that all is seen."""

Finding = tuple[str, str, Verdict, str, str]


@dataclass(frozen=True)
class Seen:
    """What each way of looking at the stack has found; `pending` is what the preview left open."""

    preview: frozenset[Finding]
    up: frozenset[Finding]
    state: frozenset[Finding]
    offline: frozenset[Finding]
    pending: str


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    home = tmp_path_factory.mktemp("policies")
    place = box_place.open_place(PRESET, home, start=True, watch_pid=os.getpid())
    try:
        yield look(place, home)
    finally:
        if place.box is not None:
            place.box.stop()


def look(place: Place, home: Path) -> Seen:
    runs.build_bundles(place)
    document = as_document(ADVISING)
    pack = policypack.prepare(home / "pack", place.engine, document, root=home, profile="dev")
    preview = place.deployment.preview(policies=pack).violations
    up = place.deployment.up(policies=pack).violations
    exported = home / "state.json"
    exported.write_text(json.dumps({"version": 3, "deployment": dict(place.deployment.export())}))
    values = stack_configuration(place.root, PRESET, dict(place.overlay))
    synthesis = synthesise(program.main, project=values.project, stack=PRESET, configuration=values.values)
    pending = [row.message for row in preview if row.rule == "profile" and "not decided yet" in row.message]
    return Seen(
        told(preview), told(up), reported(checked(read_state(exported))), reported(checked(synthesis)), *pending
    )


def checked(synthesis: Synthesis) -> Report:
    held = checking.Held(ADVISING, Exemptions(), dt.datetime.now(dt.UTC).date())
    return checking.check(synthesis, held, origin="test", environment="dev")


def reported(report: Report) -> frozenset[Finding]:
    return frozenset((row.rule.id, row.urn, row.verdict, row.path, row.message) for row in report.findings)


def told(violations: Iterable[Violation]) -> frozenset[Finding]:
    found = set()
    for row in violations:
        if row.rule in BY_ID:
            said = read(row.message.removeprefix(f"{BY_ID[row.rule].title}\n"))
            # The engine names the stack's own resource where a finding is about the whole stack.
            urn = "" if "::pulumi:pulumi:Stack::" in row.urn else row.urn
            found.add((row.rule, urn, FOUND[said.kind], said.path, said.message))
    return frozenset(found)


def test_something_is_found_at_all(seen: Seen) -> None:
    assert seen.offline


def test_up_finds_what_is_found_offline(seen: Seen) -> None:
    assert (seen.up - seen.offline, seen.offline - seen.up) == (frozenset(), frozenset())


def test_the_exported_state_gives_what_is_found_offline(seen: Seen) -> None:
    assert (seen.state - seen.offline, seen.offline - seen.state) == (frozenset(), frozenset())


def test_a_preview_finds_nothing_else_and_names_each_rule_that_it_leaves_open(seen: Seen) -> None:
    assert seen.preview - seen.up == frozenset()
    missed = {rule for rule, *_ in seen.up - seen.preview}
    assert {rule for rule in missed if rule not in seen.pending} == set()
