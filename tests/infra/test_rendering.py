"""Templates: nothing missing goes unnoticed, nothing that is put in changes what is around it."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from catalog.engines import ENGINES
from catalog.tables import catalogue
from infra.api import gateway_responses
from infra.naming import Names, Place
from infra.node import node_values
from infra.rendering import TEMPLATES, compact, render, render_json
from infra.serving import Serving

BOOT = "node/boot.sh.j2"
NODE = node_values(
    Names("team", Place("aws", "eu-central-1", "123456789012")),
    Serving(catalogue().open_models["qwen3-4b-instruct-2507-q4_k_m"], 8192, 4),
    "the-bucket",
    "a" * 64,
    "registry.invalid/engine@sha256:" + "b" * 64,
    "c" * 64,
)


def test_a_variable_that_nobody_gives_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="node"):
        render(BOOT)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_what_is_quoted_is_one_word_of_bash(value: str) -> None:
    script = render(BOOT, node=replace(NODE, bucket=value))
    line = next(line for line in script.split("\n") if line.startswith("BUCKET="))
    assert shlex.split(line) == [f"BUCKET={value}"]


def test_every_template_is_rendered_somewhere() -> None:
    """A template that neither code nor a template names is dead text; parts of names are put together."""
    packages = tuple(TEMPLATES.parent / name for name in ("benchmarks", "infra", "leanto"))
    sources = "\n".join(path.read_text() for package in packages for path in package.rglob("*.py"))
    templates = "\n".join(path.read_text() for path in TEMPLATES.rglob("*.j2"))
    named = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.j2")}
    engines = {f"node/engine-{engine}.j2" for engine in ENGINES}
    unnamed = {name for name in named - engines if Path(name).name not in sources and name not in templates}
    units = {name for name in unnamed if Path(name).stem not in templates}
    assert units == set()


def test_api_gateway_answers_in_the_shape_of_openais_errors() -> None:
    expected = {
        "UNAUTHORIZED": "401",
        "ACCESS_DENIED": "401",
        "MISSING_AUTHENTICATION_TOKEN": "404",
        "RESOURCE_NOT_FOUND": "404",
        "REQUEST_TOO_LARGE": "413",
        "UNSUPPORTED_MEDIA_TYPE": "415",
        "THROTTLED": "429",
        "QUOTA_EXCEEDED": "429",
        "AUTHORIZER_FAILURE": "503",
        "AUTHORIZER_CONFIGURATION_ERROR": "503",
        "INTEGRATION_FAILURE": "502",
        "INTEGRATION_TIMEOUT": "504",
        "DEFAULT_4XX": None,
        "DEFAULT_5XX": None,
    }
    answers = {answer.kind: answer for answer in gateway_responses(1234)}
    assert {kind: answer.status for kind, answer in answers.items()} == expected
    for answer in answers.values():
        error = json.loads(answer.body)["error"]
        assert error.keys() == {"message", "type", "param", "code"}
        assert error["message"].endswith(".")
    assert "1234 bytes" in answers["REQUEST_TOO_LARGE"].body


def test_no_answer_of_api_gateway_holds_what_a_client_sent() -> None:
    """A reference such as $context.error.message could repeat a header: none is in any body."""
    assert [answer.kind for answer in gateway_responses(1) if "$" in answer.body] == []


def test_the_access_log_knows_the_key_by_its_id_only() -> None:
    log = render_json("front/access-log.json.j2")
    assert log["keyId"] == "$context.authorizer.principalId"
    assert not [value for value in log.values() if "header" in value.lower() or "body" in value.lower()]


def test_json_is_written_one_way() -> None:
    assert compact({"b": 1, "a": "ü"}) == compact({"a": "ü", "b": 1}) == '{"a":"ü","b":1}'
