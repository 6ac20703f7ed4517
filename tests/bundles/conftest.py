"""A small checkout to build bundles from: our own lock's rows of two packages, and a runtime of a few lines."""

import platform
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.bundles import Target

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("certifi", "frozenlist")

RUNTIME = {
    "bootstrap": "#!/bin/sh\nexec true\n",
    "__init__.py": "",
    "lambda_shim.py": 'KINDS = {"stream", "event", "plain"}\n',
    "gateway/__init__.py": "",
    "gateway/app.py": "import certifi, frozenlist\nfrom runtime.lambda_shim import KINDS\n",
    "authorizer/__init__.py": "",
    "authorizer/handler.py": "async def handle(event, context):\n    return None\n",
    "relay/__init__.py": "",
    "relay/app.py": "import certifi\nfrom runtime.lambda_shim import KINDS\n",
    "node/__init__.py": "",
    "node/__main__.py": "import certifi\n\n\ndef main(arguments):\n    return 0\n",
    "stop/__init__.py": "",
    "stop/handler.py": "async def handle(event, context):\n    return None\n",
}

Checkout = Callable[[str], Path]


def host() -> Target:
    """Return the target that this machine can run."""
    architecture = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
    return Target(architecture, f"{sys.version_info.major}.{sys.version_info.minor}")


def small_lock() -> str:
    """Return a lock file of the real rows of PACKAGES and a project that needs them."""
    header, *rows = (ROOT / "uv.lock").read_text().split("[[package]]\n")
    kept = [row for row in rows if row.splitlines()[0] in {f'name = "{name}"' for name in PACKAGES}]
    needs = ", ".join(f'{{ name = "{name}" }}' for name in PACKAGES)
    project = (
        'name = "leanto"\nversion = "0.1.0"\nsource = { virtual = "." }\n\n'
        f"[package.dev-dependencies]\nfunctions = [{needs}]\n\n[package.metadata]\n\n"
        "[package.metadata.requires-dev]\nfunctions = []\n\n"
    )
    return "[[package]]\n".join([header.split("resolution-markers")[0], *kept, project])


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return a maker of small checkouts, each in its own folder."""

    def make(name: str) -> Path:
        root = tmp_path_factory.mktemp(name)
        needs = ", ".join(f'"{package}"' for package in PACKAGES)
        (root / "pyproject.toml").write_text(
            '[project]\nname = "leanto"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'
            f"[dependency-groups]\nfunctions = [{needs}]\n"
        )
        (root / "uv.lock").write_text(small_lock())
        for relative, text in RUNTIME.items():
            path = root / "runtime" / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return root

    return make


@pytest.fixture(scope="session")
def built(checkout: Checkout) -> Path:
    """Return a small checkout whose bundles are built for this machine."""
    from leanto.bundles import build

    root = checkout("built")
    build(root, host(), lambda line: None)
    return root
