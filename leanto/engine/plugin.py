"""The plugin for AWS in a box, put into a private home of the engine: PATH and ~/.pulumi stay as they are."""

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from leanto.engine import environment
from leanto.engine.errors import EngineError
from leanto.engine.find import Engine

NAME = "aws"
VERSION = "7.51.1"
"""The version that the program's SDK asks for; the engine takes no other."""

MODULE = "leanto.embedded.plugin.main"


def install(
    engine: Engine, pulumi_home: Path, *, name: str = NAME, version: str = VERSION, module: str = MODULE
) -> Path:
    """Register `module` as the resource plugin `name`; nothing is done when the same one is there already.

    Raises:
        EngineError: the engine refuses.
    """
    shim = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -u -m {module} "$@"\n'
    installed = pulumi_home / "plugins" / f"resource-{name}-v{version}" / f"pulumi-resource-{name}"
    if installed.is_file() and installed.read_text() == shim:
        return installed
    pulumi_home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="leanto-plugin-") as folder:
        executable = Path(folder) / f"pulumi-resource-{name}"
        executable.write_text(shim)
        executable.chmod(0o755)
        command = [str(engine.path), "plugin", "install", "resource", name, version, "--file", folder, "--reinstall"]
        env = environment.isolated({"PULUMI_HOME": str(pulumi_home)})
        result = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if result.returncode != 0 or not installed.is_file():
        raise EngineError(f"the plugin for AWS in a box cannot be installed in {pulumi_home}: {result.stderr.strip()}")
    return installed
