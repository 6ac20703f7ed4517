"""Claims about a stack under the real engine: settings reach the program, results tell what happened to each thing."""

import json
import os

import pytest

from leanto.engine.changes import Progress
from leanto.engine.errors import DeploymentFailedError, StackUnknownError, StateUnreadableError

pytestmark = pytest.mark.engine


def operations(result) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {
        change.name: (change.operation, change.properties)
        for change in result.changed
        if change.type == "toy:index:Thing"
    }


def test_the_program_gets_defaults_stack_file_and_overlay_in_rising_order(toys) -> None:
    before = (toys.root / "Pulumi.dev.yaml").read_text()
    result = toys.deployment(overlay={"toys:routes": [{"model": "mine"}]}).up()
    assert toys.seen == {"mode": "fancy", "count": 3, "routes": [{"model": "mine"}]}
    assert dict(result.outputs) == {"mode": "fancy", "routes": [{"model": "mine"}]}
    assert (toys.root / "Pulumi.dev.yaml").read_text() == before
    assert not (toys.root / "Pulumi.dev.part").exists()


def test_each_run_tells_what_happened_to_each_resource(toys) -> None:
    toys.things = {"a": {"value": "1"}, "b": {"key": "1"}, "c": {}}
    stack = toys.deployment()
    assert operations(stack.up()) == {"a": ("create", ()), "b": ("create", ()), "c": ("create", ())}
    assert stack.preview().changed == ()
    toys.things = {"a": {"value": "2"}, "b": {"key": "2"}, "d": {}}
    wanted = {"a": ("update", ("value",)), "b": ("replace", ("key",)), "c": ("delete", ()), "d": ("create", ())}
    preview = stack.preview()
    assert operations(preview) == wanted
    assert preview.counts() == {"update": 1, "replace": 1, "delete": 1, "create": 1, "same": 1}
    assert next(change for change in preview.changed if change.name == "b").replacing_properties == ("key",)
    assert operations(stack.up()) == wanted
    assert stack.up().changed == ()
    assert operations(stack.destroy()) == dict.fromkeys("abd", ("delete", ()))


def test_refresh_tells_drift_and_the_next_preview_wants_to_undo_it(toys) -> None:
    toys.things = {"a": {"value": "1"}, "b": {"value": "drifted"}}
    toys.deployment().up()
    toys.environment["TOY_DRIFT"] = "drifted"
    drifted = toys.deployment()
    assert operations(drifted.refresh()) == {"a": ("update", ("value",))}
    assert operations(drifted.preview()) == {"a": ("update", ("value",))}
    toys.environment["TOY_DRIFT"] = "gone"
    assert operations(toys.deployment().refresh()) == dict.fromkeys("ab", ("delete", ()))


def test_a_lost_work_folder_does_not_lose_the_stack(toys, tmp_path) -> None:
    toys.things = {"a": {"value": "1"}}
    toys.deployment().up()
    assert toys.deployment(work_dir=tmp_path / "another").preview().changed == ()


def test_progress_is_told_as_it_happens(toys) -> None:
    toys.things = {"a": {"value": "1"}}
    events = []
    toys.deployment().up(events.append)
    phases = [event.phase for event in events if isinstance(event, Progress) and event.change.name == "a"]
    assert phases == ["started", "finished"]


def test_what_the_provider_refuses_comes_back_per_resource_without_noise(toys) -> None:
    toys.things = {"good": {}, "bad": {"fail": "ValidationException: no such thing"}}
    with pytest.raises(DeploymentFailedError) as caught:
        toys.deployment().up()
    assert str(caught.value) == "up failed:\n  - toy:index:Thing bad: ValidationException: no such thing"


def test_an_exception_of_the_program_comes_back_as_itself(toys) -> None:
    toys.problem = LookupError("toys:mode is wrong")
    with pytest.raises(LookupError, match="toys:mode is wrong") as caught:
        toys.deployment().up()
    assert caught.value is toys.problem


def test_an_exception_in_an_apply_is_told_without_its_traceback(toys, monkeypatch) -> None:
    import pulumi

    def program() -> None:
        pulumi.export("x", pulumi.Output.from_input(1).apply(lambda _: 1 / 0))

    monkeypatch.setattr(toys, "program", program)
    with pytest.raises(DeploymentFailedError) as caught:
        toys.deployment().up()
    assert "division by zero" in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_refused_invoke_is_told_as_a_failure_in_one_line(toys, monkeypatch) -> None:
    import pulumi

    def program() -> None:
        pulumi.runtime.invoke("toy:index:who", {}, pulumi.InvokeOptions(version="1.0.0"))

    monkeypatch.setattr(toys, "program", program)
    with pytest.raises(DeploymentFailedError) as caught:
        toys.deployment().up()
    assert str(caught.value).splitlines() == ["up failed:", "  - toy:index:who: the account does not answer"]


def test_a_stack_without_a_file_is_named_with_the_stacks_there_are(toys) -> None:
    with pytest.raises(StackUnknownError, match=r"no stack 'prod'.*stacks here: dev\)"):
        toys.deployment("prod")


def test_outputs_of_a_stack_that_was_never_deployed_say_so_and_make_nothing(toys) -> None:
    with pytest.raises(StackUnknownError, match="nothing is deployed under that name"):
        toys.deployment().outputs()
    assert not toys.state_file.exists()


def test_a_damaged_state_is_told_with_the_way_back(toys) -> None:
    toys.things = {"a": {}}
    toys.deployment().up()
    for damage in ("{", "", '{"version": 3, "checkpoint": {"latest": 7}}'):
        toys.state_file.write_text(damage)
        with pytest.raises(StateUnreadableError, match=r"backups"):
            toys.deployment().up()


def test_a_state_folder_that_cannot_be_made_is_told(toys) -> None:
    toys.state.write_text("a file")
    with pytest.raises(StateUnreadableError, match="--state"):
        toys.deployment()


def test_plugins_see_nothing_of_the_users_environment(toys, monkeypatch) -> None:
    """A profile or a provider's key of the user must not reach AWS in a box, nor the state."""
    monkeypatch.setenv("AWS_PROFILE", "canary-profile")
    monkeypatch.setenv("OPENAI_API_KEY", "canary-key")
    toys.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
    toys.things = {"a": {"show": "AWS_PROFILE,OPENAI_API_KEY,AWS_ENDPOINT_URL,AWS_SHARED_CREDENTIALS_FILE"}}
    stack = toys.deployment()
    stack.up()
    (thing,) = [r for r in stack.export()["resources"] if r["type"] == "toy:index:Thing"]
    seen = thing["outputs"]["seen"]
    assert seen == {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    assert "canary" not in json.dumps(dict(stack.export()))
