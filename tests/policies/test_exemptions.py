"""Claims about exemptions: each lets exactly one thing pass, until its day, and a faulty one lets nothing pass."""

import datetime as dt
from pathlib import Path

import jsonschema
import pytest
import yaml

from policies.exemption_file import DAYS, FILE, FLOOR_FILE, parse, read, schema
from policies.exemptions import STACK, Exemptions, apply, finding_id
from policies.pack import RULES
from policies.rule import Problem, Rule, Unevaluated
from policies.runner import Result, Verdict
from policies.stack import item
from tests.policies.corpus import SOFT, TODAY

URN = "urn:pulumi:dev::leanto::aws:sqs/queue:Queue::jobs"
OTHER = "urn:pulumi:dev::leanto::aws:sqs/queue:Queue::others"
ENTRY = {
    "rule": "soft-rule",
    "resource": URN,
    "reason": "the queue goes away with the next release",
    "owner": "team-a",
    "ticket": "LLM-1",
    "approver": "platform-team",
    "expires": "2026-12-24",
}
KNOWN = (*RULES, SOFT)


def parsed(file: str = FILE, today: dt.date = TODAY, **changes: object) -> Exemptions:
    entry = {key: value for key, value in {**ENTRY, **changes}.items() if value is not None}
    return parse(yaml.safe_dump({"exemptions": [entry]}), file, KNOWN, today)


def result(urn: str, *paths: str, unread: str = "", rule: Rule = SOFT) -> Result:
    about = item(urn, "aws:sqs/queue:Queue", urn.rpartition("::")[2], {}) if urn else None
    found = tuple(Problem(path, "wrong") for path in paths)
    more = (Unevaluated(unread, "not known"),) if unread else ()
    return Result(rule, about, Verdict.FAIL, found, more)


def test_an_entry_lets_the_findings_of_its_rule_on_its_resource_pass_and_no_others() -> None:
    of_other_rule = result(URN, "a", rule=RULES[0])
    applied = apply([result(URN, "a", "b", unread="c"), result(OTHER, "a"), result("", "a"), of_other_rule], parsed())
    assert set(applied.exempted) == {finding_id("soft-rule", URN, path) for path in "abc"}
    assert applied.unused == ()


def test_an_entry_for_one_finding_leaves_the_others_of_the_resource() -> None:
    one = finding_id("soft-rule", URN, "b")
    applied = apply([result(URN, "a", "b")], parsed(resource=None, finding=one))
    assert set(applied.exempted) == {one}


def test_the_stack_itself_is_named_by_a_word() -> None:
    applied = apply([result("", "a"), result(URN, "a")], parsed(resource=STACK))
    assert set(applied.exempted) == {finding_id("soft-rule", "", "a")}


def test_what_matches_nothing_is_told() -> None:
    applied = apply([result(OTHER, "a")], parsed())
    assert (dict(applied.exempted), len(applied.unused)) == ({}, 1)
    assert applied.notes[0].startswith("matches nothing, so take it out: soft-rule for urn:")


def test_active_ones_are_told_with_reason_owner_ticket_approver_and_end() -> None:
    (note,) = apply([result(URN, "a")], parsed()).notes
    assert all(str(ENTRY[key]) in note for key in ENTRY)


@pytest.mark.parametrize(("days", "holds"), [(0, True), (1, False)])
def test_the_last_day_is_included(days: int, holds: bool) -> None:
    found = parsed(today=dt.date(2026, 12, 24) + dt.timedelta(days=days))
    assert bool(found.active) is holds
    assert bool(found.faults) is not holds


def test_an_expired_one_fires_again_and_is_told() -> None:
    found = parsed(today=dt.date(2027, 1, 1))
    applied = apply([result(URN, "a")], found)
    assert (dict(applied.exempted), set(applied.expired)) == ({}, {finding_id("soft-rule", URN, "a")})
    assert found.faults[0].message.startswith("it has expired on 2026-12-24")


FAULTS = [
    ({"rule": "sotf-rule"}, "there is no rule 'sotf-rule'; did you mean soft-rule?"),
    ({"rule": "ebs-encrypted"}, "rule ebs-encrypted is a floor: only exemptions-floor.yaml can exempt from it"),
    ({"rule": "exemption-hygiene"}, "rule exemption-hygiene cannot be exempted"),
    ({"rule": None}, "rule is missing, or is no text"),
    ({"reason": "because"}, "reason has 7 characters, and must have at least 20"),
    ({"reason": "a" + " " * 30}, "reason has 1 characters, and must have at least 20"),
    ({"owner": None}, "owner is missing, or is no text"),
    ({"ticket": 12}, "ticket is missing, or is no text"),
    ({"approver": None}, "approver is missing, or is no text"),
    ({"approver": " Team-A "}, "approver and owner are the same: somebody else must approve"),
    ({"expires": None}, "expires must be a date such as 2026-12-31"),
    ({"expires": "2026-13-01"}, "expires must be a date such as 2026-12-31"),
    ({"expires": "20261201"}, "expires must be a date such as 2026-12-31"),
    ({"expires": dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)}, "expires must be a date such as 2026-12-31"),
    ({"expires": "2027-02-24"}, "expires is 2027-02-24, and may be 2027-02-23 at the latest, 90 days from today"),
    ({"resource": None}, "exactly one of resource and finding must be given, as a text"),
    ({"finding": "0" * 16}, "exactly one of resource and finding must be given, as a text"),
    ({"resource": "jobs"}, "resource must be the exact URN of one resource, or stack, without wildcards"),
    (
        {"resource": URN.replace("jobs", "*")},
        "resource must be the exact URN of one resource, or stack, without wildcards",
    ),
    ({"resource": None, "finding": "x"}, "finding must be the id of a finding"),
    ({"resorce": URN}, "'resorce' is no key of an exemption; did you mean resource?"),
]


@pytest.mark.parametrize(("changes", "said"), FAULTS, ids=[str(said) for _, said in FAULTS])
def test_a_faulty_entry_is_told_and_lets_nothing_pass(changes: dict[str, object], said: str) -> None:
    found = parsed(**changes)
    assert (found.active, found.expired) == ((), ())
    assert [fault for fault in found.faults if fault.message.startswith(said)], found.faults
    assert {fault.place for fault in found.faults} == {"exemptions.yaml, entry 1"}


def test_a_floor_is_exempted_in_the_platform_teams_file() -> None:
    assert parsed(FLOOR_FILE, rule="ebs-encrypted").faults == ()


def test_an_end_in_exactly_90_days_is_the_last_that_is_taken() -> None:
    assert parsed(expires=(TODAY + dt.timedelta(days=DAYS)).isoformat()).faults == ()


@pytest.mark.parametrize(
    "text",
    [
        "exemptions: {",
        "- a",
        "exemptions: x",
        "exemptions: []\nother: 1",
        "exemptions: [1]",
        "a: &x [*x]",
        "exemptions: 2026-13-45",
    ],
)
def test_a_file_of_another_shape_is_told(text: str) -> None:
    found = parse(text, FILE, KNOWN, TODAY)
    assert (len(found.faults), found.active) == (1, ())


@pytest.mark.parametrize(
    ("text", "said"), [("exemptions: []\nexemptions: []", "twice"), ("exemptions: [{rule: a, rule: b}]", "'rule'")]
)
def test_a_key_that_stands_twice_is_told(text: str, said: str) -> None:
    (fault,) = parse(text, FILE, KNOWN, TODAY).faults
    assert said in fault.message


def test_both_files_are_read_from_the_projects_folder(tmp_path: Path) -> None:
    assert read(tmp_path, KNOWN, TODAY).problems is None
    (tmp_path / FILE).write_text(yaml.safe_dump({"exemptions": [ENTRY]}))
    (tmp_path / FLOOR_FILE).write_text(yaml.safe_dump({"exemptions": [{**ENTRY, "rule": "ebs-encrypted"}]}))
    found = read(tmp_path, KNOWN, TODAY)
    assert [row.rule for row in found.active] == ["soft-rule", "ebs-encrypted"]
    assert (found.problems, found.files) == ((), (FILE, FLOOR_FILE))
    (tmp_path / FILE).write_bytes(b"\xff\xfe\xff")
    assert read(tmp_path, KNOWN, TODAY).problems == ((FILE, "it cannot be read: UnicodeDecodeError"),)


def test_the_schema_for_editors_takes_a_right_entry_and_refuses_a_floor_in_the_teams_file() -> None:
    own = jsonschema.Draft202012Validator(schema(KNOWN, FILE))
    floor = jsonschema.Draft202012Validator(schema(KNOWN, FLOOR_FILE))
    right = {"exemptions": [ENTRY]}
    of_floor = {"exemptions": [{**ENTRY, "rule": "ebs-encrypted"}]}
    assert (own.is_valid(right), own.is_valid(of_floor), floor.is_valid(of_floor)) == (True, False, True)
    assert not own.is_valid({"exemptions": [{**ENTRY, "resorce": "x"}]})
