"""Claim: other people's clients and black-box testers find an OpenAI API at the gateway; `make clients` installs them.

What they find stands in docs/reference/conformance.md, each row of which is held to what was found just now.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from runtime.decide.endpoints import ENDPOINTS
from tests.runtime.gateway.clients.counting import Found, of_pytest
from tests.runtime.gateway.conftest import PRICE, Gateway, Provider

HERE = Path(__file__).parent
INSTALLED = HERE.parents[3] / "build" / "clients"
PYTHON = INSTALLED / "bin" / "python"
COMPATCANARY = INSTALLED / "node_modules" / "compatcanary" / "src" / "cli.js"
CURL = shutil.which("curl")
SUITES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "langchain": ("LangChain", "langchain-openai"),
        "llama_index": ("LlamaIndex", "llama-index-llms-openai-like"),
        "openapi": ("schemathesis", "schemathesis"),
    }
)
"""Our file -> whose checks they are, and the package that runs them."""
PRICED = PRICE | {"image_tokens": 20_000}

needs_clients = pytest.mark.skipif(not PYTHON.exists(), reason="other people's clients are not there: run make clients")
needs_compatcanary = pytest.mark.skipif(not COMPATCANARY.exists(), reason="compatcanary is not there: run make clients")


@pytest.fixture
def served(start_gateway: Callable[..., Gateway], provider: Provider) -> Gateway:
    """A gateway whose route `several` answers at every endpoint."""
    provider.control(delay_chunk_seconds=0.0)
    upstream = {"provider": "acme", "base_url": provider.stand_in.base_url, "endpoints": list(ENDPOINTS)}
    return start_gateway(upstreams=[upstream], price=PRICED, image_addresses=True)


def run(gateway: Gateway, *command: object) -> subprocess.CompletedProcess[str]:
    own = {"LEANTO_URL": gateway.url, "OPENAI_API_KEY": "sk-lt-x", "HOME": str(INSTALLED), "PATH": os.environ["PATH"]}
    words = [str(word) for word in command]
    return subprocess.run(words, env=own, cwd=INSTALLED, capture_output=True, text=True, timeout=240, check=False)


def versioned(name: str, package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    found = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return f"{name} {found.stdout.strip()}"


@needs_clients
@pytest.mark.long
@pytest.mark.parametrize("suite", SUITES)
def test_a_clients_own_suite_finds_what_the_page_tells(served: Gateway, suite: str, tmp_path: Path) -> None:
    # One event loop for all, as LangChain keeps its connections for the whole process.
    loops = [f"asyncio_default_{kind}_loop_scope=session" for kind in ("test", "fixture")]
    settings = [word for setting in ("asyncio_mode=auto", *loops) for word in ("-o", setting)]
    options = ["-q", "--noconftest", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", INSTALLED, *settings]
    report = tmp_path / "report.xml"
    found = run(served, PYTHON, "-m", "pytest", *options, "--junitxml", report, HERE / "suites" / f"test_{suite}.py")
    assert found.returncode == 0, found.stdout + found.stderr
    of_pytest(versioned(*SUITES[suite]), report).hold_to_the_page()


@needs_clients
@pytest.mark.long
@pytest.mark.parametrize("form", ["openai-chat", "open-responses"])
def test_llm_comply_finds_what_the_page_tells(served: Gateway, form: str) -> None:
    chosen = ["--format", form, "-u", f"{served.url}/v1", "-k", "sk-lt-x", "-m", "several", "--json"]
    printed = run(served, INSTALLED / "bin" / "llm-comply", "run", *chosen)
    results = json.loads(printed.stdout)["results"]
    by_status = {
        status: {one["id"]: "; ".join(one.get("errors", ())) for one in results if one["status"] == status}
        for status in ("passed", "failed", "skipped")
    }
    assert by_status["failed"] == {}
    tool = f"{versioned('llm-comply', 'llm-comply')} `{form}`"
    Found(tool, len(by_status["passed"]), {}, by_status["skipped"]).hold_to_the_page()


@needs_compatcanary
@pytest.mark.long
@pytest.mark.parametrize("profile", ["chat", "modern"])
def test_compatcanary_finds_what_the_page_tells(served: Gateway, profile: str) -> None:
    chosen = ["--base-url", f"{served.url}/v1", "--model", "several", "--profile", profile, "--format", "json"]
    printed = run(served, "node", COMPATCANARY, "scan", *chosen)
    assert printed.returncode == 0, printed.stdout + printed.stderr
    report = json.loads(printed.stdout)
    others = {one["id"]: one["summary"] for one in report["results"] if one["status"] != "pass"}
    tool = f"CompatCanary {report['scanner']['version']} `{profile}`"
    Found(tool, report["summary"]["passes"], others, {}).hold_to_the_page()


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
