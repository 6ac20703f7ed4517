"""The gateway responses that API Gateway knows, with what it answers when nobody has set them.

Statuses: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html.
Messages and `x-amzn-errortype` are those that clients of real APIs report.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Refusal:
    """One type of gateway response. `message` None is sent as `null`."""

    status: int
    message: str | None
    error_type: str


_INTERNAL = "Internal server error"
_DENIED = "User is not authorized to access this resource"

REFUSALS: Mapping[str, Refusal] = MappingProxyType(
    {
        "ACCESS_DENIED": Refusal(403, _DENIED, "AccessDeniedException"),
        "API_CONFIGURATION_ERROR": Refusal(500, _INTERNAL, "InternalServerErrorException"),
        "AUTHORIZER_CONFIGURATION_ERROR": Refusal(500, None, "AuthorizerConfigurationException"),
        "AUTHORIZER_FAILURE": Refusal(500, None, "AuthorizerFailureException"),
        "BAD_REQUEST_BODY": Refusal(400, "Invalid request body", "BadRequestException"),
        "BAD_REQUEST_PARAMETERS": Refusal(400, "Missing required request parameters", "BadRequestException"),
        "EXPIRED_TOKEN": Refusal(403, "The security token included in the request is expired", "ExpiredTokenException"),
        "INTEGRATION_FAILURE": Refusal(504, _INTERNAL, "InternalServerErrorException"),
        "INTEGRATION_TIMEOUT": Refusal(504, "Endpoint request timed out", "InternalServerErrorException"),
        "INVALID_API_KEY": Refusal(403, "Forbidden", "ForbiddenException"),
        "INVALID_SIGNATURE": Refusal(403, "The request signature does not match", "InvalidSignatureException"),
        "MISSING_AUTHENTICATION_TOKEN": Refusal(
            403, "Missing Authentication Token", "MissingAuthenticationTokenException"
        ),
        "QUOTA_EXCEEDED": Refusal(429, "Limit Exceeded", "LimitExceededException"),
        "REQUEST_TOO_LARGE": Refusal(413, "Request Too Long", "RequestTooLargeException"),
        "RESOURCE_NOT_FOUND": Refusal(404, "Not Found", "NotFoundException"),
        "THROTTLED": Refusal(429, "Too Many Requests", "TooManyRequestsException"),
        "UNAUTHORIZED": Refusal(401, "Unauthorized", "UnauthorizedException"),
        "UNSUPPORTED_MEDIA_TYPE": Refusal(415, "Unsupported Media Type", "UnsupportedMediaTypeException"),
        "WAF_FILTERED": Refusal(403, "Forbidden", "ForbiddenException"),
    }
)

FALLBACKS = ("DEFAULT_4XX", "DEFAULT_5XX")
"""Types that stand for every other one of their class which nobody has set."""

RESPONSE_TYPES = frozenset({*REFUSALS, *FALLBACKS})
