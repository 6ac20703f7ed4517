"""Claims about the pack's configuration: it is taken strictly, floors stand, and its hash tells what it comes to."""

import json
from pathlib import Path

import jsonschema
import pytest

from policies.configuration import ALL, PROFILE, ConfigurationError, as_document, configure, of_profile, read, schema
from policies.pack import RULES
from policies.profiles import PROFILES
from policies.rule import ADVISORY, ALWAYS, PROD, Level, Levels, Parameter, Rule, Severity


def rule(name: str, levels: Levels, *parameters: Parameter, floor: bool = False) -> Rule:
    return Rule(
        id=name,
        area="cost",
        title=name,
        severity=Severity.HIGH,
        levels=levels,
        types=("*",),
        rationale="r",
        fix="f",
        check=lambda item, settings: iter(()),
        floor=floor,
        parameters=parameters,
    )


CAP = Parameter("maximum", "integer", 4, "at most", minimum=0, maximum=100, defaults={"dev": 2})
NAMES = Parameter("regions", "texts", ["eu-central-1"], "where", allowed=("eu-central-1", "eu-west-1"))
RATE = Parameter("rate", "number", 0.5, "share", minimum=0)
STRICT = Parameter("strict", "boolean", True, "whether")
WORD = Parameter("word", "text", "a", "which", allowed=("a", "b"))
OURS = (
    rule("floor", ALWAYS, floor=True),
    rule("floor-in-prod", PROD, CAP, floor=True),
    rule("soft", ADVISORY, NAMES, RATE, STRICT, WORD),
)


def problems(document: object, profile: str | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        configure(document, OURS, profile=profile, source="mine.json")
    assert all(line.startswith("mine.json: ") for line in str(caught.value).splitlines())
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"flor": "mandatory"}, "flor: there is no such rule; did you mean floor?"),
        ({"environments": ["x"]}, "environments: there is no such rule"),
        ({"soft": "mandatry"}, "soft: the level is 'mandatry'; allowed: mandatory, advisory, disabled"),
        ({"soft": "remediate"}, "soft: the level is 'remediate'"),
        ({"soft": 3}, "soft: it is 3, and must be a level"),
        ({"soft": {"enforcementLevel": None}}, "soft: the level is None"),
        ({"soft": {"word": "c"}}, "soft.word: 'c' is not allowed; allowed: a, b"),
        (
            {"soft": {"wrod": "a"}},
            "soft.wrod: the rule has no such parameter; did you mean word?; it has: regions, rate",
        ),
        ({"soft": {"regions": "eu-west-1"}}, "soft.regions: it must be a list of texts, not 'eu-west-1'"),
        ({"soft": {"regions": ["eu-west-1", "us-east-1"]}}, "soft.regions: 'us-east-1' is not allowed"),
        ({"soft": {"rate": -1}}, "soft.rate: it is -1, and must be a number of at least 0"),
        ({"soft": {"rate": True}}, "soft.rate: it must be a number of at least 0, not True"),
        ({"soft": {"strict": "yes"}}, "soft.strict: it must be true or false, not 'yes'"),
        (
            {"floor-in-prod": {"maximum": 101}},
            "floor-in-prod.maximum: it is 101, and must be a whole number from 0 to 100",
        ),
        (
            {"floor-in-prod": {"maximum": 1.5}},
            "floor-in-prod.maximum: it must be a whole number from 0 to 100, not 1.5",
        ),
        ({"all": "disabled"}, "all: it is 'disabled'; allowed: advisory, mandatory"),
        ({"all": "advisory"}, "all: advisory weakens floors, which hold in profile prod"),
        ({"floor": "advisory"}, "floor: advisory weakens a floor: in profile prod it stays mandatory"),
        ({"floor": {"enforcementLevel": "disabled"}}, "floor: disabled weakens a floor"),
        ({"profile": "dev"}, 'profile: it must be {"name": "dev"}, or prod, or eu, not \'dev\''),
        ({"profile": {"name": "prd"}}, "profile: it must be"),
        ({"profile": {"name": "dev", "x": 1}}, "profile: it must be"),
        ([], "it must be a JSON object of rules"),
    ],
    ids=str,
)
def test_what_is_wrong_is_refused_with_key_value_and_what_is_allowed(document: object, said: str) -> None:
    assert any(problem.startswith(said) for problem in problems(document)), problems(document)


@pytest.mark.parametrize("profile", ["prod", "eu"])
def test_floors_hold_in_each_strict_profile(profile: str) -> None:
    (found,) = problems({"floor": "advisory"}, profile=profile)
    assert found.startswith(f"floor: advisory weakens a floor: in profile {profile} it stays mandatory")


def test_all_problems_are_told_at_once() -> None:
    found = problems({"flor": "x", "soft": {"word": "c"}, "floor": "disabled"})
    assert [line.split(":")[0] for line in found] == ["flor", "soft.word", "floor"]


def test_a_file_for_another_profile_than_the_stack_is_held_to_is_refused() -> None:
    (found,) = problems({"profile": {"name": "dev"}}, profile="prod")
    assert found.startswith("profile: the file is for dev, and the stack is held to prod")


def test_levels_are_those_of_the_profile_unless_given() -> None:
    dev = configure({PROFILE: {"name": "dev"}, "soft": "mandatory"}, OURS)
    assert dict(dev.levels) == {"floor": Level.MANDATORY, "floor-in-prod": Level.ADVISORY, "soft": Level.MANDATORY}
    assert configure({"floor": "disabled"}, OURS, profile="dev").levels["floor"] is Level.DISABLED
    everything = configure({ALL: "mandatory", "soft": "disabled"}, OURS)
    assert dict(everything.levels) == {
        "floor": Level.MANDATORY,
        "floor-in-prod": Level.MANDATORY,
        "soft": Level.DISABLED,
    }


def test_without_any_word_of_a_profile_the_strictest_holds() -> None:
    assert configure({}, OURS).profile == "prod"


def test_the_hash_is_of_what_a_configuration_comes_to() -> None:
    own = of_profile("prod", OURS).sha256
    assert configure({"floor": "mandatory", "floor-in-prod": {"maximum": 4}}, OURS).sha256 == own
    assert configure({"floor-in-prod": {"maximum": 4.0}}, OURS).sha256 == own
    assert configure({"floor-in-prod": {"maximum": 5}}, OURS).sha256 != own
    assert configure({"soft": "disabled"}, OURS).sha256 != own
    assert of_profile("eu", OURS).sha256 != own


@pytest.mark.parametrize("profile", PROFILES)
def test_a_written_configuration_reads_back_as_itself(profile: str, tmp_path: Path) -> None:
    given = configure({PROFILE: {"name": profile}, "soft": {"word": "b"}, "floor-in-prod": {"maximum": 7}}, OURS)
    path = tmp_path / "configuration.json"
    path.write_text(json.dumps(as_document(given)))
    assert read(path, OURS) == given


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "it is not JSON"),
        ('{"floor": "mandatory", "floor": "disabled"}', "the key 'floor' stands there twice"),
        ("[" * 100_000, "it is not JSON"),
    ],
    ids=["cut off", "repeated key", "deep"],
)
def test_a_file_that_is_no_json_object_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=said) as caught:
        read(path, OURS)
    assert str(caught.value).startswith(str(path))


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.json: it cannot be read"):
        read(tmp_path / "none.json", OURS)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_schema_takes_each_profile_and_refuses_a_typo(profile: str) -> None:
    validator = jsonschema.Draft202012Validator(schema(RULES))
    document = as_document(of_profile(profile, RULES))
    assert list(validator.iter_errors(document)) == []
    assert list(validator.iter_errors({**document, "ebs-encryptd": "mandatory"})) != []
    assert list(validator.iter_errors({"all": "disabled"})) != []


def test_no_rule_has_the_name_of_another_key() -> None:
    assert {PROFILE, ALL, "environments"} & {rule.id for rule in RULES} == set()


def test_every_default_is_allowed_by_its_own_bounds() -> None:
    for profile in PROFILES:
        # None stands for a value that only a team can give.
        given = {
            row.id: {name: value for name, value in row.values(profile, {}).items() if value is not None}
            for row in RULES
        }
        plain = json.loads(json.dumps({name: values for name, values in given.items() if values}, default=list))
        configure({PROFILE: {"name": profile}, **plain}, RULES)
