"""Templates: nothing missing goes unnoticed, nothing that is put in changes what is around it."""

import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from infra.api import gateway_responses
from infra.rendering import TEMPLATES, compact, render, render_json

NODE = "node/user-data.sh.j2"
VALUES = {"stack": "s", "region": "r", "bucket": "b", "prefix": "boot/", "group": "g"}


@pytest.mark.parametrize("missing", VALUES)
def test_a_variable_that_nobody_gives_is_an_error(missing: str) -> None:
    with pytest.raises(UndefinedError, match=missing):
        render(NODE, **{name: value for name, value in VALUES.items() if name != missing})


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_what_is_quoted_is_one_word_of_bash(value: str) -> None:
    line = next(line for line in render(NODE, **{**VALUES, "region": value}).split("\n") if line.startswith("export"))
    assert shlex.split(line) == ["export", f"AWS_DEFAULT_REGION={value}"]


def test_every_template_is_rendered_somewhere() -> None:
    """A template that nothing names is dead text."""
    packages = tuple(TEMPLATES.parent / name for name in ("benchmarks", "infra", "leanto"))
    sources = "\n".join(path.read_text() for package in packages for path in package.rglob("*.py"))
    named = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.j2")}
    assert {name for name in named if name.rpartition("/")[2] not in sources} == set()


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
