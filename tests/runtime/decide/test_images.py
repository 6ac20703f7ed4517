"""Claim: an image costs its model's most for one, its base64 is no text, and what is no image has no price of one."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.decide.demand import IMAGE_TOKENS, MESSAGE_TOKENS, REQUEST_TOKENS, UnpricedError, demand_of
from runtime.decide.images import Images
from runtime.decide.prices import Demand, Price, Rates, UnpricedImagesError, worst_price
from runtime.decide.responses import demand_of_response

DATA = "data:image/png;base64," + "iVBORw0KGgoA" * 1_000
ADDRESS = "https://example.com/canary-prompt.png"
PRICE = Price(Rates(1_000_000, 0), image_tokens=1_000, high_detail_image_tokens=300, low_detail_image_tokens=20)


def chat_part(url: Any = DATA, **more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def input_part(url: Any = DATA, **more: Any) -> dict[str, Any]:
    return {"type": "input_image", "image_url": url, **more}


def of_chat(*parts: Any, role: str = "user", **fields: Any) -> Demand:
    document = {"model": "m", "messages": [{"role": role, "content": list(parts)}], "max_tokens": 1, **fields}
    return demand_of(document, json.dumps(document))


def of_response(*parts: Any, **fields: Any) -> Demand:
    document = {"model": "m", "input": [{"role": "user", "content": list(parts)}], "max_output_tokens": 1, **fields}
    return demand_of_response(document, json.dumps(document))


def test_the_bytes_of_an_image_are_no_text() -> None:
    document = {"model": "m", "messages": [{"role": "user", "content": [chat_part(), {"type": "text", "text": "a"}]}]}
    text = json.dumps(document)
    expected = len(text) - len(DATA) + REQUEST_TOKENS + MESSAGE_TOKENS + IMAGE_TOKENS
    assert demand_of(document, text).prompt_tokens == expected < 2_000 < len(DATA)
    assert of_response(input_part()).prompt_tokens < 2_000


def test_an_address_is_text_and_an_image() -> None:
    plain, named = of_chat({"type": "text", "text": ""}), of_chat(chat_part(ADDRESS))
    assert named.images == Images(other=1)
    assert named.prompt_tokens > plain.prompt_tokens + len(ADDRESS)


@pytest.mark.parametrize(
    ("detail", "expected"),
    [("high", Images(high=1)), ("low", Images(low=1)), ("auto", Images(other=1)), ("original", Images(other=1)),
     (None, Images(other=1)), ("HIGH", Images(other=1)), (["low"], Images(other=1))],
)  # fmt: skip
def test_an_image_is_counted_at_the_detail_that_it_asks_for(detail: Any, expected: Images) -> None:
    assert of_chat(chat_part(ADDRESS, detail=detail)).images == expected
    assert of_response(input_part(ADDRESS, detail=detail)).images == expected


def test_a_detail_that_stands_elsewhere_counts_for_nothing() -> None:
    assert of_chat({**chat_part(ADDRESS), "detail": "low"}).images == Images(other=1)
    assert of_chat({"type": "image_url", "image_url": ADDRESS, "detail": "low"}).images == Images(other=1)


def test_images_that_tools_gave_back_count_too() -> None:
    assert of_chat(chat_part(ADDRESS), role="tool").images.count == 1
    given = [{"type": "function_call_output", "call_id": "c", "output": [input_part(ADDRESS), input_part()]}]
    assert of_response(input=given).images == Images(other=2, inline_bytes=len(DATA))


@pytest.mark.parametrize(
    "url",
    [
        "data:text/plain;base64,Y2FuYXJ5",
        "data:application/pdf;base64,Y2FuYXJ5",
        "data:video/mp4;base64,Y2FuYXJ5",
        "data:image/svg+xml;base64,Y2FuYXJ5",
        "data:image/png,canary",
        "data:image/png;base64,\u00e9",
        "DATA:image/png;base64,Y2FuYXJ5",
        "gs://canary/a.png",
        "file:///canary.png",
        "",
        None,
        7,
    ],
)
def test_what_may_be_no_image_is_refused_and_not_repeated(url: Any) -> None:
    for asked, part, param in ((of_chat, chat_part(url), "messages"), (of_response, input_part(url), "input")):
        with pytest.raises(UnpricedError) as error:
            asked(part)
        assert (error.value.param, error.value.wrong_type) == (param, False)
        assert "canary" not in error.value.reason.lower()


def test_an_image_kept_at_the_provider_is_refused() -> None:
    with pytest.raises(UnpricedError):
        of_response(input_part(None, file_id="file-1"))
    with pytest.raises(UnpricedError):
        of_response(input_part(ADDRESS, file_id="file-1"))


def test_what_only_looks_like_an_image_elsewhere_is_text() -> None:
    """A schema, a tool's description, a message's own text: all of it is read, so all of it counts."""
    for fields in ({"response_format": chat_part()}, {"metadata": {"a": chat_part()}}, {"input": [chat_part()]}):
        found = of_chat({"type": "text", "text": DATA}, **fields)
        assert found.images == Images()
        assert found.prompt_tokens > 2 * len(DATA)


@pytest.mark.parametrize(
    ("images", "tokens"),
    [
        (Images(other=2), 2_000),
        (Images(high=2), 600),
        (Images(low=3), 60),
        (Images(high=1, low=1, other=1), 1_320),
        (Images(), 0),
    ],
)
def test_images_cost_their_tokens_at_the_prompt_s_rate(images: Images, tokens: int) -> None:
    assert worst_price(PRICE, Demand(10, 0, images=images)) == 10 + tokens


def test_a_detail_without_a_price_of_its_own_costs_the_most() -> None:
    price = Price(Rates(1_000_000, 0), image_tokens=1_000)
    assert worst_price(price, Demand(0, 0, images=Images(high=1, low=1))) == 2_000


def test_images_lift_a_prompt_over_its_tier_and_never_over_the_context() -> None:
    tiered = Price(
        Rates(1_000_000, 0),
        Rates(2_000_000, 0),
        tier_above_input_tokens=1_500,
        context_tokens=1_800,
        image_tokens=1_000,
    )
    assert worst_price(tiered, Demand(500, 0, images=Images(other=1))) == 1_500
    assert worst_price(tiered, Demand(501, 0, images=Images(other=1))) == 3_002
    assert worst_price(tiered, Demand(501, 0, images=Images(other=9))) == 3_600


def test_without_a_price_of_images_there_is_no_worst_price() -> None:
    price = Price(Rates(1, 1))
    assert worst_price(price, Demand(1, 1)) == 1
    with pytest.raises(UnpricedImagesError):
        worst_price(price, Demand(1, 1, images=Images(low=1)))


@given(st.lists(st.text() | st.binary(max_size=300)), st.booleans())
def test_no_text_beside_images_goes_uncounted(pieces: list[str | bytes], ascii_only: bool) -> None:
    """Bytes stand for images: whatever is said around them, and however it is written, counts in full."""
    said, parts = 0, []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append({"type": "text", "text": piece})
            said += len(piece.encode("utf-8", "surrogatepass"))
        else:
            parts.append(chat_part("data:image/jpeg;base64," + base64.b64encode(piece).decode()))
    document = {"model": "m", "messages": [{"role": "user", "content": parts}]}
    found = demand_of(document, json.dumps(document, ensure_ascii=ascii_only))
    assert found.prompt_tokens >= said + REQUEST_TOKENS
    assert found.images.count == sum(isinstance(piece, bytes) for piece in pieces)
