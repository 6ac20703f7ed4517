"""Claims about the command as a whole: it starts at once, every error becomes words and a documented exit code."""

import importlib
import re
import subprocess
import sys
import time
from pathlib import Path

import botocore.exceptions
import click
import pytest

from infra.bundles import BundlesMissing
from infra.problems import SettingsError
from leanto.bundles import BundleError
from leanto.check.project import ProjectError
from leanto.cli import main
from leanto.cli.exits import CODES, MEANINGS, CommandError, Exit, code_of
from leanto.embedded.box import BoxError
from leanto.engine import errors

ROOT = Path(__file__).resolve().parents[2]

EXPECTED = [
    (errors.DeploymentFailedError("up", ()), 1),
    (errors.StackUnknownError("x"), 3),
    (errors.ProjectFileError("x"), 3),
    (errors.StateLockedError("x"), 6),
    (errors.StateUnreadableError("x"), 6),
    (errors.InterruptedRunError("up", "dev"), 130),
    (errors.EngineMissingError((), "x"), 5),
    (errors.EngineError("x"), 5),
    (BundleError("x"), 5),
    (BundlesMissing("x"), 5),
    (BoxError("x"), 5),
    (ProjectError("x"), 3),
    (SettingsError([]), 3),
    (CommandError("x"), 3),
    (CommandError("x", Exit.LEFTOVERS), 7),
    (click.UsageError("x"), 3),
    (click.Abort(), 130),
    (KeyboardInterrupt(), 130),
    (botocore.exceptions.NoCredentialsError(), 5),
    (botocore.exceptions.ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetItem"), 1),
    (ValueError("x"), 4),
]


@pytest.mark.parametrize(("error", "code"), EXPECTED, ids=lambda value: type(value).__name__)
def test_each_error_has_its_exit_code(error: BaseException, code: int) -> None:
    assert code_of(error) == code


def test_every_error_that_the_table_names_exists() -> None:
    for name in CODES:
        module, kind = name.split(":")
        assert isinstance(getattr(importlib.import_module(module), kind), type), name


def test_the_documented_exit_codes_are_these() -> None:
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text()
    found = re.findall(r"^\| (\d+) \| (\w+) \| (.+) \|$", page, re.MULTILINE)
    rows = {int(code): (name, text) for code, name, text in found}
    assert rows == {int(code): (code.name, text) for code, text in MEANINGS.items()}
    assert set(MEANINGS) == set(Exit)


def test_help_starts_at_once_and_loads_nothing_heavy() -> None:
    script = (
        "import sys; from leanto.cli.main import run; code = run(['--help']);"
        "heavy = {'pulumi', 'boto3', 'rich', 'moto', 'openai', 'grpc', 'infra', 'catalog'};"
        "print(sorted({m.split('.')[0] for m in sys.modules} & heavy))"
    )
    started = time.monotonic()
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "[]"
    assert time.monotonic() - started < 20  # 0.1 s alone; other tests share the processors


@pytest.mark.parametrize("name", main.COMMANDS)
def test_each_listed_command_is_there_and_explains_itself(leanto, name: str) -> None:
    ran = leanto(name, "--help")
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: leanto {name}")
    assert len(ran.out.splitlines()[2].strip()) > 20


@pytest.mark.parametrize("arguments", [["nonsense"], ["up"], ["up", "--stack"], ["new", "x", "--preset", "big"]])
def test_wrong_usage_is_told_with_code_3(leanto, arguments: list[str]) -> None:
    ran = leanto(*arguments)
    assert ran.code == 3
    assert ran.err.startswith("error: ")
    assert "--help" in ran.err
    assert "Traceback" not in ran.err


def broken(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make `leanto engine` raise."""

    def raising(*_: object) -> None:
        raise error

    monkeypatch.setattr("leanto.cli.engine.ensure", raising)


def test_a_mistake_of_our_own_is_short_and_names_its_log(leanto, monkeypatch, tmp_path: Path) -> None:
    """The log has the lines of code and no values: the message of the error stays out of what is shown."""
    monkeypatch.setenv("LEANTO_CACHE", str(tmp_path))
    monkeypatch.delenv("LEANTO_DEBUG", raising=False)
    broken(monkeypatch, RuntimeError("sk-canary"))
    ran = leanto("engine")
    assert ran.code == 4
    assert len(ran.err.splitlines()) == 2
    assert "canary" not in ran.err
    (log,) = (tmp_path / "log").iterdir()
    assert str(log) in ran.err
    assert "test_main.py" in log.read_text()


def test_debug_shows_the_traceback(leanto, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LEANTO_CACHE", str(tmp_path))
    monkeypatch.setenv("LEANTO_DEBUG", "1")
    broken(monkeypatch, ValueError("x"))
    assert "Traceback" in leanto("engine").err


def test_an_interrupt_is_130(leanto, monkeypatch) -> None:
    broken(monkeypatch, KeyboardInterrupt())
    ran = leanto("engine")
    assert (ran.code, ran.err.strip()) == (130, "interrupted")


def test_what_aws_refuses_is_told_with_its_code_and_operation(leanto, monkeypatch) -> None:
    broken(monkeypatch, botocore.exceptions.ClientError({"Error": {"Code": "Denied", "Message": "no"}}, "GetItem"))
    assert leanto("engine").err == "error: AWS refused GetItem: Denied: no\n"


def test_outside_a_checkout_the_command_says_so(leanto, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = leanto("outputs", "--stack", "dev")
    assert ran.code == 3
    assert "in no checkout of leanto" in ran.err


def test_state_and_box_options_go_with_their_own_kind_of_place(leanto, project: Path) -> None:
    both = leanto("up", "--stack", "managed", "--embedded", "--state", "x")
    assert (both.code, "--state does not go with --embedded" in both.err) == (3, True)
    box = leanto("up", "--stack", "managed", "--box", "x")
    assert (box.code, "--box goes with --embedded" in box.err) == (3, True)


def test_an_unknown_stack_is_told_with_those_there_are(leanto, project: Path) -> None:
    ran = leanto("outputs", "--stack", "prod")
    assert ran.code == 3
    assert "stacks here: gpu, hybrid, managed" in ran.err


@pytest.mark.parametrize("command", ["outputs", "destroy", "refresh", "unlock"])
def test_without_a_box_there_is_nothing_to_work_on(leanto, project: Path, command: str) -> None:
    ran = leanto(command, "--stack", "managed", "--embedded")
    assert ran.code in {3, 5}
    assert "Traceback" not in ran.err
