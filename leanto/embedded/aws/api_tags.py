"""Answers the tagging of REST APIs, which moto 5.2.5 knows for stages only."""

import json
import re
from urllib.parse import parse_qs

from moto.apigateway.models import apigateway_backends
from werkzeug.wrappers import Response

from leanto.embedded.aws.call import Call
from leanto.embedded.aws.errors import error_response

_API_ARN = re.compile(r"arn:[\w-]+:apigateway:[\w-]+::/restapis/(?P<api_id>[^/]+)")


def is_api_tagging(call: Call) -> bool:
    """Say whether `call` is TagResource, UntagResource or GetTags of a REST API."""
    parts = call.path_parts
    return (
        call.service == "apigateway" and len(parts) == 2 and parts[0] == "tags" and bool(_API_ARN.fullmatch(parts[1]))
    )


def answer(call: Call, account_id: str) -> Response:
    """Read or change the tags of the API. Callers hold the lock."""
    found = _API_ARN.fullmatch(call.path_parts[1])
    api_id = found["api_id"] if found else ""
    api = apigateway_backends[account_id][call.region].apis.get(api_id)
    if api is None:
        return error_response(call, "NotFoundException", f"Invalid API identifier specified {account_id}:{api_id}", 404)
    match call.method:
        case "PUT":
            api.tags = {**api.tags, **call.json_body().get("tags", {})}
        case "DELETE":
            removed = parse_qs(call.query).get("tagKeys", [])
            api.tags = {key: value for key, value in api.tags.items() if key not in removed}
        case _:
            return Response(json.dumps({"tags": api.tags}), content_type="application/json")
    return Response(status=204)
