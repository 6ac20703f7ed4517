"""Claim: a gateway that runs as a server signs its calls of a guardrail, also when no provider wants a signature."""

import json
from pathlib import Path
from typing import Any

import pytest

from leanto.gateway.aws_variables import AwsVariables
from leanto.gateway.stand import stand_of
from tests.runtime.gateway.conftest import LIMITS
from tests.runtime.gateway.guarding import RATES_PER_THOUSAND

CHECK = {
    "id": "a",
    "version": "1",
    "base_url": "https://bedrock-runtime.eu-west-1.amazonaws.com",
    "on_failure": "closed",
    "on_input": "block",
    "rates": RATES_PER_THOUSAND,
    "assumed": ["contentPolicyUnits"],
}


@pytest.mark.parametrize("check", [None, CHECK])
def test_credentials_are_looked_for_where_something_is_signed(
    check: dict[str, Any] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    route: dict[str, Any] = {"model": "small", "created": 1, "upstreams": []}
    document = {"schema": 2, "stack": "s", "limits": LIMITS, "providers": {}, "routes": [route]}
    if check is not None:
        route["content_check"] = check
    path = tmp_path / "deployment.json"
    path.write_text(json.dumps(document))
    stand = stand_of(
        path, table=None, relay=None, key=None, region="eu-west-1", provider_keys=None, key_names={}, environ={}
    )
    assert isinstance(stand.variables, AwsVariables) is (check is not None)
