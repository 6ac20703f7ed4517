"""Claim: a checked program gets its own variables, and no credential."""

from pathlib import Path

import pytest

from leanto.check.environment import child_environment
from leanto.check.project import PLACEHOLDER

PYTHON = Path("/usr/bin/python")
GONE = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",
    "HTTPS_PROXY",
    "https_proxy",
    "PYTHONHOME",
    "SSH_AUTH_SOCK",
)
HIDDEN = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GITHUB_TOKEN", "DB_PASSWORD", "CLIENT_SECRET", "SENTRY_DSN")
KEPT = ("HOME", "STAGE", "PYTHONPATH", "AWS_REGION", "MONKEY_BUSINESS", "KEYBOARD")


@pytest.mark.parametrize("name", GONE)
def test_credentials_of_the_cloud_and_settings_of_our_own_process_are_left_out(name: str) -> None:
    assert child_environment({name: "canary"}, PYTHON).get(name, "") != "canary"


@pytest.mark.parametrize("name", HIDDEN)
def test_other_secrets_become_a_placeholder_so_that_programs_that_read_them_go_on(name: str) -> None:
    assert child_environment({name: "canary"}, PYTHON)[name] == PLACEHOLDER


@pytest.mark.parametrize("name", KEPT)
def test_what_is_no_secret_is_kept(name: str) -> None:
    assert child_environment({name: "canary"}, PYTHON)[name] == "canary"


def test_no_profile_and_no_metadata_service_gives_credentials() -> None:
    environment = child_environment({}, PYTHON)
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == environment["AWS_CONFIG_FILE"] == "/dev/null"


def test_a_virtual_environment_is_active_for_what_the_program_starts(tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").write_text("")
    environment = child_environment({"PATH": "/bin"}, tmp_path / "bin" / "python")
    assert environment["VIRTUAL_ENV"] == str(tmp_path)
    assert environment["PATH"] == f"{tmp_path}/bin:/bin"
