"""Claim: from an empty cache, with Go from PyPI alone, the real engine is built. Five minutes, so only on demand."""

import os
import subprocess
from pathlib import Path

import pytest

from leanto.engine.find import ensure


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.skipif(os.environ.get("LEANTO_TEST_ENGINE_BUILD") != "1", reason="LEANTO_TEST_ENGINE_BUILD=1 asks for it")
def test_the_real_engine_is_built_with_nothing_at_hand(tmp_path: Path) -> None:
    lines: list[str] = []
    kept = {k: v for k, v in os.environ.items() if k.endswith(("_PROXY", "_proxy", "_CERT_FILE", "_CERT_DIR"))}
    kept |= {k: v for k, v in os.environ.items() if k in ("GOPROXY", "GOSUMDB", "UV_INDEX_URL", "UV_DEFAULT_INDEX")}
    environ = {**kept, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LEANTO_CACHE": str(tmp_path / "cache")}
    engine = ensure(lines.append, environ)
    answer = subprocess.run([engine.path, "version"], capture_output=True, text=True, check=True).stdout
    assert answer.strip() == "v3.259.0"
    assert engine.source in {"build", "official installer"}
    assert sorted(p.name for p in (tmp_path / "cache" / "engine").iterdir()) == ["3.259.0", "3.259.0.lock"]
