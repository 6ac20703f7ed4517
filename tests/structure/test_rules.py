"""Claim: rule, list, cases and page belong together: none of them can be without the others."""

import importlib
import re
from pathlib import Path

import pytest

from policies.pack import AREAS, RULES
from policies.rule import Level, Rule
from tests.policies.corpus import CORPUS, NEEDED, cases, files

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "policies" / "rules"
REFERENCES = {"checkov", "fsbp", "cis", "nag", "trivy", "prowler", "owasp-llm-2026", "guard"}
LEAST_CASES = 300


def module_files() -> list[Path]:
    return [path for path in sorted(FOLDER.glob("*/*.py")) if path.name != "__init__.py"]


def rule_in(path: Path) -> Rule:
    module = importlib.import_module(f"policies.rules.{path.parent.name}.{path.stem}")
    rule = module.RULE
    assert isinstance(rule, Rule)
    return rule


@pytest.mark.parametrize("path", module_files(), ids=lambda path: path.stem)
def test_each_file_holds_the_one_rule_that_it_is_named_after(path: Path) -> None:
    rule = rule_in(path)
    assert rule.id == path.stem.replace("_", "-")
    assert rule.area == path.parent.name
    assert rule in AREAS[rule.area]


def test_each_rule_of_the_list_has_its_file_and_its_own_id() -> None:
    assert sorted(rule.id for rule in RULES) == sorted({rule.id for rule in RULES})
    assert {rule.id for rule in RULES} == {path.stem.replace("_", "-") for path in module_files()}


def test_floors_come_first() -> None:
    floors = [rule.floor for rule in RULES]
    assert floors == sorted(floors, reverse=True)


def test_each_area_lists_its_floors_first() -> None:
    unsorted = [area for area, rules in AREAS.items() if sorted(rules, key=lambda rule: not rule.floor) != list(rules)]
    assert unsorted == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_says_what_people_need(rule: Rule) -> None:
    assert rule.title
    assert rule.title[0].isupper() or rule.title.startswith("/")
    assert rule.rationale.endswith(".")
    assert rule.fix.endswith(".")
    assert rule.references.keys() <= REFERENCES
    assert rule.types or rule.check_stack
    for parameter in rule.parameters:
        assert re.fullmatch("[a-z][A-Za-z0-9]*", parameter.name), parameter.name
        assert parameter.description.endswith("."), parameter.name


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.floor], ids=lambda rule: rule.id)
def test_a_floor_is_mandatory_in_production(rule: Rule) -> None:
    assert rule.levels.prod is Level.MANDATORY
    assert rule.levels.eu is Level.MANDATORY


def test_each_rule_has_its_cases_and_each_file_of_cases_its_rule() -> None:
    expected = {CORPUS / rule.area / f"{rule.id.replace('-', '_')}.yaml" for rule in RULES}
    assert set(files()) == expected


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_has_every_kind_of_case(rule: Rule) -> None:
    kinds = {case.kind for case in cases() if case.rule == rule.id}
    assert set(NEEDED) - kinds == set()


def test_cases_tell_different_things() -> None:
    names = [case.label for case in cases()]
    assert sorted(names) == sorted(set(names))
    assert len(names) >= LEAST_CASES
