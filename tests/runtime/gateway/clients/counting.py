"""What a client's suite or a tester found, counted, and the rows of docs/reference/conformance.md that tell it."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

PAGE = Path(__file__).resolve().parents[4] / "docs" / "reference" / "conformance.md"
COUNTS, OTHERS = "| counted | passed | not passed | left out |", "| not passed, or left out | by | why |"
ACCEPT = "ACCEPT"
"""The variable that has the rows written anew rather than compared."""


@dataclass(frozen=True)
class Found:
    """The number of checks that passed, and each that did not or was left out, with the reason."""

    tool: str
    passed: int
    failed: Mapping[str, str]
    left_out: Mapping[str, str]

    def rows(self) -> dict[str, list[str]]:
        """Return the rows of the page by the head of their table."""
        by_reason: dict[str, list[str]] = defaultdict(list)
        for name, reason in sorted({**self.failed, **self.left_out}.items()):
            by_reason[" ".join(reason.split()).replace("|", "/")].append(f"`{name}`")
        counts = f"| {self.tool} | {self.passed} | {len(self.failed)} | {len(self.left_out)} |"
        others = [f"| {', '.join(names)} | {self.tool} | {reason} |" for reason, names in sorted(by_reason.items())]
        return {COUNTS: [counts], OTHERS: others}

    def hold_to_the_page(self) -> None:
        """Compare with the page, or write it: an assertion says how."""
        text = PAGE.read_text()
        for head, rows in self.rows().items():
            before, own, after = _split(text, head)
            told = [row for row in own if self._is_mine(row)]
            if os.environ.get(ACCEPT):
                table = sorted([row for row in own if not self._is_mine(row)] + rows)
                text = "\n".join([*before, *table, *after])
            else:
                assert sorted(told) == sorted(rows), (
                    f"docs/reference/conformance.md is not true of today: `make clients {ACCEPT}=1`"
                )
        if os.environ.get(ACCEPT):
            PAGE.write_text(text)

    def _is_mine(self, row: str) -> bool:
        return f"| {self.tool} |" in row


def _split(text: str, head: str) -> tuple[list[str], list[str], list[str]]:
    """Return the lines up to a table's first row, its rows, and the lines after it."""
    lines = text.split("\n")
    start = lines.index(head) + 2
    end = next(number for number in range(start, len(lines)) if not lines[number].startswith("|"))
    return lines[:start], lines[start:end], lines[end:]


def of_pytest(tool: str, report: Path) -> Found:
    """Return what a run of pytest tells in its report in JUnit's form."""
    passed, failed, left_out = 0, {}, {}
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - our own run wrote it
        name, outcome = case.attrib["name"], next(_outcomes(case), None)
        if outcome is None:
            passed += 1
        elif outcome.tag == "skipped" and outcome.attrib["type"] != "pytest.xfail":
            left_out[name] = outcome.attrib["message"]
        else:
            failed[name] = outcome.attrib.get("message", "")
    return Found(tool, passed, failed, left_out)


def _outcomes(case: ET.Element) -> Iterator[ET.Element]:
    return (child for child in case if child.tag in {"skipped", "failure", "error"})
