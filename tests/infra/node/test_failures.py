"""A boot that cannot succeed ends at once: the reason in the table and the bucket, and exactly one shutdown."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from infra.node import Artefact
from runtime.decide.nodes import FAILED
from runtime.state.nodes import _node
from tests.infra.node.machine import ARCHIVE, WEIGHTS, Machine, agent_archive, digest

SLOW_SECONDS = 30
Change = Callable[[Machine], None]
MODEL = f"models/{digest(WEIGHTS)}/tiny.gguf"
ENGINE = f"engines/{digest(ARCHIVE)}.tar"
FORBIDDEN = "An error occurred (403) when calling the HeadObject operation: Forbidden"


@dataclass(frozen=True)
class Case:
    """What is wrong with a machine, and what it then says."""

    name: str
    reason: str
    change: Change


def put(name: str, data: bytes) -> Change:
    return lambda machine: machine.put(name, data)


def lost(key: str) -> Change:
    return lambda machine: (machine.folder / "store" / key).unlink()


def without(*names: str) -> Change:
    return lambda machine: machine.without(*names)


def together(*changes: Change) -> Change:
    def change(machine: Machine) -> None:
        for one in changes:
            one(machine)

    return change


def agent_of(data: bytes) -> Change:
    """Deploy another agent, with its right hash."""

    def change(machine: Machine) -> None:
        artefact = Artefact(f"agent/{digest(data)}.zip", digest(data))
        machine.put(artefact.key, data)
        machine.change(agent=artefact)

    return change


def an_agent_for_another_python(machine: Machine) -> None:
    agent_of(agent_archive(machine.folder / "other.zip", "import nowhere\n"))(machine)


def openssl(instead: str) -> Change:
    """Have openssl do something else where the machine makes a key or a certificate."""

    def change(machine: Machine) -> None:
        path = machine.folder / "bin/openssl"
        path.write_text(f'#!/bin/bash\n{instead}\nexec /usr/bin/openssl "$@"\n')
        path.chmod(0o755)

    return change


CASES = (
    Case("a model with other bytes", f"{MODEL} has another sha256 than the deployment names", put(MODEL, b"others")),
    Case("an engine with other bytes", f"{ENGINE} has another sha256 than the deployment names", put(ENGINE, b"oth")),
    Case("no permission for the model", f"{MODEL} could not be fetched: fatal error: {FORBIDDEN}", lost(MODEL)),
    Case("no permission for the engine", f"{ENGINE} could not be fetched: fatal error: {FORBIDDEN}", lost(ENGINE)),
    Case("no GPU", "nvidia-smi finds no GPU", without("nvidia-smi")),
    Case("a GPU that does not answer", "nvidia-smi finds no GPU", put("gpu-fails", b"")),
    Case("a GPU of unknown size", "nvidia-smi does not tell how much memory the GPU has", put("gpu", b"[N/A]\n")),
    Case(
        "too small a GPU",
        "the GPU has 8192 MiB of memory, and the model takes 10000 MiB",
        put("gpu", b"8192\n"),
    ),
    Case("no space", "1024 MiB are free, and model and engine take 8192 MiB", put("free", b"1073741824\n")),
    Case("a clock ahead", "the clock was 1", put("off", b"120\n")),
    Case("a clock behind", "the clock was -6", put("off", b"-61\n")),
    Case(
        "a damaged image",
        "docker could not load the engine's image: Error processing tar file: EOF",
        together(put("load.fails", b""), put("load.out", b"Error processing tar file: EOF\n")),
    ),
    Case("two images", "the engine's archive does not hold one image", put("image-id", b"sha256:1\nsha256:2\n")),
    Case("no image", "the engine's archive does not hold one image", put("load.out", b"\n")),
    Case("no docker", "docker could not load the engine's image: ", without("docker")),
    Case(
        "an empty key",
        "openssl made no key for the engine, which would serve everybody without one",
        openssl('[ "$1" != rand ] || exit 0'),
    ),
    Case("no certificate", "openssl made no certificate", openssl('[ "$1" != req ] || exit 1')),
    Case("a broken agent", "the agent's archive cannot be opened", agent_of(b"no archive")),
    Case("an agent for another Python", "the agent does not run under Python ", an_agent_for_another_python),
    Case("systemd refuses", "systemd did not start engine and agent", put("systemd-fails", b"")),
    Case("what nobody foresaw", "the boot script ended in an unforeseen way, near line ", without("du")),
    Case("a part that nobody foresaw", "the engine ended in an unforeseen way", put("docker-unit-fails", b"")),
)


def first_line(machine: Machine) -> str:
    return machine.told.splitlines()[0]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_reason_stands_in_table_and_bucket_and_the_node_shuts_down_once(machine: Machine, case: Case) -> None:
    case.change(machine)
    assert machine.run() == 1
    node = _node(machine.item)
    assert node is not None
    assert node.state == FAILED
    assert node.reason.startswith(case.reason)
    assert first_line(machine) == node.reason
    assert "what the units said" in machine.told
    assert machine.called("shutdown") == [["shutdown", "-h", "now"]]
    assert machine.calls[-1] == ["shutdown", "-h", "now"]
    assert ["systemctl", "start", "leanto-agent.service"] not in machine.calls


def test_the_phases_so_far_are_told_with_the_reason(machine: Machine) -> None:
    machine.put(MODEL, b"others")
    machine.run()
    assert [name for name in machine.item["phases"] if name != "system"] == ["facts", "checks", "disk"]


def test_what_has_another_hash_is_not_kept(machine: Machine) -> None:
    machine.put(MODEL, b"others")
    machine.run()
    assert list((machine.root / "opt/leanto/data/model").glob("*.gguf*")) == [
        machine.root / "opt/leanto/data/model/tiny.gguf.error"
    ]


def test_a_node_whose_table_refuses_it_goes_and_says_so_in_the_bucket(machine: Machine) -> None:
    machine.put("table-refuses", b"")
    assert machine.run() == 1
    assert first_line(machine) == "the table did not take this node's entry"
    assert machine.calls[-1] == ["shutdown", "-h", "now"]


def test_a_node_shuts_down_though_it_can_tell_nobody(machine: Machine) -> None:
    machine.without("aws", "journalctl")
    machine.run()
    assert machine.called("shutdown") == [["shutdown", "-h", "now"]]


def test_a_machine_without_metadata_shuts_down(machine: Machine) -> None:
    machine.variables = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9"}
    assert machine.run() == 1
    left = (machine.folder / "store/boot/unknown.txt").read_text()
    assert left.startswith("the metadata service gave no session token\n")
    assert machine.called("shutdown") == [["shutdown", "-h", "now"]]


def test_a_part_that_fails_ends_the_boot_though_another_still_runs(machine: Machine) -> None:
    """A large object may take a minute; a node that cannot serve does not wait for it."""
    machine.put(f"{machine.values.agent.key}.slow", b"")
    machine.put(ENGINE, b"others")
    begun = time.monotonic()
    machine.run()
    assert time.monotonic() - begun < SLOW_SECONDS / 2
    assert first_line(machine).startswith(ENGINE)
    assert machine.running() == []


def test_a_wrong_clock_is_set_before_the_failure_is_told(machine: Machine) -> None:
    """AWS takes no request that was signed at another time."""
    machine.put("off", b"7200\n")
    machine.run()
    set_to = int((machine.folder / "store/set").read_text().removeprefix("@"))
    assert abs(set_to - time.time()) < 30


@pytest.mark.parametrize("off", [b"8\n", b"-8\n"])
def test_a_clock_that_is_a_little_off_is_good_enough(machine: Machine, off: bytes) -> None:
    machine.put("off", off)
    assert machine.run() == 0, machine.log


def test_words_of_others_cannot_break_the_entry(machine: Machine) -> None:
    """What docker says is quoted in the reason."""
    machine.put("load.fails", b"")
    machine.put("load.out", b'", "state": {"S": "ready"} `$(touch x)` \\ \xc3\xa4' + b"x" * 1000)
    assert machine.run() == 1
    assert machine.item["state"] == FAILED
    assert len(machine.item["reason"]) <= 300
    assert not set(machine.item["reason"]) & set('"\\`$')


def test_an_engine_that_ends_again_and_again_takes_the_node_away(own: Machine) -> None:
    own.put("engine-failed", b"")
    assert own.run_again("leave") == 0
    reason = "the engine ended five times within ten minutes"
    assert (own.item["state"], own.item["reason"]) == (FAILED, reason)
    assert first_line(own) == reason
    assert own.called("systemctl", "stop") == [["systemctl", "stop", "leanto-agent.service", "leanto-engine.service"]]
    assert own.called("shutdown") == [["shutdown", "-h", "now"]]


def test_the_reason_of_an_agent_that_gave_up_is_kept(own: Machine) -> None:
    own.put("reason", b"the engine was not loaded within 300 s\n")
    assert own.run_again("leave") == 0
    assert (own.item["state"], own.item["reason"]) == (FAILED, "the engine was not loaded within 300 s")
    assert first_line(own) == "the engine was not loaded within 300 s"
    assert own.called("shutdown") == [["shutdown", "-h", "now"]]


def test_an_agent_that_ends_without_a_word_takes_the_node_away(own: Machine) -> None:
    assert own.run_again("leave") == 0
    assert own.item["reason"] == "the agent ended for good; the log in the bucket says why"
    assert "what the units said" in own.told
    assert own.called("shutdown") == [["shutdown", "-h", "now"]]
