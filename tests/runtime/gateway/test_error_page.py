"""Claim: the page of errors has every code that a client may get, with its status, and no other."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/reference/gateway-errors.md"
FRONT = ROOT / "templates/front/responses.json.j2"
SOURCES = sorted([*(ROOT / "runtime/gateway").rglob("*.py"), *(ROOT / "leanto/gateway").rglob("*.py")])
MAKERS = frozenset({"GatewayError", "_refusal", "_refuse"})
CODE = re.compile(r"[a-z]+(_[a-z]+)*")
Made = tuple[int | None, str]
"""A code with its status, None where the status is another place's."""


def constants(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an argument may be."""
    for part in (node.body, node.orelse) if isinstance(node, ast.IfExp) else (node,):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and CODE.fullmatch(part.value):
            yield part.value


def status_of(node: ast.expr) -> int | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else None


def made_by(node: ast.AST) -> Iterator[Made]:
    """Yield what a call that makes an error names, a row (status, code, text) of a table, or an entry by status."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        if name in MAKERS:
            status = status_of(node.args[0]) if node.args else None
            yield from ((status, code) for argument in node.args[:2] for code in constants(argument))
    if isinstance(node, ast.Tuple) and len(node.elts) == 3 and status_of(node.elts[0]):
        yield from ((status_of(node.elts[0]), code) for code in constants(node.elts[1]))
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None and (status := status_of(key)) and status >= 400:
                yield from ((status, code) for code in constants(value))


def in_the_code() -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    made = {one for path in SOURCES for node in ast.walk(ast.parse(path.read_text())) for one in made_by(node)}
    made |= {
        (int(status) if status.isdigit() else None, code)
        for status, code in re.findall(r'answer\((\w+), "\w+", "(\w+)"', FRONT.read_text())
    }
    for status, code in made:
        found[code] |= {status} - {None}  # type: ignore[operator]
    return found


def on_the_page() -> dict[str, str]:
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert len({row[1] for row in rows}) == len(rows), "each code has one row"
    return {row[1].strip(" `"): row[2] for row in rows}


def test_each_code_that_a_client_may_get_is_on_the_page_and_no_other() -> None:
    code = in_the_code()
    assert {"budget_exceeded", "upstream_access_denied", "unknown_url", "gateway_timeout"} <= code.keys()
    assert on_the_page().keys() - {"invalid_request"} == code.keys() - {"invalid_request"}


def test_each_code_has_its_status_on_the_page() -> None:
    page = on_the_page()
    wrong = {
        code: (statuses, page[code])
        for code, statuses in in_the_code().items()
        if code in page and not all(str(status) in page[code] for status in statuses)
    }
    assert wrong == {}
