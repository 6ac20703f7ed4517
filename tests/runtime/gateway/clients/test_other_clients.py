"""Claim: other people's clients and black-box testers find an OpenAI API at the gateway; `make clients` installs them.

What they may find missing is listed here, and told in docs/reference/conformance.md.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.runtime.gateway.conftest import Gateway

HERE = Path(__file__).parent
INSTALLED = HERE.parents[3] / "build" / "clients"
PYTHON = INSTALLED / "bin" / "python"
COMPATCANARY = INSTALLED / "node_modules" / "compatcanary" / "src" / "cli.js"
CURL = shutil.which("curl")

needs_clients = pytest.mark.skipif(not PYTHON.exists(), reason="other people's clients are not there: run make clients")
needs_compatcanary = pytest.mark.skipif(not COMPATCANARY.exists(), reason="compatcanary is not there: run make clients")


def run(gateway: Gateway, *command: object) -> subprocess.CompletedProcess[str]:
    own = {"LEANTO_URL": gateway.url, "OPENAI_API_KEY": "sk-lt-x", "HOME": str(INSTALLED), "PATH": os.environ["PATH"]}
    words = [str(word) for word in command]
    return subprocess.run(words, env=own, cwd=INSTALLED, capture_output=True, text=True, timeout=240, check=False)


@needs_clients
@pytest.mark.long
@pytest.mark.parametrize("suite", ["langchain", "llama_index", "openapi"])
def test_a_clients_own_suite_passes(gateway: Gateway, suite: str) -> None:
    # One event loop for all, as LangChain keeps its connections for the whole process.
    loops = [f"asyncio_default_{kind}_loop_scope=session" for kind in ("test", "fixture")]
    settings = [word for setting in ("asyncio_mode=auto", *loops) for word in ("-o", setting)]
    options = ["-q", "--noconftest", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", INSTALLED, *settings]
    found = run(gateway, PYTHON, "-m", "pytest", *options, HERE / "suites" / f"test_{suite}.py")
    assert found.returncode == 0, found.stdout + found.stderr


@needs_clients
@pytest.mark.long
def test_llm_comply_finds_only_what_is_declared(gateway: Gateway) -> None:
    chosen = ["--format", "openai-chat", "-u", f"{gateway.url}/v1", "-k", "sk-lt-x", "-m", "small", "--json"]
    found = run(gateway, INSTALLED / "bin" / "llm-comply", "run", *chosen)
    results = json.loads(found.stdout)["results"]
    assert {one["id"]: one["status"] for one in results} == {
        "chat-basic-response": "passed",
        "chat-system-prompt": "passed",
        "chat-multi-turn": "passed",
        "chat-tool-calling": "passed",
        "chat-streaming-response": "passed",
        "chat-streaming-usage": "passed",
        "chat-image-input": "failed",
        "chat-reasoning-summary": "skipped",
        "chat-error-handling": "passed",
    }


@needs_compatcanary
@pytest.mark.long
def test_compatcanary_passes_all_of_its_chat_profile(gateway: Gateway) -> None:
    chosen = ["--base-url", f"{gateway.url}/v1", "--model", "small", "--profile", "chat"]
    found = run(gateway, "node", COMPATCANARY, "scan", *chosen)
    lines = [line.split("  ")[0] for line in found.stdout.splitlines() if line.startswith(("PASS", "WARN", "FAIL"))]
    assert (lines, found.returncode) == (["PASS"] * 5, 0), found.stdout + found.stderr


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
def test_curl_gets_an_answer_and_a_stream(gateway: Gateway) -> None:
    def curl(document: dict[str, object]) -> str:
        headers = ["-H", "Authorization: Bearer sk-lt-x", "-H", "Content-Type: application/json"]
        words = [
            CURL,
            "-sSN",
            "--fail-with-body",
            *headers,
            f"{gateway.url}/v1/chat/completions",
            "-d",
            json.dumps(document),
        ]
        return subprocess.run(
            [str(word) for word in words], capture_output=True, text=True, timeout=20, check=True
        ).stdout

    question = {"model": "small", "messages": [{"role": "user", "content": "hello"}]}
    assert json.loads(curl(question))["object"] == "chat.completion"
    events = curl(question | {"stream": True}).split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert [json.loads(event.removeprefix("data: "))["object"] for event in events[:-2]] == [
        "chat.completion.chunk"
    ] * (len(events) - 2)
