"""Requests made from OpenAI's own OpenAPI description, right ones and wrong ones, by schemathesis.

Runs in the environment of `make clients`, not in the project's; the description is the one that llm-comply ships.
"""

import json
import os
from importlib.resources import files
from typing import Any

import pytest

pytest.importorskip("schemathesis", reason="run by make clients, in another environment")

import schemathesis
from hypothesis import HealthCheck, settings

DESCRIPTION = json.loads((files("llm_comply") / "specs" / "openai_chat.json").read_text())
PATHS = ["/chat/completions", "/completions", "/embeddings", "/responses", "/models", "/models/{model}"]
KEY = {"Authorization": "Bearer sk-lt-checked-by-the-authorizer"}
SCHEMA = schemathesis.openapi.from_dict(DESCRIPTION).include(path=PATHS)


@SCHEMA.parametrize()
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_request_makes_the_gateway_fail_and_every_refusal_has_openais_shape(case: Any) -> None:
    if isinstance(case.body, dict) and isinstance(case.body.get("model"), str):
        case.body["model"] = "several"
    response = case.call(base_url=os.environ["LEANTO_URL"] + "/v1", headers=KEY)
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        error = response.json()["error"]
        assert error.keys() == {"message", "type", "param", "code"}
        assert isinstance(error["message"], str)
