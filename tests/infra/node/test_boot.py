"""The boot script, run for real: what a good boot leaves behind, and that a restart uses what is there."""

import stat
import subprocess
from pathlib import Path

import pytest

from runtime.decide.nodes import BOOTING, starting
from runtime.node.configuration import load_configuration
from runtime.node.heartbeat import read_phases
from runtime.state.nodes import _node
from tests.infra.node.machine import IMAGE_ID, Machine

STARTED = ["systemctl", "start", "leanto-engine.service", "leanto-engine-restart.path", "leanto-agent.service"]
NVME = b"/dev/nvme0n1 Amazon Elastic Block Store\n/dev/nvme1n1 Amazon EC2 NVMe Instance Storage        \n"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def fetched(machine: Machine) -> set[str]:
    """Return the kinds of objects that were fetched."""
    return {call[4].split("/")[3] for call in machine.called("aws", "s3", "cp", "--only-show-errors")}


def test_the_last_thing_of_a_good_boot_is_the_start_of_engine_and_agent(booted: Machine) -> None:
    assert booted.calls[-1] == STARTED
    assert booted.called("shutdown") == []
    assert not (booted.folder / "store/boot").exists()


def test_the_gateway_reads_the_entry_of_a_booting_node(booted: Machine) -> None:
    node = _node(booted.item)
    assert node is not None
    facts = (node.id, node.state, node.address, node.instance_type, node.zone, node.market, node.slots, node.engine)
    identity = booted.metadata.facts.instance_id
    assert facts == (identity, BOOTING, "10.42.0.7", "g6.xlarge", "eu-west-1a", "spot", 2, "llama.cpp")
    assert starting([node], "tiny-random", node.started + 1) == [node]
    assert booted.item["expires"] == node.heartbeat + 24 * 3600


def test_the_agent_reads_its_configuration(booted: Machine) -> None:
    read = load_configuration(booted.root / "run/leanto/agent.json")
    values = booted.values
    assert (read.table, read.region, read.model, read.engine) == ("leanto-box", "eu-west-1", "tiny-random", "llama.cpp")
    assert (read.address, read.listen, read.port, read.engine_url) == (
        "10.42.0.7",
        "0.0.0.0",  # noqa: S104
        8443,
        "http://127.0.0.1:8080",
    )
    assert (read.slots, read.queue_per_slot, read.drain_seconds) == (2, 1, values.drain_seconds)


def test_systemd_gives_the_agent_every_file_that_its_configuration_names(booted: Machine) -> None:
    read = load_configuration(booted.root / "run/leanto/agent.json")
    folder = booted.root / "run/credentials/leanto-agent.service"
    lines = booted.unit("leanto-agent.service").splitlines()
    given = {line.removeprefix("LoadCredential=") for line in lines if line.startswith("LoadCredential=")}
    sources = dict(one.split(":", 1) for one in given)
    named = {read.engine_key_file, read.certificate_file, read.key_file, read.phases_file, folder / "agent.json"}
    assert named == {folder / name for name in sources}
    assert [path for path in sources.values() if not Path(path).is_file()] == []


def test_the_box_places_engine_and_agent_on_an_address_of_their_own(machine: Machine) -> None:
    machine.variables = {"LEANTO_LISTEN": "127.42.0.7", "LEANTO_LOOPBACK": "127.42.0.7"}
    machine.run()
    read = load_configuration(machine.root / "run/leanto/agent.json")
    assert (read.listen, read.engine_url) == ("127.42.0.7", "http://127.42.0.7:8080")
    assert "--host 127.42.0.7 " in machine.unit("leanto-engine.service")


def test_phases_follow_one_another_and_are_told_in_milliseconds(booted: Machine) -> None:
    phases = read_phases(booted.root / "run/leanto/phases")
    assert [name for name in phases if name != "system"] == ["facts", "checks", "disk", "artefacts", "units"]


def test_keys_are_made_and_nobody_but_root_reads_them(booted: Machine) -> None:
    folder = booted.root / "run/leanto"
    assert mode(folder) == 0o700
    assert mode(folder / "tls.key") == 0o600
    assert len((folder / "engine-key").read_text().strip()) == 64


def test_the_certificate_is_of_p_256_for_thirty_days_in_the_instances_name(booted: Machine) -> None:
    words = ["openssl", "x509", "-noout", "-text", "-in", str(booted.root / "run/leanto/tls.crt")]
    text = subprocess.run(words, capture_output=True, check=True, text=True).stdout
    assert "prime256v1" in text
    assert f"CN = {booted.metadata.facts.instance_id}" in text
    checked = [
        subprocess.run(["openssl", "x509", "-checkend", str(days * 86400), "-noout", "-in", words[-1]], check=False)
        for days in (29, 31)
    ]
    assert [done.returncode for done in checked] == [0, 1]


@pytest.mark.parametrize("fixture", ["booted", "booted_with_vllm"])
def test_no_key_stands_in_a_log_a_unit_or_a_command_line(request: pytest.FixtureRequest, fixture: str) -> None:
    machine: Machine = request.getfixturevalue(fixture)
    folder = machine.root / "run/leanto"
    private = (folder / "tls.key").read_text().splitlines()[1]
    units = [path.read_text() for path in (machine.root / "etc/systemd/system").iterdir()]
    texts = [machine.log, machine.output, str(machine.calls), str(machine.item), *units]
    texts.append((folder / "agent.json").read_text())
    for secret in ((folder / "engine-key").read_text().strip(), private):
        assert [text for text in texts if secret in text] == []


def test_vllm_is_given_its_key_in_a_file_that_root_reads(booted_with_vllm: Machine) -> None:
    machine = booted_with_vllm
    path = machine.root / "run/leanto/engine.env"
    lines = path.read_text().splitlines()
    assert lines[0] == "VLLM_API_KEY=" + (machine.root / "run/leanto/engine-key").read_text().strip()
    assert "HF_HUB_OFFLINE=1" in lines
    assert mode(path) == 0o600
    assert f"--env-file {path} " in machine.unit("leanto-engine.service")
    assert {path.name for path in (machine.root / "opt/leanto/data/model").glob("*[!r]")} >= {"config.json"}


def test_the_image_is_run_by_its_id(booted: Machine) -> None:
    assert f" {IMAGE_ID} --model /models/tiny.gguf " in booted.unit("leanto-engine.service")


def test_the_bytes_lie_where_the_engine_sees_them_and_every_user_may_read_them(booted: Machine) -> None:
    folder = booted.root / "opt/leanto/data/model"
    assert (folder / "tiny.gguf").read_bytes() == b"the weights"
    assert (mode(folder), mode(folder / "tiny.gguf"), mode(booted.root / "opt/leanto/agent")) == (0o755, 0o644, 0o755)
    assert f"source={folder},target=/models,readonly" in booted.unit("leanto-engine.service")


def test_a_restart_fetches_and_loads_nothing_again(own: Machine) -> None:
    key = (own.root / "run/leanto/engine-key").read_text()
    own.forget()
    assert own.run_again() == 0, own.log
    assert fetched(own) == set()
    assert own.called("docker", "load") == []
    assert own.calls[-1] == STARTED
    assert (own.root / "run/leanto/engine-key").read_text() != key


def test_a_restart_fetches_again_what_has_lost_its_hash(own: Machine) -> None:
    (own.root / "opt/leanto/data/model/tiny.gguf").write_bytes(b"the weightz")
    own.forget()
    assert own.run_again() == 0, own.log
    assert fetched(own) == {"models"}
    assert (own.root / "opt/leanto/data/model/tiny.gguf").read_bytes() == b"the weights"


def test_a_restart_loads_the_engine_again_that_docker_has_lost(own: Machine) -> None:
    own.forget()
    own.put("image-lost", b"")
    assert own.run_again() == 0, own.log
    assert fetched(own) == {"engines"}


def test_a_new_nvme_is_formatted_mounted_and_used(machine: Machine) -> None:
    machine.put("disks", NVME)
    assert machine.run() == 0, machine.log
    folder = machine.root / "mnt/leanto"
    assert [call[-1] for call in machine.called("mkfs.ext4")] == ["/dev/nvme1n1"]
    assert [call[-2:] for call in machine.called("mount")] == [["/dev/nvme1n1", str(folder)]]
    assert (folder / "leanto/model/tiny.gguf").exists()


def test_an_nvme_of_an_earlier_boot_is_mounted_as_it_is(machine: Machine) -> None:
    machine.put("disks", NVME)
    machine.put("label", b"leanto\n")
    assert machine.run() == 0, machine.log
    assert machine.called("mkfs.ext4") == []
    assert len(machine.called("mount")) == 1


def test_an_nvme_that_the_machine_image_has_mounted_is_used_where_it_is(machine: Machine) -> None:
    """As the Deep Learning AMI does, through LVM."""
    machine.put("disks", NVME)
    machine.put("mounted", f"\n{machine.folder}/dlami\n".encode())
    assert machine.run() == 0, machine.log
    assert machine.called("mkfs.ext4") + machine.called("mount") == []
    assert (machine.folder / "dlami/leanto/model/tiny.gguf").exists()


@pytest.mark.parametrize("disks", [b"/dev/nvme0n1 Amazon Elastic Block Store\n", NVME])
def test_without_an_nvme_that_can_be_used_the_root_volume_is(machine: Machine, disks: bytes) -> None:
    machine.put("disks", disks)
    machine.put("mkfs-fails", b"")
    assert machine.run() == 0, machine.log
    assert "no NVMe: the model lies on the root volume" in machine.log
    assert (machine.root / "opt/leanto/data/model/tiny.gguf").exists()
