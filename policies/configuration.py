"""The configuration of the pack: which profile, which level each rule has, and the values of its parameters.

The file is what Pulumi takes as `--policy-pack-config`: rule -> level, or rule -> {enforcementLevel, parameters}.
Unlike Pulumi this module takes nothing that it does not know, and nothing that weakens a floor.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from policies.normalise import normalise
from policies.parameters import json_schema, meant, refusal
from policies.profiles import PROFILES, STRICT_PROFILES, STRICTEST
from policies.repeated import first_repeated
from policies.rule import Level, Rule

PROFILE = "profile"
"""The key that names the profile, as `"profile": {"name": "dev"}`; no rule may be called so."""
ALL = "all"
LEVEL = "enforcementLevel"
LEVELS = tuple(level.value for level in Level)
STRENGTH = (Level.DISABLED, Level.ADVISORY, Level.MANDATORY)


class ConfigurationError(Exception):
    """A configuration is refused; the message names every wrong entry with file, key, value, what is allowed."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{source}: {problem}" for problem in self.problems))


@dataclass(frozen=True)
class Configuration:
    """What a run is held to. `levels` has every rule; `parameters` has what was given, by rule.

    `sha256` is the same for two configurations exactly when they come to the same levels and parameters.
    """

    profile: str
    levels: Mapping[str, Level]
    parameters: Mapping[str, Mapping[str, Any]]
    sha256: str


def of_profile(profile: str, rules: Sequence[Rule]) -> Configuration:
    """Return the configuration that a profile has by itself."""
    return configure({}, rules, profile=profile)


def read(path: Path, rules: Sequence[Rule], profile: str | None = None) -> Configuration:
    """Read a configuration file. Raises ConfigurationError. `profile` is as in `configure`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except OSError as error:
        raise ConfigurationError(str(path), [f"it cannot be read: {error.strerror}"]) from None
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(str(path), [f"it is not JSON: {error}"]) from None
    return configure(document, rules, profile=profile, source=str(path))


def configure(
    document: Any, rules: Sequence[Rule], *, profile: str | None = None, source: str = "policy configuration"
) -> Configuration:
    """Return the effective configuration of a document over the defaults of its profile.

    `profile` is the one that the stack is held to: a document that names another one is refused. Without it the
    document's own holds, else the strictest. Raises ConfigurationError naming everything that is wrong.
    """
    if not isinstance(document, Mapping):
        raise ConfigurationError(source, ["it must be a JSON object of rules"])
    named, problems = _profile(document, profile)
    by_id = {rule.id: rule for rule in rules}
    problems += [problem for key in document for problem in _entry_problems(key, document[key], by_id)]
    levels = {rule.id: _level(document, rule, named) for rule in rules}
    problems += _weakened(document, rules, levels, named)
    if problems:
        raise ConfigurationError(source, problems)
    given = {rule.id: _parameters(document.get(rule.id)) for rule in rules}
    kept = {name: MappingProxyType(values) for name, values in given.items() if values}
    return Configuration(named, MappingProxyType(levels), MappingProxyType(kept), _sha256(named, levels, rules, kept))


def as_document(configuration: Configuration) -> dict[str, Any]:
    """Return a configuration as the document that Pulumi and this module read, with every rule in it."""
    rows = {
        name: {LEVEL: level.value, **configuration.parameters[name]}
        if name in configuration.parameters
        else level.value
        for name, level in sorted(configuration.levels.items())
    }
    return {PROFILE: {"name": configuration.profile}, **rows}


def schema(rules: Sequence[Rule]) -> dict[str, Any]:
    """Return the JSON schema of a configuration file, for editors."""
    level = {"enum": list(LEVELS)}
    properties: dict[str, Any] = {
        PROFILE: {
            "type": "object",
            "description": "The profile that levels and parameters start from.",
            "properties": {"name": {"enum": list(PROFILES)}},
            "required": ["name"],
            "additionalProperties": False,
        },
        ALL: {"enum": [Level.ADVISORY.value, Level.MANDATORY.value], "description": "One level for all rules."},
    }
    for rule in sorted(rules, key=lambda rule: rule.id):
        named = {row.name: json_schema(row) for row in rule.parameters}
        entry = {"type": "object", "properties": {LEVEL: level, **named}, "additionalProperties": False}
        properties[rule.id] = {"description": rule.title, "anyOf": [level, entry]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of the policy pack",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _profile(document: Mapping[str, Any], profile: str | None) -> tuple[str, list[str]]:
    """Return the profile that holds, and what is wrong with the one that the document names."""
    entry = document.get(PROFILE)
    if entry is None:
        return profile or STRICTEST, []
    name = entry.get("name") if isinstance(entry, Mapping) else None
    if name not in PROFILES or set(entry) - {"name", LEVEL}:
        return profile or STRICTEST, [f'{PROFILE}: it must be {{"name": "dev"}}, or prod, or eu, not {entry!r}']
    if profile is not None and name != profile:
        return profile, [
            f"{PROFILE}: the file is for {name}, and the stack is held to {profile}: use the file for that"
        ]
    return str(name), []


def _entry_problems(key: str, entry: Any, by_id: Mapping[str, Rule]) -> Iterator[str]:
    """Yield what is wrong with one entry by itself."""
    if key == PROFILE:
        return
    if key == ALL:
        level = _given_level(entry)
        if level not in (Level.ADVISORY, Level.MANDATORY) or _parameters(entry):
            told = level.value if level else entry
            yield f"{ALL}: it is {told!r}; allowed: advisory, mandatory. Rules are switched off one by one"
        return
    if key not in by_id:
        yield f"{key}: there is no such rule{meant(key, (*by_id, ALL, PROFILE))}; `leanto check --list` names all"
        return
    if not isinstance(entry, str | Mapping):
        yield f"{key}: it is {entry!r}, and must be a level ({', '.join(LEVELS)}) or an object"
        return
    if (isinstance(entry, str) or LEVEL in entry) and _given_level(entry) is None:
        value = entry if isinstance(entry, str) else entry[LEVEL]
        yield f"{key}: the level is {value!r}; allowed: {', '.join(LEVELS)}"
    yield from _parameter_problems(by_id[key], _parameters(entry))


def _parameter_problems(rule: Rule, given: Mapping[str, Any]) -> Iterator[str]:
    known = {row.name: row for row in rule.parameters}
    for name, value in given.items():
        if name not in known:
            told = ", ".join(known) or "none"
            yield f"{rule.id}.{name}: the rule has no such parameter{meant(name, known)}; it has: {told}"
        elif why := refusal(known[name], value):
            yield f"{rule.id}.{name}: {why}"


def _weakened(
    document: Mapping[str, Any], rules: Sequence[Rule], levels: Mapping[str, Level], profile: str
) -> Iterator[str]:
    """Yield each floor that the document would weaken, in the profiles in which floors hold."""
    if profile not in STRICT_PROFILES:
        return
    everything = _given_level(document.get(ALL))
    told = False
    for rule in rules:
        least = rule.levels.of(profile)
        if not rule.floor or STRENGTH.index(levels[rule.id]) >= STRENGTH.index(least):
            continue
        if levels[rule.id] is everything:
            if not told:
                yield f"{ALL}: {everything.value} weakens floors, which hold in profile {profile}: name single rules"
            told = True
            continue
        yield (
            f"{rule.id}: {levels[rule.id].value} weakens a floor: in profile {profile} it stays {least.value}. "
            "Single resources are exempted in exemptions-floor.yaml"
        )


def _level(document: Mapping[str, Any], rule: Rule, profile: str) -> Level:
    """Return the level that a rule comes to."""
    return _given_level(document.get(rule.id)) or _given_level(document.get(ALL)) or rule.levels.of(profile)


def _given_level(entry: Any) -> Level | None:
    value = entry.get(LEVEL) if isinstance(entry, Mapping) else entry
    return Level(value) if isinstance(value, str) and value in LEVELS else None


def _parameters(entry: Any) -> dict[str, Any]:
    """Return the parameters of an entry; whole numbers as such, for Pulumi hands on 4 as 4.0."""
    if not isinstance(entry, Mapping):
        return {}
    return {str(key): normalise(value) for key, value in entry.items() if key != LEVEL}


def _sha256(profile: str, levels: Mapping[str, Level], rules: Sequence[Rule], given: Mapping[str, Any]) -> str:
    rows = {
        rule.id: [levels[rule.id].value, dict(rule.values(profile, given.get(rule.id, {})))]
        for rule in sorted(rules, key=lambda rule: rule.id)
    }
    text = json.dumps([profile, rows], sort_keys=True, separators=(",", ":"), default=list)
    return hashlib.sha256(text.encode()).hexdigest()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    repeated = first_repeated(key for key, _ in pairs)
    if repeated is not None:
        raise ValueError(f"the key {repeated!r} stands there twice")
    return dict(pairs)
