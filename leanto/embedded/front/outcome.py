"""What became of a request, gathered while it is served: the `$context` of gateway responses and access logs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leanto.embedded.front.request import Received


@dataclass
class Outcome:
    """Filled in step by step; what never came to be stays empty and shows as `-` in an access log."""

    status: int = 0
    response_bytes: int = 0
    latency_ms: int = 0
    integration_latency_ms: int | None = None
    integration_status: int | None = None
    integration_error: str = ""
    resource_path: str = ""
    authorizer: Mapping[str, Any] = field(default_factory=dict)
    authorizer_status: int | None = None
    authorizer_latency_ms: int | None = None
    response_type: str = ""
    message: str | None = None


def context_values(received: Received, outcome: Outcome) -> dict[str, str]:
    """Return the `$context` variables by name, without those that have no value.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """
    api = received.api
    values = {
        "accountId": api.account_id,
        "apiId": api.api_id,
        "authorizer.latency": outcome.authorizer_latency_ms,
        "authorizer.integrationLatency": outcome.authorizer_latency_ms,
        "authorizer.status": outcome.authorizer_status,
        "domainName": api.domain_name,
        "domainPrefix": api.api_id,
        "error.message": outcome.message,
        "error.messageString": json.dumps(outcome.message) if outcome.response_type else None,
        "error.responseType": outcome.response_type,
        "extendedRequestId": received.extended_request_id,
        "httpMethod": received.method,
        "identity.sourceIp": received.source_ip,
        "identity.userAgent": received.header("user-agent"),
        "integration.error": outcome.integration_error,
        "integration.integrationStatus": outcome.integration_status,
        "integration.latency": outcome.integration_latency_ms,
        "integration.status": outcome.integration_status,
        "integrationErrorMessage": outcome.integration_error,
        "integrationLatency": outcome.integration_latency_ms,
        "integrationStatus": outcome.integration_status,
        "path": f"/{api.stage}{received.path}",
        "protocol": received.protocol,
        "requestId": received.request_id,
        "requestTime": received.time_text,
        "requestTimeEpoch": received.received_ms,
        "resourcePath": outcome.resource_path,
        "responseLatency": outcome.latency_ms,
        "responseLength": outcome.response_bytes,
        "responseType": outcome.response_type,
        "stage": api.stage,
        "status": outcome.status or None,
        "xrayTraceId": received.trace_id,
    }
    values |= {f"authorizer.{name}": value for name, value in outcome.authorizer.items()}
    return {name: str(value) for name, value in values.items() if value is not None and value != ""}
