"""Claims about the commands that need no engine: new, ami pin, and where the state is."""

from pathlib import Path

import pytest

from leanto.cli.account_place import state_url
from leanto.cli.ami import pin
from leanto.engine.workdir import stack_names


def test_new_copies_a_preset_with_its_comments(leanto, project: Path) -> None:
    ran = leanto("new", "team-a", "--preset", "hybrid")
    path = project / "Pulumi.team-a.yaml"
    assert (ran.code, ran.out) == (0, f"{path}\n")
    assert path.read_text().endswith((project / "Pulumi.hybrid.yaml").read_text())
    assert "leanto up --stack team-a --embedded" in ran.err


@pytest.mark.parametrize("name", ["Team", "1st", "a_b", "a" * 21, "", "../x", "a.b"])
def test_new_refuses_names_that_resources_cannot_have(leanto, project: Path, name: str) -> None:
    ran = leanto("new", name, "--preset", "managed")
    assert ran.code == 3
    assert stack_names(project) == ("gpu", "hybrid", "managed")


def test_new_never_overwrites_a_stack(leanto, project: Path) -> None:
    before = (project / "Pulumi.gpu.yaml").read_text()
    ran = leanto("new", "gpu", "--preset", "managed")
    assert ran.code == 3
    assert "stacks here: gpu, hybrid, managed" in ran.err
    assert (project / "Pulumi.gpu.yaml").read_text() == before


def test_pinning_writes_the_regions_image_and_says_when_it_is_there(client, project: Path, capsys) -> None:
    path = project / "Pulumi.gpu.yaml"
    found = pin(project, "gpu", client("ssm"))
    assert found.startswith("ami-")
    assert path.read_text() == f"# the preset gpu\nconfig:\n  leanto:gpuAmiId: {found}\n  leanto:mode: gpu  # kept\n"
    capsys.readouterr()
    assert pin(project, "gpu", client("ssm")) == found
    assert "already" in capsys.readouterr().err


def test_the_state_is_where_plain_pulumi_would_have_it(tmp_path: Path) -> None:
    """--state, PULUMI_BACKEND_URL, the login, and a folder of the project, in this order."""
    home = tmp_path / "home"
    (home / ".pulumi").mkdir(parents=True)
    environ = {"HOME": str(home)}
    own = (tmp_path / ".leanto" / "state").as_uri()
    assert state_url(tmp_path, None, environ)[0] == own
    (home / ".pulumi" / "credentials.json").write_text('{"current": "https://api.pulumi.com"}')
    assert state_url(tmp_path, None, environ)[0] is None
    assert state_url(tmp_path, None, {**environ, "PULUMI_BACKEND_URL": "s3://b"})[0] == "s3://b"
    assert state_url(tmp_path, "gs://c", {"PULUMI_BACKEND_URL": "s3://b"})[0] == "gs://c"
    assert state_url(tmp_path, str(tmp_path / "x"), environ)[0] == (tmp_path / "x").as_uri()
    (home / ".pulumi" / "credentials.json").write_text("{")
    assert state_url(tmp_path, None, environ)[0] == own
