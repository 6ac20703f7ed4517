"""Claims about the commands on AWS in a box, with the real engine; one stack lives through them in this order."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.running import ROOT, Ran, leanto_process

pytestmark = pytest.mark.engine

Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Run a command on the stack `managed` in a box of this module's own."""
    home = tmp_path_factory.mktemp("box")
    place = ("--stack", "managed", "--embedded", "--box", str(home))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}

    def ran(*command: str, stdin: str = "") -> Ran:
        return leanto_process(*command, *place, cwd=ROOT, env=environment, stdin=stdin)

    try:
        yield ran
    finally:
        leanto_process("box", "stop", "--stack", "managed", "--box", str(home), cwd=ROOT)


@pytest.fixture(scope="module")
def deployed(run: Run) -> dict[str, object]:
    before = (ROOT / "Pulumi.managed.yaml").read_text()
    ran = run("up")
    assert ran.code == 0, ran.err
    assert ran.out == ""
    assert "policies: profile dev, " in ran.err
    assert "leanto keys create me --stack managed --embedded" in ran.err
    assert (ROOT / "Pulumi.managed.yaml").read_text() == before
    outputs: dict[str, object] = json.loads(run("outputs", "--json").out)
    return outputs


def status_of(url: str, key: str) -> int:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_outputs_tell_the_address_on_this_machine(deployed: dict[str, object]) -> None:
    assert str(deployed["endpoint_url"]).startswith("https://")
    assert str(deployed["endpoint_url_here"]).startswith("http://127.0.0.1:")


def test_what_is_deployed_stays_as_it_is(run: Run, deployed: dict[str, object]) -> None:
    assert "preview: no change" in run("preview").err
    assert "refresh: no drift" in run("refresh").err


def test_a_stricter_profile_stops_up_with_a_table_and_changes_nothing(run: Run, deployed: dict[str, object]) -> None:
    ran = run("up", "--profile", "prod", "--yes")
    assert ran.code == 1
    assert "Stops the deployment" in ran.err
    assert "deletion-protection: What cannot be made again is protected from deletion" in ran.err
    assert "error: preview stopped: " in ran.err
    assert "up ..." not in ran.err


def test_a_wrong_configuration_of_the_policies_is_refused(
    run: Run, deployed: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"ebs-encryptd": "mandatory"}')
    ran = run("preview", "--policy-config", str(path))
    assert (ran.code, f"{path}: ebs-encryptd: there is no such rule; did you mean ebs-encrypted?" in ran.err) == (
        3,
        True,
    )


def test_a_created_key_opens_and_a_revoked_one_does_not(run: Run, deployed: dict[str, object]) -> None:
    models = f"{deployed['endpoint_url_here']}/models"
    created = run("keys", "create", "me")
    assert created.code == 0, created.err
    key = created.out.strip()
    assert status_of(models, key) == 200
    unused = run("keys", "create", "other").out.strip()
    assert run("keys", "revoke", unused.split("-")[2]).code == 0
    assert status_of(models, unused) == 401
    listed = json.loads(run("keys", "list", "--json").out)
    assert [(row["name"], row["state"]) for row in listed] == [("me", "active"), ("other", "revoked")]


def test_stop_and_resume_are_told_with_their_reason(run: Run, deployed: dict[str, object]) -> None:
    dry = run("stop", "--dry-run", "--reason", "drill")
    assert (dry.code, "would be stopped" in dry.err) == (0, True), dry.err
    assert run("resume").code == 3
    assert run("stop", "--reason", "drill").code == 0
    refused = run("up")
    assert (refused.code, "leanto resume --stack managed" in refused.err) == (5, True), refused.err
    resumed = run("resume")
    assert (resumed.code, "drill" in resumed.err) == (0, True)


def test_a_wrong_setting_starts_nothing(tmp_path: Path, run: Run) -> None:
    ran = leanto_process("preview", "--stack", "nowhere", "--embedded", "--box", str(tmp_path / "box"), cwd=ROOT)
    assert (ran.code, (tmp_path / "box").exists()) == (3, False)


def test_destroy_proves_that_nothing_is_left(run: Run, deployed: dict[str, object]) -> None:
    ran = run("destroy")
    assert (ran.code, "nothing is left in any service" in ran.err) == (0, True), ran.err
    assert run("outputs", "--json").out.strip() == "{}"
