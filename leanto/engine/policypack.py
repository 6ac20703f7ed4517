"""The policy pack as the engine is given it: a program that it starts, and a file of the levels and parameters."""

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import policies
from leanto.engine import versions
from leanto.engine.errors import EngineError
from leanto.engine.find import Engine

FOLDER = Path(policies.__file__).resolve().parent
FILE = "PulumiPolicy.yaml"
TAKES_PROGRAMS = (3, 255, 0)
"""From this version on the engine starts a pack that is a program. Older ones need a folder and a language host."""


@dataclass(frozen=True)
class PolicyPack:
    """What a run is held to: `path` is what `--policy-pack` names, `configuration` the file beside it."""

    path: Path
    configuration: Path


def prepare(folder: Path, engine: Engine, document: Mapping[str, Any], *, root: Path, profile: str) -> PolicyPack:
    """Write what the engine needs into `folder`. `document` is the configuration; `root` has the exemptions.

    A program is started with this interpreter, so it needs neither a language host nor the environment that
    PulumiPolicy.yaml names. Raises EngineError where an older engine needs that environment and it is not there:
    the language host would hang.
    """
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "configuration.json"
    configuration.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if (versions.parse(engine.version) or (0, 0, 0)) < TAKES_PROGRAMS:
        return PolicyPack(_with_environment(engine), configuration)
    (folder / FILE).write_text((FOLDER / FILE).read_text(encoding="utf-8"), encoding="utf-8")
    program = folder / "leanto-policies"
    words = (sys.executable, "-u", str(FOLDER / "__main__.py"))
    program.write_text(
        "#!/bin/sh\n"
        f"export LEANTO_POLICY_ROOT={shlex.quote(str(root))} LEANTO_POLICY_PROFILE={shlex.quote(profile)}\n"
        f'exec {" ".join(map(shlex.quote, words))} "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    return PolicyPack(program, configuration)


def _with_environment(engine: Engine) -> Path:
    options = yaml.safe_load((FOLDER / FILE).read_text(encoding="utf-8"))["runtime"]["options"]
    python = FOLDER / str(options["virtualenv"]) / "bin" / "python"
    if not python.exists():
        raise EngineError(
            f"Pulumi {engine.version} runs the policy pack in the environment that {FOLDER / FILE} names, and there is "
            f"no {python}. Make it with `make setup`, or use Pulumi {'.'.join(map(str, TAKES_PROGRAMS))} or later."
        )
    return FOLDER
