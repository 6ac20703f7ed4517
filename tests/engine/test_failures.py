"""Claims about errors in the user's words: every message once, without the engine's wrapping."""

from types import SimpleNamespace

import pytest
from pulumi.automation import CommandResult

from leanto.engine.changes import Collector
from leanto.engine.errors import (
    DeploymentFailedError,
    Diagnostic,
    EngineError,
    StackUnknownError,
    StateLockedError,
    StateUnreadableError,
)
from leanto.engine.failures import Names, explain

URN = "urn:pulumi:dev::leanto::leanto:infra:Front$aws:iam/role:Role::main"
NAMES = Names("dev", "file:///state", "--stack dev --embedded")


def explained(stderr: str = "", *messages: str, urn: str | None = URN) -> EngineError:
    collector = Collector()
    for message in messages:
        seen = SimpleNamespace(message=message, severity="error", urn=urn, ephemeral=False)
        collector(SimpleNamespace(diagnostic_event=seen))
    return explain("up", CommandResult("", stderr, 255), collector, NAMES)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("AccessDenied: no\n", "aws:iam/role:Role main: AccessDenied: no"),
        ('aws:iam/role:Role "main": AccessDenied: no', 'aws:iam/role:Role "main": AccessDenied: no'),
        ("1 error occurred:\n\t* it broke", "aws:iam/role:Role main: it broke"),
        (
            "python inline source runtime error: division by zero\nTraceback (most",
            "aws:iam/role:Role main: division by zero",
        ),
    ],
)
def test_a_message_names_its_resource_once_and_nothing_of_the_engine(message: str, told: str) -> None:
    assert str(explained("", message)) == f"up failed:\n  - {told}"


def test_the_same_is_told_once_and_that_it_failed_not_at_all() -> None:
    error = explained("", "it broke", "update failed", "it broke", urn=None)
    assert isinstance(error, DeploymentFailedError)
    assert error.diagnostics == (Diagnostic("error", "it broke"),)


@pytest.mark.parametrize(
    ("stderr", "told"), [("error: no plan\nmore", "no plan"), ("", "the engine ended with status 255")]
)
def test_without_a_diagnostic_the_engines_first_line_is_told(stderr: str, told: str) -> None:
    assert str(explained(stderr)) == f"up failed:\n  - {told}"


def test_a_lock_of_another_machine_says_nothing_about_its_process() -> None:
    error = explained(
        "error: the stack is currently locked by 1 lock(s). Either wait\n"
        "  s3://b/.pulumi/locks/x.json?region=us-east-1: created by me@elsewhere (pid 7) at 2026-11-24T21:31:05Z"
    )
    assert isinstance(error, StateLockedError)
    assert "s3://b/.pulumi/locks/x.json, taken by me@elsewhere, process 7, at 2026-11-24T21:31:05Z\n" in str(error)
    assert "`leanto unlock --stack dev --embedded`" in str(error)


def test_a_stack_that_was_never_deployed_is_told_with_the_command_that_does() -> None:
    error = explained("error: no stack named 'dev' found")
    assert isinstance(error, StackUnknownError)
    assert "`leanto up --stack dev --embedded`" in str(error)


def test_an_error_of_aws_that_speaks_of_json_is_no_damaged_state() -> None:
    assert isinstance(explained("error: x", "invalid character in policy"), DeploymentFailedError)
    assert isinstance(explained("error: could not deserialize deployment: invalid character"), StateUnreadableError)
