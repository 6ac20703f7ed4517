"""Reads the files of exemptions strictly: what is wrong with an entry is told, and the entry lets nothing pass."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from policies.exemptions import STACK, Exemption, Exemptions, Fault
from policies.parameters import meant
from policies.repeated import first_repeated
from policies.rule import Rule

FILE = "exemptions.yaml"
"""For rules that are no floors; the team's own."""
FLOOR_FILE = "exemptions-floor.yaml"
"""For floors; for the platform team to own, for example by CODEOWNERS."""
HYGIENE = "exemption-hygiene"
"""The rule that tells of what is wrong here. It cannot be exempted."""

TEXTS = ("rule", "reason", "owner", "ticket", "approver")
SUBJECTS = ("resource", "finding")
KEYS = (*TEXTS, *SUBJECTS, "expires")
REASON_CHARACTERS = 20
DAYS = 90
"""The longest that an exemption may last, from the date of the run."""


def read(folder: Path, rules: Sequence[Rule], today: dt.date) -> Exemptions:
    """Return what the files of a project's folder hold for a date in UTC; files that are not there hold nothing."""
    found = Exemptions()
    for name in (FILE, FLOOR_FILE):
        path = folder / name
        if not path.exists():
            continue
        try:
            found += parse(path.read_text(encoding="utf-8"), name, rules, today)
        except (OSError, UnicodeDecodeError) as error:
            found += _faulty(name, f"it cannot be read: {type(error).__name__}")
    return found


def parse(text: str, file: str, rules: Sequence[Rule], today: dt.date) -> Exemptions:
    """Return what the text of one file holds. `file` is its name, which decides whether floors may stand in it."""
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        return _faulty(file, f"it is not YAML: {' '.join(str(error).split())}")
    except (ValueError, RecursionError) as error:
        return _faulty(file, f"it cannot be read as YAML: {error}")
    if document is None:
        return Exemptions(files=(file,))
    if not isinstance(document, dict) or set(document) != {"exemptions"} or not _is_list(document["exemptions"]):
        return _faulty(file, "it must hold the key `exemptions` with a list, and nothing else")
    reader = _Reader(file, {rule.id: rule for rule in rules}, today)
    return reader.entries(document["exemptions"] or [])


def schema(rules: Sequence[Rule], file: str) -> dict[str, Any]:
    """Return the JSON schema of one of the files, for editors. What a schema cannot say, `parse` still refuses."""
    names = sorted(rule.id for rule in rules if rule.id != HYGIENE and (file == FLOOR_FILE or not rule.floor))
    text = {"type": "string", "minLength": 1}
    entry = {
        "type": "object",
        "properties": {
            "rule": {"enum": names},
            "resource": {**text, "description": f"The exact URN of one resource, or {STACK}."},
            "finding": {"type": "string", "pattern": "^[0-9a-f]{16}$", "description": "The id of one finding."},
            "reason": {"type": "string", "minLength": REASON_CHARACTERS},
            "owner": {**text, "description": "Who answers for it."},
            "ticket": text,
            "approver": {**text, "description": "Who allowed it: somebody else than the owner."},
            "expires": {
                "type": "string",
                "format": "date",
                "description": f"The last day on which it holds, by UTC; at most {DAYS} days ahead.",
            },
        },
        "required": [*TEXTS, "expires"],
        "oneOf": [{"required": [key]} for key in SUBJECTS],
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Exemptions from rules of the policy pack ({file})",
        "type": "object",
        "properties": {"exemptions": {"type": ["array", "null"], "items": entry}},
        "required": ["exemptions"],
        "additionalProperties": False,
    }


@dataclass(frozen=True)
class _Reader:
    file: str
    rules: Mapping[str, Rule]
    today: dt.date

    def entries(self, rows: list[Any]) -> Exemptions:
        active: list[Exemption] = []
        expired: list[Exemption] = []
        faults: list[Fault] = []
        for number, row in enumerate(rows, start=1):
            place = f"{self.file}, entry {number}"
            wrong = list(self._wrong(row))
            faults += [Fault(place, why) for why in wrong]
            if wrong:
                continue
            exemption = _exemption(row, place)
            if exemption.expires >= self.today:
                active.append(exemption)
            else:
                expired.append(exemption)
                faults.append(
                    Fault(place, f"it has expired on {exemption.expires.isoformat()}: take it out or renew it")
                )
        return Exemptions(tuple(active), tuple(expired), tuple(faults), (self.file,))

    def _wrong(self, row: Any) -> Iterator[str]:
        if not isinstance(row, dict):
            yield f"it must be a mapping with the keys {', '.join(KEYS)}"
            return
        for key in row:
            if key not in KEYS:
                yield f"{key!r} is no key of an exemption{meant(str(key), KEYS)}"
        for key in TEXTS:
            if not isinstance(row.get(key), str) or not row[key].strip():
                yield f"{key} is missing, or is no text"
        yield from self._wrong_rule(row.get("rule"))
        yield from _wrong_subject(row)
        yield from _wrong_words(row)
        yield from self._wrong_end(row.get("expires"))

    def _wrong_rule(self, name: Any) -> Iterator[str]:
        if not isinstance(name, str) or not name.strip():
            return
        if name == HYGIENE:
            yield f"rule {name} cannot be exempted"
        elif name not in self.rules:
            yield f"there is no rule {name!r}{meant(name, self.rules)}"
        elif self.rules[name].floor and self.file != FLOOR_FILE:
            yield f"rule {name} is a floor: only {FLOOR_FILE} can exempt from it"

    def _wrong_end(self, value: Any) -> Iterator[str]:
        end = _date(value)
        if end is None:
            yield "expires must be a date such as 2026-12-31"
        elif (end - self.today).days > DAYS:
            last = self.today + dt.timedelta(days=DAYS)
            yield f"expires is {end.isoformat()}, and may be {last.isoformat()} at the latest, {DAYS} days from today"


def _faulty(file: str, message: str) -> Exemptions:
    return Exemptions(faults=(Fault(file, message),), files=(file,))


def _wrong_subject(row: Mapping[Any, Any]) -> Iterator[str]:
    given = [key for key in SUBJECTS if key in row]
    if len(given) != 1 or not isinstance(row[given[0]], str) or not row[given[0]].strip():
        yield f"exactly one of {' and '.join(SUBJECTS)} must be given, as a text"
    elif (
        given == ["resource"] and row["resource"] != STACK and (not _is_urn(row["resource"]) or "*" in row["resource"])
    ):
        yield f"resource must be the exact URN of one resource, or {STACK}, without wildcards"
    elif given == ["finding"] and not _is_finding(row["finding"]):
        yield "finding must be the id of a finding, 16 digits and letters a to f, as reports show it"


def _wrong_words(row: Mapping[Any, Any]) -> Iterator[str]:
    reason, owner, approver = row.get("reason"), row.get("owner"), row.get("approver")
    if isinstance(reason, str) and 0 < len(" ".join(reason.split())) < REASON_CHARACTERS:
        yield f"reason has {len(' '.join(reason.split()))} characters, and must have at least {REASON_CHARACTERS}"
    if isinstance(owner, str) and isinstance(approver, str) and owner.strip() and _same(owner, approver):
        yield "approver and owner are the same: somebody else must approve"


def _exemption(row: Mapping[str, Any], place: str) -> Exemption:
    texts = {key: " ".join(str(row.get(key, "")).split()) for key in (*TEXTS, *SUBJECTS)}
    end = _date(row["expires"])
    return Exemption(**texts, expires=end or dt.date.min, place=place)


def _date(value: Any) -> dt.date | None:
    """Return a day; a time of a day is none, for it would leave open which time zone ends it."""
    if isinstance(value, dt.datetime):
        return None
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


def _is_urn(text: str) -> bool:
    return text.startswith("urn:pulumi:") and text.count("::") >= 3


def _is_finding(text: str) -> bool:
    return len(text) == 16 and all(letter in "0123456789abcdef" for letter in text)


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _is_list(value: Any) -> bool:
    return value is None or isinstance(value, list)


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping."""
        repeated = first_repeated(self.construct_object(key, deep=True) for key, _ in node.value)
        if repeated is not None:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {repeated!r} stands there twice", node.start_mark
            )
        return super().construct_mapping(node, deep)
