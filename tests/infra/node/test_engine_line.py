"""The engines' command lines as a boot writes them: known flags, on loopback, with a key, as sized."""

import shlex
from pathlib import Path

from leanto.embedded.instances.llama_server import parser
from runtime.node.configuration import load_configuration
from tests.infra.node.machine import IMAGE_ID, Machine

KNOWN = Path(__file__).with_name("llama-server-flags.txt")
REFUSED = (
    "--tools",
    "--ui-mcp-proxy",
    "--props",
    "--log-prompts-dir",
    "--slots",
    "--api-key",
    "--verbose",
    "--hf-repo",
)
"""They open the server's administration, write prompts down, show the key to everybody, or fetch something."""


def arguments(machine: Machine) -> list[str]:
    """Return what stands behind the image."""
    (line,) = [row for row in machine.unit("leanto-engine.service").splitlines() if row.startswith("ExecStart=")]
    return shlex.split(line.partition(f" {IMAGE_ID} ")[2])


def test_the_boxs_server_takes_the_command_line(booted: Machine) -> None:
    options = parser().parse_args(arguments(booted))
    assert (options.host, options.port, options.alias) == ("127.0.0.1", 8080, "tiny-random")
    assert (options.parallel, options.ctx_size) == (2, 2 * 1024)
    assert (str(options.model), str(options.api_key_file)) == ("/models/tiny.gguf", "/run/engine-key")
    assert options.metrics
    assert options.no_slots
    assert options.offline


def test_llama_server_knows_every_flag(booted: Machine) -> None:
    known = set(KNOWN.read_text().splitlines()[1:])
    flags = [word for word in arguments(booted) if word.startswith("--")]
    assert [flag for flag in flags if flag not in known] == []
    assert len(flags) == len(set(flags))


def test_nothing_opens_more_of_the_server_than_the_models(booted: Machine) -> None:
    assert [flag for flag in REFUSED if flag in arguments(booted)] == []


def test_vllm_serves_the_folder_as_sized(booted_with_vllm: Machine) -> None:
    words = arguments(booted_with_vllm)
    assert words[:2] == ["serve", "/models"]
    options = dict(zip(words[2::2], words[3::2], strict=False))
    assert options == {
        "--served-model-name": "tiny-random",
        "--host": "127.0.0.1",
        "--port": "8000",
        "--max-model-len": "1024",
        "--max-num-seqs": "2",
        "--gpu-memory-utilization": "0.9",
        "--shutdown-timeout": "10",
    }
    assert words[-1] == "--disable-fastapi-docs"


def test_the_agent_asks_the_engine_where_it_listens(booted: Machine, booted_with_vllm: Machine) -> None:
    for machine in (booted, booted_with_vllm):
        words = arguments(machine)
        place = f"http://{words[words.index('--host') + 1]}:{words[words.index('--port') + 1]}"
        assert load_configuration(machine.root / "run/leanto/agent.json").engine_url == place
