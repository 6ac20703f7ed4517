"""Claim: what a provider names otherwise reaches it so; what it would ignore is refused, left out or goes elsewhere."""

import json
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, cast

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.aws import Aws
from runtime.decide.fields import FieldRules
from runtime.decide.prices import Price, Rates
from runtime.gateway.chat_request import read_chat_request
from runtime.gateway.deployment import Provider as Described
from runtime.gateway.deployment import ProviderUpstream
from runtime.gateway.wire import wire_of
from tests.runtime.gateway.conftest import Gateway, Provider

RULES = FieldRules(MappingProxyType({"max_tokens": "max_completion_tokens"}), ("seed", "tools[].function.strict"))
MESSAGES = [{"role": "user", "content": "canary-prompt"}]
IGNORES_FORMAT = {"unsupported": ["response_format"], "maxima": {"temperature": 1}}


def sent(body: bytes, *, drops: bool = True) -> bytes:
    """Return the body that goes out for a client's."""
    described = Described("acme", "https://acme.example/v1", "bearer", fields=RULES)
    upstream = ProviderUpstream(described, "theirs", Price(Rates(1, 1)), drops=drops)
    return wire_of(upstream, "sk", cast("Aws", None)).outgoing(read_chat_request(body), "id").body


def test_what_is_not_changed_keeps_its_place_and_its_text() -> None:
    body = (
        b'{ "zeta":1.50,"model" :"m", "seed": 7,"max_tokens":1e2 , "messages":[{"role":"user","content":"\\u00e9"}],'
        b'"tools":[{"type":"function","function":{"name":"f","strict":true}}],"stream":true}'
    )
    assert sent(body) == (
        b'{"zeta": 1.50, "model": "theirs", "stream_options": {"include_usage": true}, "max_completion_tokens": 1e2, '
        b'"messages": [{"role":"user","content":"\\u00e9"}], '
        b'"tools": [{"type": "function", "function": {"name": "f"}}], "stream": true}'
    )


UNKNOWN = st.dictionaries(
    st.text(min_size=1).filter(
        lambda name: name not in {"model", "messages", "stream", "stream_options", "seed", "tools"}
    ),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists),
)


@given(UNKNOWN, st.booleans())
def test_fields_that_nobody_knows_pass_unchanged(unknown: dict[str, Any], with_seed: bool) -> None:
    request = {**unknown, "model": "m", "messages": MESSAGES} | ({"seed": 1} if with_seed else {})
    expected = {RULES.renamed.get(name, name): value for name, value in unknown.items()}
    if {"max_tokens", "max_completion_tokens"} <= unknown.keys():
        expected = dict(unknown)
    assert json.loads(sent(json.dumps(request).encode())) == {**expected, "model": "theirs", "messages": MESSAGES}


@pytest.mark.parametrize("asked", [{"response_format": {"type": "json_object"}}, {"temperature": 1.5}])
def test_a_field_that_the_provider_would_ignore_is_refused_and_costs_nothing(
    start_gateway: Callable[..., Gateway], provider: Provider, asked: dict[str, Any]
) -> None:
    gateway = start_gateway(fields=IGNORES_FORMAT)
    with pytest.raises(openai.BadRequestError) as caught:
        gateway.client.chat.completions.create(**{"model": "small", "messages": MESSAGES} | asked)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", next(iter(asked)))
    assert "acme" in str(caught.value)
    assert provider.counts()["chat_requests"] == 0
    assert gateway.lines()[-1]["cost_micro_usd"] == 0


def test_another_upstream_that_takes_the_field_is_asked(
    start_gateway: Callable[..., Gateway], provider: Provider, backup: Provider
) -> None:
    upstreams = [{"provider": "acme", "base_url": provider.stand_in.base_url}]
    upstreams.append({"provider": "backup", "base_url": backup.stand_in.base_url})
    gateway = start_gateway(upstreams=upstreams, fields=IGNORES_FORMAT)
    answer = gateway.client.chat.completions.create(
        model="several", messages=cast("Any", MESSAGES), response_format={"type": "json_object"}
    )
    assert json.loads(answer.choices[0].message.content or "")["simulated"] is True
    assert (provider.counts()["chat_requests"], backup.counts()["chat_requests"]) == (0, 1)
