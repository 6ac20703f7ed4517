"""Writes the page of rules from the rules."""

from collections.abc import Mapping
from typing import Any

from infra.rendering import render
from policies.left_out import LEFT_OUT
from policies.pack import AREAS
from policies.profiles import PROFILES
from policies.rule import Level, Parameter, Rule

LETTERS = {Level.MANDATORY: "M", Level.ADVISORY: "A", Level.DISABLED: "-"}


def page() -> str:
    """Return the Markdown of the page."""
    areas = {area: [_row(rule) for rule in rules] for area, rules in AREAS.items()}
    return render("reference/rules.md.j2", areas=areas, left_out=LEFT_OUT)


def _row(rule: Rule) -> Mapping[str, Any]:
    types = ["every resource"] if rule.types == ("*",) else [f"`{kind}`" for kind in rule.types]
    return {
        "id": rule.id,
        "title": _cell(rule.title),
        "severity": rule.severity.value,
        "levels": [LETTERS[rule.levels.of(profile)] for profile in PROFILES],
        "floor": "yes" if rule.floor else "",
        "rationale": rule.rationale,
        "fix": rule.fix,
        "looks_at": (", ".join(types) + (", together" if rule.check_stack else "")) or "what lies beside the program",
        "elsewhere": "; ".join(f"{kind} {', '.join(ids)}" for kind, ids in rule.references.items()),
        "parameters": [
            {"name": row.name, "default": _cell(_default(row)), "description": _cell(row.description)}
            for row in rule.parameters
        ],
    }


def _default(row: Parameter) -> str:
    values = {profile: _shown(row.default_in(profile)) for profile in PROFILES}
    if len(set(values.values())) == 1:
        return values["prod"]
    return ", ".join(f"{profile}: {value}" for profile, value in values.items())


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(str, sorted(value))) or "none"
    return str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
