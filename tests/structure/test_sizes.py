"""Claim: a file has one subject and a function fits a screen; what is longer is listed here with its reason."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("catalog", "runtime", "infra", "leanto", "policies", "benchmarks")
MAXIMUM_FILE_LINES = 250
MAXIMUM_FUNCTION_LINES = 40
MAXIMUM_TEST_FILE_LINES = 400

LONGER_FILES: dict[str, str] = {}
"""Path -> why it is longer than a file may be."""

LONGER_FUNCTIONS: dict[str, str] = {}
"""`path::qualified name` -> why it is longer than a function may be."""


def sources(*folders: str) -> list[Path]:
    """Return every Python file under `folders` that exists."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def line_count(path: Path) -> int:
    return len(path.read_text().splitlines())


def functions(path: Path) -> list[tuple[str, int]]:
    """Return (qualified name, lines of the body without its docstring) for each function of a file."""
    found: list[tuple[str, int]] = []

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{prefix}{child.name}"
                first = child.body[1] if ast.get_docstring(child) and len(child.body) > 1 else child.body[0]
                found.append((name, (child.end_lineno or 0) - first.lineno + 1))
                walk(child, f"{name}.")
            elif isinstance(child, ast.ClassDef):
                walk(child, f"{prefix}{child.name}.")
            else:
                walk(child, prefix)

    walk(ast.parse(path.read_text()), "")
    return found


def test_no_source_file_is_longer_than_250_lines_without_a_reason() -> None:
    long = {str(path.relative_to(ROOT)) for path in sources(*PACKAGES) if line_count(path) > MAXIMUM_FILE_LINES}
    assert long == set(LONGER_FILES)


def test_no_test_file_is_longer_than_400_lines() -> None:
    assert [str(path) for path in sources("tests") if line_count(path) > MAXIMUM_TEST_FILE_LINES] == []


def test_no_function_is_longer_than_40_lines_without_a_reason() -> None:
    long = {
        f"{path.relative_to(ROOT)}::{name}"
        for path in sources(*PACKAGES)
        for name, lines in functions(path)
        if lines > MAXIMUM_FUNCTION_LINES
    }
    assert long == set(LONGER_FUNCTIONS)


@pytest.mark.parametrize(("lines", "is_long"), [(40, False), (41, True)])
def test_the_count_leaves_out_the_docstring_and_sees_nested_functions(
    tmp_path: Path, lines: int, is_long: bool
) -> None:
    body = "\n".join("            x = 1" for _ in range(lines))
    path = tmp_path / "sample.py"
    path.write_text(
        f'class C:\n    def outer(self):\n        def inner():\n            """One.\n\n            Two."""\n{body}\n'
    )
    counted = dict(functions(path))
    assert (counted["C.outer.inner"] > MAXIMUM_FUNCTION_LINES) is is_long
