"""Claims about the pack under Pulumi's protocol: what it tells, at which level, and what it never tells."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pulumi.runtime import proto

from leanto.check.items import policy_stack
from policies.configuration import ConfigurationError, configure
from policies.diagnostics import TITLE
from policies.exemption_file import FILE, HYGIENE, parse
from policies.normalise import UNKNOWN
from policies.pack import BY_ID, RULES, run_of
from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity
from policies.runner import evaluate
from policies.stack import Item, Settings, Stack, item
from policies.telling import Kind, Told, read, write
from tests.infra.synthesised import ENVIRONMENTS, PRESETS, synthesised
from tests.policies.corpus import TODAY
from tests.policies.servicer import Driven, analyze_request, stack_request, struct

VOLUME = "aws:ebs/volume:Volume"
EBS = BY_ID["ebs-encrypted"]


def volume(name: str = "data", kind: str = VOLUME, **inputs: object) -> Item:
    return item(f"urn:pulumi:dev::x::{kind}::{name}", kind, name, inputs)


def in_stack(*items: Item) -> Stack:
    return Stack("dev", items, region="eu-central-1")


def broken_check(item: Item, settings: Settings) -> Iterator[Outcome]:
    raise LookupError(f"canary-{item.name}")
    yield


def total_size(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """A cap over several resources, read from their inputs."""
    total = sum(int(row.props.number("size") or 0) for row in stack.of(VOLUME))
    if total > settings["maximum"]:
        yield Problem("", f"the volumes have {total} GiB together, allowed are {settings['maximum']}")


def rule(name: str, **fields: object) -> Rule:
    given = {"area": "cost", "title": name, "severity": Severity.HIGH, "levels": ALWAYS, "types": (VOLUME,)}
    return Rule(id=name, rationale="r", fix="do it", **{**given, **fields})  # type: ignore[arg-type]


CAP = rule("size-cap", check_stack=total_size, parameters=(Parameter("maximum", "integer", 100, "GiB"),), floor=True)
BROKEN = rule("broken", check=broken_check)


@pytest.fixture
def driven() -> Driven:
    return Driven((EBS, CAP, BY_ID[HYGIENE]))


def of_rules(told: tuple[tuple[str, str, str, Told], ...]) -> list[tuple[str, str, Kind]]:
    return [(name, level, row.kind) for name, _, level, row in told if name != "profile"]


def test_a_broken_rule_is_told_with_property_message_and_fix(driven: Driven) -> None:
    stack = in_stack(volume(encrypted=False))
    (told,) = driven.run(stack, {})
    expected = Told(Kind.VIOLATION, "encrypted", "the volume is not encrypted", EBS.fix)
    assert told == ("ebs-encrypted", stack.items[0].urn, "mandatory", expected)


def test_in_a_preview_what_is_not_known_yet_is_told_once_and_stops_nothing(driven: Driven) -> None:
    stack = in_stack(volume("a", encrypted=UNKNOWN), volume("b", encrypted=UNKNOWN, size=UNKNOWN))
    (told,) = driven.run(stack, {}, dry_run=True)
    assert (told[0], told[1], told[2], told[3].kind) == ("profile", "", "advisory", Kind.PENDING)
    assert "ebs-encrypted (2) will be decided before each resource is created; size-cap" in told[3].message


@pytest.mark.parametrize(("profile", "level"), [("dev", "advisory"), ("prod", "mandatory"), ("eu", "mandatory")])
def test_what_cannot_be_looked_at_stops_a_deployment_in_strict_profiles(
    driven: Driven, profile: str, level: str
) -> None:
    told = driven.run(in_stack(volume(encrypted=UNKNOWN)), {"profile": {"name": profile}})
    assert of_rules(told) == [("ebs-encrypted", level, Kind.UNREAD)]


def test_a_value_of_a_wrong_kind_stops_a_preview_too_for_it_will_never_be_known(driven: Driven) -> None:
    told = driven.run(in_stack(volume(encrypted=[True, False])), {}, dry_run=True)
    assert of_rules(told) == [("ebs-encrypted", "mandatory", Kind.UNREAD)]


def test_a_rule_that_fails_itself_is_a_violation_that_names_it_and_no_value() -> None:
    (told,) = Driven((BROKEN,)).run(in_stack(volume("secret-name")), {})
    assert told[0] == "broken"
    assert told[2] == "mandatory"
    assert "the rule broken itself failed (LookupError at test_engine.py:" in told[3].message
    assert "canary" not in told[3].message


def test_rules_about_the_stack_see_inputs_where_the_engine_sends_outputs_only(driven: Driven) -> None:
    items = (volume("a", encrypted=True, size=60), volume("b", encrypted=True, size=50))
    stack = in_stack(*items)
    driven.run(stack, {})
    request = stack_request(Stack("dev", tuple(volume(row.name, tags={}) for row in items)))
    answer = driven.servicer.AnalyzeStack(request, None)
    assert [row.policyName for row in answer.diagnostics] == ["size-cap"]
    assert "110 GiB together, allowed are 100" in answer.diagnostics[0].message


def test_parameters_reach_the_rule_as_whole_numbers(driven: Driven) -> None:
    stack = in_stack(volume(encrypted=True, size=60))
    assert of_rules(driven.run(stack, {"size-cap": {"maximum": 59}})) == [("size-cap", "mandatory", Kind.VIOLATION)]
    assert of_rules(driven.run(stack, {"size-cap": {"maximum": 60}})) == []
    assert driven.servicer.configuration.parameters["size-cap"]["maximum"] == 60


def test_what_the_program_only_looks_up_is_not_judged(driven: Driven) -> None:
    driven.run(in_stack(), {})
    answer = driven.servicer.AnalyzeStack(stack_request(in_stack(volume(size=500))), None)
    assert list(answer.diagnostics) == []


def test_a_run_keeps_nothing_of_the_one_before(driven: Driven) -> None:
    driven.run(in_stack(volume("a", encrypted=True, size=90)), {})
    assert of_rules(driven.run(in_stack(volume("b", encrypted=True, size=90)), {})) == []


@pytest.mark.parametrize(
    "given",
    [{"all": "disabled"}, {"all": "advisory"}, {"ebs-encrypted": "disabled"}, {"ebs-encrypted": "advisory"}],
    ids=str,
)
def test_a_configuration_that_weakens_a_floor_ends_the_run_and_the_levels_stay(
    driven: Driven, given: dict[str, str]
) -> None:
    stack = in_stack(volume(encrypted=False))
    with pytest.raises(ConfigurationError):
        driven.run(stack, given)
    assert of_rules(driven.run(stack, {})) == [("ebs-encrypted", "mandatory", Kind.VIOLATION)]


def test_in_dev_a_floor_may_be_weakened_and_it_is_told(driven: Driven) -> None:
    told = driven.run(in_stack(volume(encrypted=False)), {"profile": {"name": "dev"}, "ebs-encrypted": "advisory"})
    assert of_rules(told) == [("ebs-encrypted", "advisory", Kind.VIOLATION)]
    assert next(row.message for name, _, _, row in told if name == "profile").endswith(
        "is weaker than profile dev in: ebs-encrypted advisory"
    )


def entry(urn: str, expires: str) -> str:
    return (
        f'exemptions: [{{rule: size-cap, resource: "{urn}", reason: moved away next month with the rest, '
        f"owner: a, ticket: T-1, approver: b, expires: {expires}}}]"
    )


def test_an_exempted_finding_is_told_and_stops_nothing(driven: Driven) -> None:
    stack = in_stack(volume(encrypted=True, size=500))
    exemptions = parse(entry("stack", "2026-12-01"), "exemptions-floor.yaml", (EBS, CAP), TODAY)
    ((name, _, level, told),) = driven.run(stack, {}, exemptions=exemptions)
    assert (name, level, told.kind) == ("size-cap", "advisory", Kind.EXEMPT)
    assert "[until 2026-12-01: moved away next month with the rest; exemptions-floor.yaml, entry 1]" in told.message


def test_an_expired_exemption_fires_again_and_both_are_told(driven: Driven) -> None:
    exemptions = parse(entry("stack", "2026-11-24"), "exemptions-floor.yaml", (EBS, CAP), TODAY)
    told = driven.run(in_stack(volume(encrypted=True, size=500)), {}, exemptions=exemptions)
    assert of_rules(told) == [("size-cap", "mandatory", Kind.VIOLATION), (HYGIENE, "mandatory", Kind.VIOLATION)]
    assert told[0][3].message.endswith("(its exemption in exemptions-floor.yaml, entry 1 has expired on 2026-11-24)")


def test_an_exemption_that_matches_nothing_is_told(driven: Driven) -> None:
    exemptions = parse(entry("stack", "2026-12-01"), "exemptions-floor.yaml", (EBS, CAP), TODAY)
    told = driven.run(in_stack(volume(encrypted=True, size=5)), {}, exemptions=exemptions)
    assert of_rules(told) == [(HYGIENE, "advisory", Kind.NOTE)]


def test_what_an_earlier_run_matched_does_not_count_for_the_next(driven: Driven) -> None:
    text = entry(volume().urn, "2026-12-01").replace("size-cap", EBS.id)
    exemptions = parse(text, "exemptions-floor.yaml", (EBS, CAP), TODAY)
    first = driven.run(in_stack(volume(encrypted=False)), {}, exemptions=exemptions)
    second = driven.run(in_stack(volume(encrypted=True)), {}, exemptions=exemptions)
    assert of_rules(first) == [(EBS.id, "advisory", Kind.EXEMPT)]
    assert of_rules(second) == [(HYGIENE, "advisory", Kind.NOTE)]


def test_a_rule_sees_which_inputs_are_secret_and_their_values() -> None:
    seen: list[tuple[tuple[str, ...], object]] = []

    def look(item: Item, settings: Settings) -> Iterator[Outcome]:
        seen.append((item.secret_inputs, item.inputs["size"]))
        return iter(())

    row = item("urn:pulumi:dev::x::t::a", VOLUME, "a", {"size": 4, "type": "gp3"}, secret_inputs=("size",))
    Driven((rule("looks", check=look),)).run(in_stack(row), {})
    assert seen == [(("size",), 4)]


def test_a_faulty_file_of_exemptions_stops_the_deployment(driven: Driven) -> None:
    told = driven.run(in_stack(), {}, exemptions=parse("- x", FILE, RULES, TODAY))
    assert of_rules(told) == [(HYGIENE, "mandatory", Kind.VIOLATION)]


def test_calls_from_several_threads_lose_nothing(driven: Driven) -> None:
    stack = in_stack(*(volume(f"v{number}", encrypted=number % 2 == 0, size=1) for number in range(200)))
    driven.run(in_stack(), {})
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda row: driven.servicer.Analyze(analyze_request(row), None), stack.items))
    assert [len(answer.diagnostics) for answer in answers] == [number % 2 for number in range(200)]
    (told,) = driven.servicer.AnalyzeStack(stack_request(stack), None).diagnostics
    assert "the volumes have 200 GiB together" in told.message


def test_numbers_that_no_json_has_end_in_no_exception(driven: Driven) -> None:
    request = analyze_request(volume())
    request.properties.CopyFrom(struct({"encrypted": float("nan"), "size": float("inf")}))
    assert [row.policyName for row in driven.servicer.Analyze(request, None).diagnostics] == ["ebs-encrypted"]


def test_every_rule_is_announced_with_what_people_need_and_without_defaults() -> None:
    info = Driven(RULES).servicer.GetAnalyzerInfo(None, None)
    rows = {row.name: row for row in info.policies}
    assert set(rows) == {*BY_ID, "profile"}
    assert info.supportsConfig
    assert rows["profile"].description == TITLE
    for name, rule in BY_ID.items():
        row = rows[name]
        assert (row.description, row.remediation_steps) == (rule.title, rule.fix)
        assert row.url == f"docs/reference/rules.md#{name}"
        assert proto.PolicySeverity.Name(row.severity).endswith(rule.severity.upper())
        assert set(row.configSchema.properties.keys()) == {parameter.name for parameter in rule.parameters}
        assert not any("default" in dict(value) for value in row.configSchema.properties.values())


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("path", ["", "ebs[0].encrypted"])
@pytest.mark.parametrize("fix", ["", "Set `encrypted`: it costs nothing."])
def test_what_is_written_reads_back(kind: Kind, path: str, fix: str) -> None:
    told = Told(kind, path, "wrong: `a`: b", fix)
    assert read(write(told)) == told


@pytest.fixture(scope="module")
def whole_pack() -> Driven:
    return Driven(RULES)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("preset", PRESETS)
def test_our_own_stacks_get_the_same_findings_offline_and_under_the_protocol(
    preset: str, environment: str, whole_pack: Driven
) -> None:
    stack = policy_stack(synthesised(preset, environment), environment=environment)
    configuration = configure({}, RULES, profile="prod")
    run = run_of("prod", TODAY, {})
    results = evaluate([row for row in RULES if configuration.levels[row.id] != "disabled"], stack, run)
    offline = {
        (result.rule.id, result.item.urn if result.item else "", outcome.path)
        for result in results
        for outcome in (*result.problems, *result.unread)
    }
    told = whole_pack.run(stack, {"profile": {"name": "prod"}}, settings={"aws:region": stack.region})
    assert {(name, urn, row.path) for name, urn, _, row in told if name != "profile"} == offline


def test_no_value_of_a_secret_input_is_in_any_message(whole_pack: Driven) -> None:
    """A value stands where each rule would look for something wrong; the engine hands secrets on in plain text."""
    canary = "sk-ant-api03-CANARY0123456789CANARY0123456789"
    kinds = sorted({kind for row in RULES for kind in row.types if kind.startswith("aws:")})
    items = []
    for kind in kinds:
        names = {name for row in RULES if row.applies_to(kind) for name in row.guards}
        given = {**dict.fromkeys(sorted(names), canary), "environment": {"variables": {"API_KEY": canary}}}
        given["tags"] = {"a": canary}
        urn = f"urn:pulumi:dev::x::{kind}::x"
        items.append(item(urn, kind, "x", given, secret_inputs=tuple(given)))
    told = whole_pack.run(in_stack(*items), {})
    assert told
    assert [name for name, _, _, row in told if "CANARY" in row.message or "CANARY" in row.path] == []


def test_the_date_of_the_run_is_the_one_given() -> None:
    seen: list[dt.date] = []

    def look(item: Item, settings: Settings) -> Iterator[Outcome]:
        seen.append(settings.today)
        return iter(())

    Driven((rule("looks", check=look),), today=dt.date(2030, 1, 2)).run(in_stack(volume()), {})
    assert seen == [dt.date(2030, 1, 2)]
