"""Claims about the ladder: each rung is taken when it can be, else its reason is told and the next one is tried."""

from pathlib import Path

import pytest

from leanto.engine import versions
from leanto.engine.errors import EngineError, EngineMissingError
from leanto.engine.find import ensure


def test_a_supported_pulumi_on_path_is_taken_and_nothing_is_made(machine) -> None:
    binary = machine.pulumi("v3.240.1")
    engine = ensure(machine.lines.append, machine.environ)
    assert (engine.path, engine.version, engine.source) == (binary, "3.240.1", "PATH")
    assert machine.lines == [f"engine: PATH: taken: Pulumi 3.240.1 at {binary}"]
    assert not machine.cache.exists()


def test_the_installers_own_place_in_the_home_folder_counts_as_path(machine) -> None:
    binary = machine.pulumi("v3.240.1", machine.home / ".pulumi" / "bin" / "pulumi")
    assert ensure(machine.lines.append, machine.environ).path == binary


@pytest.mark.parametrize("version", ["v3.229.9", "v2.300.0", "v4.0.0", "dev", ""])
def test_a_version_out_of_range_is_passed_over_with_the_reason(machine, version: str) -> None:
    machine.pulumi(f'"{version}"')
    machine.pulumi("v3.259.0", machine.cached)
    engine = ensure(machine.lines.append, machine.environ)
    assert engine.source == "cache"
    assert machine.lines[0].startswith("engine: PATH: not taken: ")
    assert versions.SUPPORTED in machine.lines[0]


@pytest.mark.parametrize("version", ["v3.230.0", "3.259.0", "v3.999.0-alpha.1"])
def test_the_edges_of_the_range_are_inside(version: str) -> None:
    assert versions.refusal(version) == ""


def test_the_cached_engine_is_taken_without_a_lock_or_a_network(machine) -> None:
    machine.pulumi("v3.259.0", machine.cached)
    engine = ensure(machine.lines.append, machine.environ)
    assert (engine.path, engine.source) == (machine.cached, "cache")
    assert sorted(p.name for p in (machine.cache / "engine").iterdir()) == ["3.259.0"]


def test_leanto_engine_comes_before_everything_else(machine) -> None:
    machine.pulumi("v3.250.0")
    given = machine.pulumi("v3.231.0", machine.home / "mine")
    engine = ensure(machine.lines.append, {**machine.environ, "LEANTO_ENGINE": str(given)})
    assert (engine.path, engine.version, engine.source) == (given, "3.231.0", "LEANTO_ENGINE")


@pytest.mark.parametrize("content", [None, "exit 3", "echo v3.1.0"])
def test_a_wrong_leanto_engine_is_an_error_and_never_passed_over(machine, content: str | None) -> None:
    machine.pulumi("v3.250.0")
    given = machine.home / "mine"
    if content:
        machine.program(given, content)
    with pytest.raises(EngineError, match=r"LEANTO_ENGINE=.*cannot be used") as caught:
        ensure(machine.lines.append, {**machine.environ, "LEANTO_ENGINE": str(given)})
    assert versions.SUPPORTED in str(caught.value)


def test_without_an_installer_the_engine_is_built_from_the_pinned_module(machine) -> None:
    machine.go()
    engine = ensure(machine.lines.append, machine.environ)
    assert (engine.path, engine.version, engine.source) == (machine.cached, "3.259.0", "build")
    calls = (machine.home / "go.calls").read_text()
    assert "version.Version=v3.259.0" in calls
    assert "cmd/pulumi" in calls
    told = "\n".join(machine.lines)
    for step in ("PATH: not taken", "cache: not taken", "official installer: not taken", "build: taken"):
        assert f"engine: {step}" in told


def test_a_build_pins_the_module_and_ignores_the_users_flags(machine) -> None:
    machine.go()
    ensure(machine.lines.append, {**machine.environ, "GOFLAGS": "-mod=vendor", "GOOS": "plan9", "GOTOOLCHAIN": "auto"})
    seen = (machine.home / "go.env").read_text().splitlines()
    assert seen == ["CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOTOOLCHAIN=local", "GOWORK=off"]


def test_a_second_call_takes_what_the_first_built(machine) -> None:
    machine.go()
    ensure(machine.lines.append, machine.environ)
    (machine.bin / "go").unlink()
    assert ensure(machine.lines.append, machine.environ).source == "cache"


@pytest.mark.parametrize("damage", ["", "\x7fELF garbage", "#!/bin/sh\nexit 1\n"])
def test_a_damaged_cached_engine_is_replaced_and_never_run(machine, damage: str) -> None:
    machine.go()
    machine.cached.parent.mkdir(parents=True)
    machine.cached.write_text(damage)
    machine.cached.chmod(0o755)
    engine = ensure(machine.lines.append, machine.environ)
    assert engine.source == "build"
    assert "the copy is damaged and will be replaced" in "\n".join(machine.lines)
    assert sorted(p.name for p in (machine.cache / "engine").iterdir()) == ["3.259.0", "3.259.0.lock"]


def test_a_failed_build_leaves_no_engine_and_tells_the_compilers_complaint(machine) -> None:
    machine.go(build='printf half > "$out"; echo "cmd/x: undefined: y" >&2; exit 1')
    with pytest.raises(EngineMissingError) as caught:
        ensure(machine.lines.append, machine.environ)
    assert "undefined: y" in str(caught.value)
    assert not machine.cached.exists()


def test_a_build_whose_result_does_not_answer_is_not_put_in_the_cache(machine) -> None:
    machine.go(build='printf half > "$out"; chmod +x "$out"')
    with pytest.raises(EngineMissingError):
        ensure(machine.lines.append, machine.environ)
    assert not machine.cached.exists()


def test_offline_without_go_the_message_names_every_step_and_the_three_ways_on(machine) -> None:
    with pytest.raises(EngineMissingError) as caught:
        ensure(machine.lines.append, machine.environ)
    assert [attempt.step for attempt in caught.value.attempts] == ["PATH", "cache", "official installer", "build"]
    text = str(caught.value)
    for words in ("cannot be reached", "no Go on PATH", "PyPI: no route"):
        assert words in text
    for way in ("https://www.pulumi.com/docs/install/", "Go 1.25.11 or later on PATH", "LEANTO_ENGINE="):
        assert way in text


def test_a_cache_that_cannot_be_written_is_explained(machine, tmp_path: Path) -> None:
    machine.cache.write_text("a file where the folder should be")
    with pytest.raises(EngineMissingError, match="set LEANTO_CACHE"):
        ensure(machine.lines.append, machine.environ)
