"""What is spoilt of the API, its stage and its log."""

import json

import pulumi

from tests.embedded.system.claims import front
from tests.embedded.system.mutate import GONE, M, Props, both, put

SETTINGS, STAGE = ("apigateway/methodSettings", "-stage-settings"), ("apigateway/stage", "-stage")


def _unbounded_requests(props: Props) -> None:
    document = json.loads(props["code"].assets["leanto/deployment.json"].text)
    del document["limits"]["request_bytes"]
    props["code"] = pulumi.AssetArchive({"leanto/deployment.json": pulumi.StringAsset(json.dumps(document))})


FIRST = (
    M(
        front.methods_want_a_key,
        "what is read is open to all",
        "apigateway/method",
        "-get-method",
        both(put("authorization", "NONE"), put("authorizer_id", GONE)),
        named=lambda row: "GET /{proxy+}",
    ),
    M(
        front.malformed_keys_reach_no_code,
        "anything is a key",
        "apigateway/authorizer",
        "-authorizer",
        put("identity_validation_expression", GONE),
    ),
    M(front.rate_is_bounded, "any rate", *SETTINGS, put("settings.throttling_rate_limit", GONE)),
    M(front.data_is_not_traced, "data traced", *SETTINGS, put("settings.data_trace_enabled", True)),
    M(
        front.access_is_logged_without_content,
        "keys in the log",
        *STAGE,
        put("access_log_settings.format", '{"id":"$context.requestId","key":"$context.requestHeader.Authorization"}'),
    ),
    M(
        front.request_size_is_bounded,
        "any size",
        "lambda/layerVersion",
        "-functions-deployment",
        _unbounded_requests,
    ),
)

SECOND = (
    M(
        front.malformed_keys_reach_no_code,
        "a revoked key works for an hour",
        "apigateway/authorizer",
        "-authorizer",
        put("authorizer_result_ttl_in_seconds", 3600),
    ),
    M(front.rate_is_bounded, "one method's only", *SETTINGS, put("method_path", "~1{proxy+}/GET")),
    M(front.data_is_not_traced, "execution log", *SETTINGS, put("settings.logging_level", "INFO")),
    M(front.access_is_logged_without_content, "no log", *STAGE, put("access_log_settings", GONE)),
)
