"""Bedrock's own description of Converse, as botocore ships it: what a request may be, and which answers there are."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.serialize import create_serializer
from botocore.validate import ParamValidator

MODEL = botocore.session.get_session().get_service_model("bedrock-runtime")


def check_request(body: dict[str, Any], model: str, *, stream: bool) -> None:
    """Hold a body to the service's description, and to what botocore would send for the same parameters."""
    operation = MODEL.operation_model("ConverseStream" if stream else "Converse")
    parameters = {"modelId": model, **decoded(body)}
    report = ParamValidator().validate(parameters, operation.input_shape)
    assert not report.has_errors(), report.generate_report()
    check_bounds(parameters, operation.input_shape)
    sent = create_serializer("rest-json").serialize_to_request(parameters, operation)
    assert json.loads(sent["body"]) == body


def url_path(model: str, *, stream: bool) -> str:
    """Return the path that botocore asks."""
    operation = MODEL.operation_model("ConverseStream" if stream else "Converse")
    parameters = {"modelId": model}
    return str(create_serializer("rest-json").serialize_to_request(parameters, operation)["url_path"])


def decoded(value: Any) -> Any:
    """Return a body with its images as the bytes that botocore takes."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"bytes"}:
        return {"bytes": base64.b64decode(value["bytes"])}
    if set(value) == {"redactedContent"}:
        return {"redactedContent": base64.b64decode(value["redactedContent"])}
    return {name: decoded(item) for name, item in value.items()}


def check_bounds(value: Any, shape: Any) -> None:
    """Hold a value to the bounds that ParamValidator does not look at; no member is unknown."""
    bounds = shape.metadata
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        assert set(value) <= set(shape.members), (shape.name, set(value) - set(shape.members))
        assert len(value) == 1 or not getattr(shape, "is_tagged_union", False), shape.name
    elif shape.type_name == "string":
        assert value in (shape.enum or [value]), (shape.name, value)
        assert re.fullmatch(bounds.get("pattern", "(?s).*"), value), shape.name
        assert len(value) <= bounds.get("max", len(value)), shape.name
    elif shape.type_name in {"integer", "float"}:
        assert value <= bounds.get("max", value), shape.name
    for item, part in _parts(value, shape):
        check_bounds(item, part)


def _parts(value: Any, shape: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what a value holds, each with its shape."""
    if shape.type_name == "list":
        assert len(value) <= shape.metadata.get("max", len(value))
        yield from ((item, shape.member) for item in value)
    elif shape.type_name == "map":
        yield from ((name, shape.key) for name in value)
        yield from ((item, shape.value) for item in value.values())
    elif shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        yield from ((item, shape.members[name]) for name, item in value.items())
