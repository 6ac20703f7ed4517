"""Claim: a model that a node, a container or a variable names is found, and what only looks like one is not."""

import pytest

from policies.served_models import in_texts
from policies.stack import item

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
COMMIT = "a06e946bb6b655725eafa393f4a9745d460374c9"


def found(script: str) -> list[tuple[str, str]]:
    node = item("urn:node", TEMPLATE, "node", {"userData": script})
    return [(model.name, model.revision) for model in in_texts(node)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("vllm serve acme/m-7b", ("acme/m-7b", "")),
        ("vllm serve 'acme/m-7b' --revision main", ("acme/m-7b", "main")),
        (f"python -m vllm --model=acme/m-7b --revision={COMMIT}", ("acme/m-7b", COMMIT)),
        ("huggingface-cli download acme/m-7b", ("acme/m-7b", "")),
        ("llama-server -hf acme/m-7b-GGUF", ("acme/m-7b-GGUF", "")),
        ("export HF_MODEL_ID=acme/m-7b", ("acme/m-7b", "")),
        ("vllm serve openai/gpt-oss-20b", ("openai/gpt-oss-20b", "")),
        ("ollama pull llama3.1:8b", ("llama3.1:8b", "")),
        ("curl https://huggingface.co/acme/m/resolve/main/m.gguf", ("acme/m", "main")),
    ],
)
def test_a_named_model_is_found(script: str, expected: tuple[str, str]) -> None:
    assert found(script) == [expected]


@pytest.mark.parametrize(
    "script",
    [
        "llama-server --model /models/m.gguf",
        "vllm serve /opt/models/m",
        "vllm serve s3://bucket/m",
        "echo serve",
        "docker run nginx",
        "vllm serve $MODEL",
    ],
)
def test_a_path_or_a_variable_is_no_model_of_the_hub(script: str) -> None:
    assert found(script) == []


def test_a_file_of_the_catalogue_is_known_by_its_repository() -> None:
    script = "curl https://huggingface.co/Qwen/Qwen3-8B-GGUF/resolve/main/Qwen3-8B-Q8_0.gguf"
    node = item("urn:node", TEMPLATE, "node", {"userData": script})
    (model,) = in_texts(node)
    assert model.row is not None
    assert model.row.id == "qwen3-8b-q8_0"
