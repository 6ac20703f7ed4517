"""Claim: the layers of the design hold: who may know whom is written in pyproject.toml and checked here."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

TOUCHES_PULUMI = {
    "leanto/engine": "runs stacks through the Automation API",
    "leanto/check": "synthesises stacks under mocks",
    "leanto/embedded/plugin": "speaks the provider protocol",
}
"""Folders of leanto that may import the Pulumi runtime, each with its reason."""

TEMPLATE_SUFFIX = ".j2"


def imports(path: Path) -> set[str]:
    """Return the top-level packages that a file imports anywhere, function bodies included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_the_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:]


def test_only_the_named_folders_of_leanto_touch_the_pulumi_runtime() -> None:
    strays = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "leanto").rglob("*.py")
        if "pulumi" in imports(path) and not any(path.is_relative_to(ROOT / folder) for folder in TOUCHES_PULUMI)
    ]
    assert strays == []


def test_infra_alone_names_pulumi_aws() -> None:
    strays = [
        str(path.relative_to(ROOT))
        for package in ("catalog", "runtime", "leanto")
        for path in (ROOT / package).rglob("*.py")
        if "pulumi_aws" in imports(path)
    ]
    assert strays == []


def test_templates_hold_no_python_and_packages_hold_no_templates() -> None:
    assert [str(p) for p in (ROOT / "templates").rglob("*.py")] == []
    packages = ("catalog", "runtime", "infra", "leanto")
    assert [str(p) for package in packages for p in (ROOT / package).rglob(f"*{TEMPLATE_SUFFIX}")] == []
