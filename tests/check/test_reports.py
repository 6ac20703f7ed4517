"""Claim: every report tells each finding once, where it is and whether it stops, in the form that its readers take."""

import datetime as dt
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

from leanto.check import findings
from leanto.check.findings import Finding, Report
from leanto.check.reports import code_quality, document, junit, markdown, sarif, table
from policies.rule import ADVISORY, ALWAYS, Level, Outcome, Problem, Rule, Severity, Unevaluated
from policies.runner import Run, Verdict, evaluate
from policies.stack import Item, Settings, Stack, item

SARIF_SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
TODAY = dt.date(2026, 11, 25)
QUEUE = "aws:sqs/queue:Queue"


def _named(resource: Item, settings: Settings) -> Iterator[Outcome]:
    name = resource.props.text("name")
    if name != "good":
        yield Problem("name", "the name is not good")


def _sized(resource: Item, settings: Settings) -> Iterator[Outcome]:
    if not resource.props.number("size"):
        yield Problem("size", "there is no size")


def _lonely(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    if len(stack.items) < 9:
        yield Problem("", "there are few | resources\x01<b>")
    yield Unevaluated("tags", "the value is not known yet", stack.items[0])


def _rule(name: str, **fields: object) -> Rule:
    given = {"severity": Severity.HIGH, "levels": ALWAYS, "types": (QUEUE,), "rationale": "Why.", "fix": "Do it."}
    return Rule(id=name, area="testing", title=f"All are {name}", **(given | fields))  # type: ignore[arg-type]


RULES = (
    _rule("named", check=_named, references={"checkov": ("CKV_AWS_1",)}),
    _rule("sized", check=_sized, levels=ADVISORY, severity=Severity.LOW),
    _rule("lonely", check_stack=_lonely, severity=Severity.CRITICAL),
    _rule("absent", check=_named, types=("aws:sns/topic:Topic",)),
)
STACK = Stack(
    "demo",
    (
        item("urn:1", QUEUE, "first", {"name": "bad", "size": 1}, source="infra/queues.py:12"),
        item("urn:2", QUEUE, "second", {"name": "good"}, source="infra/queues.py:20"),
        item("urn:3", QUEUE, "third", {"name": "bad", "size": 1}),
    ),
)


def report(profile: str = "prod", *, exempt: str = "") -> Report:
    """Return a check of the stack above; `exempt` is the URN of a resource that is let pass."""
    results = evaluate(RULES, STACK, Run(profile, TODAY))
    levels = {rule.id: rule.levels.of(profile) for rule in RULES}
    found = [
        Finding(**{**vars(row), "exemption": "because of it"}) if exempt and row.urn == exempt else row
        for row in findings.findings_of(results, levels)
    ]
    return Report(
        "project",
        "demo",
        profile,
        TODAY,
        "program",
        3,
        findings.counts_of(RULES, results, levels),
        findings.in_order(found, profile),
        "c" * 64,
        ("named on urn:1 until 2026-12-01",) if exempt else (),
        ("getAmi was answered with a made-up image",),
    )


def test_only_mandatory_violations_and_in_strict_profiles_what_is_not_known_stop_a_deployment() -> None:
    def blocking(profile: str) -> set[tuple[str, str, str]]:
        return {(row.rule.id, row.name, row.verdict.value) for row in report(profile).blocking}

    violations = {("named", "first", "fail"), ("named", "third", "fail"), ("lonely", "", "fail")}
    assert blocking("dev") == violations
    assert blocking("prod") == violations | {("lonely", "first", "not-evaluated")}
    assert [row.rule.id for row in report("dev").incomplete] == ["lonely"]
    assert report("prod").incomplete == ()


def test_an_exempt_finding_stops_nothing_and_is_still_told() -> None:
    exempt = report(exempt="urn:1")
    assert {row.name for row in exempt.blocking} == {"", "third"}
    assert "because of it" in document.text(exempt)
    suppressed = [row for row in sarif.document(exempt)["runs"][0]["results"] if "suppressions" in row]
    assert {row["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] for row in suppressed} == {"urn:1"}
    assert "urn:1" not in {row["fingerprint"] for row in json.loads(code_quality.text(exempt))}
    assert "named on urn:1 until 2026-12-01" in markdown.text(exempt)


def test_findings_come_with_the_blocking_and_severest_first() -> None:
    rows = [(row.rule.id, row.name) for row in report().findings]
    assert rows == [("lonely", ""), ("lonely", "first"), ("named", "first"), ("named", "third"), ("sized", "second")]


def test_the_id_of_a_finding_depends_on_rule_resource_and_property_alone() -> None:
    ids = [row.id for row in report("prod").findings]
    assert len(set(ids)) == len(ids)
    assert {row.id for row in report("dev").findings} == set(ids)


@pytest.mark.parametrize("profile", ["dev", "prod"])
def test_sarif_holds_to_its_schema(profile: str) -> None:
    jsonschema.validate(sarif.document(report(profile, exempt="urn:1")), SARIF_SCHEMA)


def test_the_sarif_schema_refuses_what_is_no_sarif() -> None:
    broken = sarif.document(report())
    broken["runs"][0]["results"][0]["level"] = "mandatory"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, SARIF_SCHEMA)


def test_sarif_points_at_the_line_that_made_the_resource() -> None:
    results = sarif.document(report())["runs"][0]["results"]
    places = {
        (row["ruleId"], row["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]): row["locations"][0][
            "physicalLocation"
        ]
        for row in results
    }
    assert places["named", "urn:1"] == {
        "artifactLocation": {"uri": "infra/queues.py"},
        "region": {"startLine": 12},
    }
    assert places["named", "urn:3"] == {"artifactLocation": {"uri": "Pulumi.yaml"}}


def test_sarif_levels_tell_what_a_finding_does() -> None:
    results = sarif.document(report("dev"))["runs"][0]["results"]
    levels = {(row["ruleId"], row["message"]["text"].startswith("the stack")): row["level"] for row in results}
    assert levels == {
        ("lonely", True): "error",
        ("lonely", False): "note",
        ("named", False): "error",
        ("sized", False): "note",
    }


def test_junit_has_a_case_for_each_rule_and_fails_the_broken_mandatory_ones() -> None:
    suite = ET.fromstring(junit.text(report())).find("testsuite")  # noqa: S314 - written by ourselves
    assert suite is not None
    failed = {case.get("name", "").split(":")[0] for case in suite if case.find("failure") is not None}
    skipped = {case.get("name", "").split(":")[0] for case in suite if case.find("skipped") is not None}
    assert failed == {"named", "lonely"}
    assert skipped == {"absent"}
    assert (suite.get("tests"), suite.get("failures")) == ("4", "2")
    text = "".join(suite.itertext())
    assert "infra/queues.py:12" in text
    assert "\x01" not in text


def test_code_quality_issues_have_what_gitlab_asks_for() -> None:
    rows = json.loads(code_quality.text(report()))
    for row in rows:
        assert row.keys() >= {"description", "check_name", "fingerprint", "severity", "location"}
        assert row["severity"] in {"info", "minor", "major", "critical", "blocker"}
    assert {row["location"]["path"] for row in rows} == {"infra/queues.py", "Pulumi.yaml"}
    assert len({row["fingerprint"] for row in rows}) == len(rows)


def test_markdown_cells_cannot_be_broken_out_of() -> None:
    row = next(line for line in markdown.text(report()).splitlines() if "few" in line)
    assert row.count("|") - row.count("\\|") == 6
    assert "<b>" not in row


def test_the_table_names_rule_resource_property_place_and_remedy() -> None:
    console = Console(width=200, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(table.render(report(exempt="urn:3")))
    text = captured.get()
    for told in (
        "named",
        "sqs queue first",
        "name: the name is not good",
        "infra/queues.py:12",
        "fix: Do it.",
        "Exempt (1)",
    ):
        assert told in text
    assert text.index("lonely") < text.index("named")


def test_reports_are_the_same_for_the_same_check() -> None:
    for writer in (document, sarif, junit, code_quality, markdown):
        assert writer.text(report()) == writer.text(report())


def test_a_disabled_level_never_blocks() -> None:
    row = Finding(RULES[0], Level.DISABLED, Verdict.FAIL, "name", "x")
    assert not row.blocks("prod")
