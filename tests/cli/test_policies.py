"""Claims about the policies that a run is held to: the stack's own settings say which, and nothing weaker is taken."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from leanto.cli import policies
from leanto.cli.exits import CommandError, Exit
from leanto.cli.policies import Held, hold, tell
from leanto.engine.errors import Violation
from leanto.engine.find import Engine
from leanto.engine.policypack import PolicyPack
from policies.diagnostics import TITLE
from policies.pack import BY_ID
from policies.profiles import profile_of
from policies.telling import Kind, Told, write

URN = "urn:pulumi:dev::leanto::leanto:infra:Pool$aws:ebs/volume:Volume::data"


@pytest.mark.parametrize(
    ("environment", "residency", "profile"),
    [
        ("dev", "any", "dev"),
        ("dev", "eu", "dev"),
        ("prod", "any", "prod"),
        ("prod", "us", "prod"),
        ("prod", "eu", "eu"),
        ("staging", "any", "prod"),
        ("", "", "prod"),
    ],
)
def test_the_environment_says_the_profile_and_what_it_does_not_say_is_strict(
    environment: str, residency: str, profile: str
) -> None:
    given = {"mine:environment": environment, "mine:residency": residency, "aws:region": "eu-central-1"}
    assert profile_of(given) == profile
    assert profile_of({}) == "prod"


def place(tmp_path: Path, environment: str) -> SimpleNamespace:
    overlay = {"leanto:environment": environment, "leanto:residency": "any"}
    (tmp_path / "Pulumi.yaml").write_text("name: leanto\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    engine = Engine(Path("pulumi"), "3.259.0", "cache")
    return SimpleNamespace(root=tmp_path, stack="dev", overlay=overlay, work_dir=tmp_path / "work", engine=engine)


@pytest.mark.parametrize(
    ("environment", "given", "held"),
    [("dev", None, "dev"), ("dev", "eu", "eu"), ("prod", None, "prod"), ("prod", "eu", "eu")],
)
def test_a_stack_is_held_to_its_own_profile_or_to_a_stricter_one(
    tmp_path: Path, environment: str, given: str | None, held: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = hold(place(tmp_path, environment), given, None)
    assert found.profile == held
    assert f'"name": "{held}"' in found.pack.configuration.read_text()
    assert f"LEANTO_POLICY_ROOT={tmp_path} LEANTO_POLICY_PROFILE={held}\n" in found.pack.path.read_text()
    assert f"policies: profile {held}, " in capsys.readouterr().err


@pytest.mark.parametrize("given", ["dev"])
def test_a_weaker_profile_is_refused(tmp_path: Path, given: str) -> None:
    with pytest.raises(CommandError, match=r"--profile dev is weaker than prod.*leanto:environment") as caught:
        hold(place(tmp_path, "prod"), given, None)
    assert caught.value.code is Exit.USAGE


def violation(rule: str, mandatory: bool, told: Told, urn: str = URN) -> Violation:
    title = BY_ID[rule].title if rule in BY_ID else TITLE
    return Violation(rule, urn, mandatory, f"{title}\n{write(told)}")


SEEN = (
    violation("ebs-encrypted", True, Told(Kind.VIOLATION, "encrypted", "the volume is not encrypted", "x")),
    violation("no-secret-user-data", True, Told(Kind.UNREAD, "userData", "it is no text", "x")),
    violation("deletion-protection", False, Told(Kind.VIOLATION, "protect", "protect is off", "x")),
    violation("required-tags", False, Told(Kind.EXEMPT, "tags", "no owner [until 2026-12-01: soon; a, entry 1]")),
    violation("profile", False, Told(Kind.PENDING, "", "7 checks need values that are not known yet: ...")),
)


@pytest.mark.parametrize("in_full", [True, False])
def test_what_the_policies_say_is_shown_by_what_stops_and_what_does_not(
    in_full: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies.screen._console, "_width", 160)
    tell(SEEN, Held("prod", PolicyPack(Path("a"), Path("b")), "mine"), in_full=in_full)
    said = " ".join(capsys.readouterr().err.split())
    before, _, after = said.partition("Does not stop it" if in_full else "advice of 1 rules")
    assert "Stops the deployment (2)" in before
    assert "ebs-encrypted: EBS volumes are encrypted" in before
    assert "ebs volume data encrypted: the volume is not encrypted" in before
    assert BY_ID["ebs-encrypted"].fix in before
    assert "userData: it is no text" in before
    assert "deletion-protection" in after
    assert ("protect is off" in after) is in_full
    assert "required-tags: exempt: tags: no owner [until 2026-12-01: soon; a, entry 1]" in after
    assert "not decided yet: 7 checks need values" in after
