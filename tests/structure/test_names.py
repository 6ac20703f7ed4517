"""Claim: names tell what is inside, shadow nothing, and every test is seen by pytest."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("catalog", "runtime", "infra", "leanto", "policies")
GRAB_BAGS = frozenset({"utils", "util", "common", "helpers", "helper", "misc", "shared", "tools", "stuff"})


def test_no_module_of_a_script_root_is_named_like_a_standard_library_module() -> None:
    """`infra/` and `policies/` are sys.path[0] when Pulumi runs them: a `secrets.py` there breaks `import secrets`."""
    clashes = [
        str(path.relative_to(ROOT))
        for folder in ("infra", "policies")
        for path in (ROOT / folder).glob("*")
        if path.suffix in {".py", ""} and path.stem in sys.stdlib_module_names
    ]
    assert clashes == []


def test_no_module_is_a_grab_bag() -> None:
    found = [str(p.relative_to(ROOT)) for pkg in PACKAGES for p in (ROOT / pkg).rglob("*") if p.stem in GRAB_BAGS]
    assert found == []


def test_every_file_with_tests_is_collected() -> None:
    """A file of tests without the `test_` prefix would be skipped in silence."""
    missed = []
    for path in (ROOT / "tests").rglob("*.py"):
        names = [
            n.name
            for n in ast.walk(ast.parse(path.read_text()))
            if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        if any(name.startswith("test_") for name in names) and not path.name.startswith("test_"):
            missed.append(str(path.relative_to(ROOT)))
    assert missed == []


def test_every_test_file_has_tests() -> None:
    empty = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        names = [
            n.name
            for n in ast.walk(ast.parse(path.read_text()))
            if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        if not any(name.startswith("test_") for name in names):
            empty.append(str(path.relative_to(ROOT)))
    assert empty == []
