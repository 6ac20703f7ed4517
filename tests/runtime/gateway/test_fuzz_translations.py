"""Claim: whatever a request holds, what is made of it for an upstream can be sent, or it is refused; pure."""

import json
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runtime.decide.demand import UnpricedError, demand_of
from runtime.decide.fields import FieldRules, UnsupportedFieldError, changes_for
from runtime.gateway.answers import GatewayError
from runtime.gateway.chat_request import read_chat_request
from runtime.gateway.converse.request import converse_request
from runtime.gateway.upstreams import needs_of
from tests.runtime.gateway.test_fuzz import REQUESTS, VALUES, encoded

OURS = (GatewayError, UnpricedError, UnsupportedFieldError)
MANY = settings(max_examples=100, deadline=None, derandomize=True)
RULES = FieldRules(
    renamed=MappingProxyType({"max_tokens": "max_completion_tokens"}),
    unsupported=("logprobs", "response_format", "stop", "tools[].function.strict", "messages[].name", "metadata.a"),
    maxima=MappingProxyType({"temperature": 1.0}),
)
PARTS = st.dictionaries(st.sampled_from(["type", "text", "image_url", "refusal"]), VALUES | st.just("text"), max_size=3)
CALLS = st.fixed_dictionaries(
    {"id": VALUES, "type": st.just("function"), "function": VALUES | st.dictionaries(st.just("name"), VALUES)}
)
ROLES = st.sampled_from(["user", "assistant", "tool", "system", "developer"])
MESSAGES = st.fixed_dictionaries(
    {"role": ROLES | VALUES},
    optional={"content": VALUES | st.lists(PARTS | VALUES, max_size=3), "tool_calls": st.lists(CALLS, max_size=2),
              "tool_call_id": VALUES, "name": VALUES},
)  # fmt: skip
TOOLS = VALUES | st.fixed_dictionaries(
    {"type": st.just("function"), "function": VALUES | st.fixed_dictionaries({"name": VALUES, "parameters": VALUES})}
)
CONVERSATIONS = st.fixed_dictionaries(
    {"model": st.just("small"), "messages": st.lists(MESSAGES, min_size=1, max_size=4)},
    optional={"tools": st.lists(TOOLS, max_size=3), "tool_choice": VALUES, "response_format": VALUES, "stop": VALUES},
)


@pytest.mark.parametrize("drop", [False, True])
@MANY
@given(document=CONVERSATIONS | REQUESTS)
@example(document={"model": "m", "messages": [{"content": [{"type": {}}]}], "tools": [[]], "stop": {}})
def test_what_is_made_of_a_request_is_sendable(drop: bool, document: dict[str, Any]) -> None:
    try:
        request = read_chat_request(encoded(document))
    except GatewayError:
        return
    for make in (
        lambda: json.dumps(converse_request(request.fields, None, drop=drop)),
        lambda: json.loads(request.changed(changes_for(request.fields, RULES, drop=drop)).body_for("other")),
        lambda: json.loads(request.body_for("other")),
        lambda: demand_of(request.fields, request.text),
        lambda: needs_of(request, ()),
    ):
        try:
            make()
        except OURS:
            continue
