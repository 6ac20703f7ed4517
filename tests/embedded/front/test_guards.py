"""Claim: the front lets in whom the authorizer lets in, at the rate that the stage allows, and says no in its words."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leanto.embedded.front.throttle import Throttle
from tests.embedded.front.conftest import Got, Running
from tests.embedded.front.stack import ALLOW_ALL, Stack, seen_events
from tests.embedded.functions.deployed import REGION, TRUST

ANSWER = """
import json
def handle(call):
    call.respond({"statusCode": 200, "body": json.dumps(call.event["requestContext"].get("authorizer"))})
"""
EXPRESSION = r"^Bearer sk-[a-z-]+$"
ERROR = '{"error": {"message": $context.error.messageString, "type": "$context.error.responseType"}}'
LOG = {
    "requestId": "$context.requestId",
    "key": "$context.authorizer.principalId",
    "path": "$context.path",
    "status": "$context.status",
    "type": "$context.error.responseType",
    "bytes": "$context.responseLength",
    "agent": "$context.identity.userAgent",
    "integration": "$context.integration.status",
    "unknown": "$context.nothing",
}


class Guarded:
    """An API with an authorizer, and a view of what it was asked."""

    def __init__(self, running: Running, name: str, seen: Path, *, ttl: int = 300, permit: bool = True) -> None:
        self.running = running
        self.seen = seen
        self.stack = Stack(running.cloud, name)
        cloud = running.cloud
        variables = {"SEEN": str(seen)}
        function = cloud.deploy(f"{name}-authorizer", ALLOW_ALL, Timeout=10, variables=variables)
        authorizer = self.stack.authorizer(
            function, permit=permit, authorizerResultTtlInSeconds=ttl, identityValidationExpression=EXPRESSION
        )
        answer = cloud.deploy(f"{name}-answer", ANSWER, Timeout=10)
        for path in ("/ask", "/other"):
            self.stack.method("GET", path, answer, authorizer=authorizer, permit=path == "/ask")

    def ask(self, token: str | None, path: str = "/ask", **headers: str) -> Got:
        if token is not None:
            headers["Authorization"] = token
        return self.running.call("GET", f"/{self.stack.api_id}/v1{path}", headers=headers)

    def asked(self) -> list[str]:
        return [event["authorizationToken"] for event in seen_events(self.seen)]


@pytest.fixture(scope="module")
def guarded(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    made = Guarded(running, "guarded", tmp_path_factory.mktemp("guarded") / "seen")
    made.stack.respond(
        "UNAUTHORIZED", ERROR, responseParameters={"gatewayresponse.header.WWW-Authenticate": "'Bearer'"}
    )
    made.stack.respond(
        "AUTHORIZER_FAILURE",
        ERROR,
        statusCode="503",
        responseParameters={"gatewayresponse.header.x-request-id": "context.requestId"},
    )
    made.stack.respond("DEFAULT_4XX", '{"fallback": "$context.error.message", "agent": "$context.identity.userAgent"}')
    made.stack.stage()
    return made


def test_what_the_authorizer_says_reaches_the_function_as_texts(guarded: Guarded) -> None:
    got = guarded.ask("Bearer sk-good")
    assert got.status == 200
    assert got.json() == {"principalId": "key-1", "keyId": "key-1", "team": "blue", "number": "7", "truth": "true"}


@pytest.mark.parametrize("token", [None, "", "sk-good", "Bearer sk-GOOD", "Bearer sk-good extra"])
def test_a_token_that_cannot_be_right_is_401_and_the_function_is_not_asked(guarded: Guarded, token: str | None) -> None:
    before = guarded.asked()
    got = guarded.ask(token)
    assert got.status == 401
    assert got.json() == {"error": {"message": "Unauthorized", "type": "UNAUTHORIZED"}}
    assert got.headers["WWW-Authenticate"] == "Bearer"
    assert guarded.asked() == before


def test_an_unknown_token_is_401(guarded: Guarded) -> None:
    got = guarded.ask("Bearer sk-unknown")
    assert (got.status, got.json()["error"]["message"]) == (401, "Unauthorized")
    assert guarded.asked().count("Bearer sk-unknown") == 1


def test_an_authorizer_that_fails_is_answered_in_the_apis_words_and_status(guarded: Guarded) -> None:
    got = guarded.ask("Bearer sk-broken")
    assert got.status == 503
    assert got.json() == {"error": {"message": None, "type": "AUTHORIZER_FAILURE"}}
    assert got.headers["x-request-id"] == got.headers["x-amzn-RequestId"]


def test_an_authorizer_that_talks_nonsense_is_500(guarded: Guarded) -> None:
    got = guarded.ask("Bearer sk-senseless")
    assert (got.status, got.json()) == (500, {"message": None})
    assert got.headers["x-amzn-errortype"] == "AuthorizerConfigurationException"


def test_a_denied_caller_is_403_and_falls_back_to_the_response_of_its_class(guarded: Guarded) -> None:
    explicit = guarded.ask("Bearer sk-denied", **{"User-Agent": "tests"})
    assert explicit.status == 403
    said = "User is not authorized to access this resource with an explicit deny"
    assert explicit.json() == {"fallback": said, "agent": "tests"}
    implicit = guarded.ask("Bearer sk-elsewhere")
    assert implicit.json()["fallback"] == "User is not authorized to access this resource"


def test_a_word_is_kept_for_every_path_and_only_for_its_token(guarded: Guarded) -> None:
    statuses = [guarded.ask("Bearer sk-kept", path).status for path in ("/ask", "/ask", "/other")]
    assert statuses == [200, 200, 200]
    assert guarded.asked().count("Bearer sk-kept") == 1
    guarded.ask("Bearer sk-kept-too")
    assert guarded.asked().count("Bearer sk-kept-too") == 1


def test_refusals_are_not_kept(guarded: Guarded) -> None:
    for _ in range(2):
        guarded.ask("Bearer sk-unknown-again")
    assert guarded.asked().count("Bearer sk-unknown-again") == 2


def test_no_time_to_keep_asks_each_time(running: Running, tmp_path: Path) -> None:
    guarded = Guarded(running, "forgetful", tmp_path / "seen", ttl=0)
    guarded.stack.stage()
    for _ in range(3):
        assert guarded.ask("Bearer sk-good").status == 200
    assert guarded.asked() == ["Bearer sk-good"] * 3


def test_an_authorizer_that_does_not_permit_the_api_is_500(running: Running, tmp_path: Path) -> None:
    guarded = Guarded(running, "unpermitted", tmp_path / "seen", permit=False)
    guarded.stack.stage()
    got = guarded.ask("Bearer sk-good")
    assert (got.status, got.json()) == (500, {"message": None})
    assert guarded.asked() == []


def test_requests_beyond_burst_and_rate_are_429(running: Running, wait: Callable[[float], None]) -> None:
    stack = Stack(running.cloud, "throttled")
    stack.method("GET", "/ask", running.cloud.deploy("throttled-answer", ANSWER))
    stack.respond("THROTTLED", ERROR, responseParameters={"gatewayresponse.header.retry-after": "'1'"})
    stack.stage()
    stack.settings(throttlingRateLimit=2, throttlingBurstLimit=3)
    path = f"/{stack.api_id}/v1/ask"

    async def five() -> list[Got]:
        return [await running.send("GET", path) for _ in range(5)]

    running.call("GET", path)  # the first starts the function
    wait(2)
    got = running.runner.run(five())
    assert [one.status for one in got][:3] == [200, 200, 200]
    assert got[-1].status == 429
    assert got[-1].json() == {"error": {"message": "Too Many Requests", "type": "THROTTLED"}}
    assert got[-1].headers["retry-after"] == "1"
    wait(1.5)
    assert running.call("GET", path).status == 200


def test_a_bucket_fills_at_its_rate_and_a_method_has_its_own() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    settings: dict[str, Any] = {
        "*/*": {"throttlingRateLimit": 1.0, "throttlingBurstLimit": 1},
        "~1chat~1completions/POST": {"throttlingRateLimit": 10.0, "throttlingBurstLimit": 2},
        "~1models/GET": {"throttlingRateLimit": -1.0, "throttlingBurstLimit": -1},
    }

    def takes(path: str, method: str, number: int) -> list[bool]:
        return [throttle.admits("api", "v1", settings, path, method) for _ in range(number)]

    assert takes("/chat/completions", "POST", 3) == [True, True, False]
    assert takes("/other", "GET", 2) == [True, False]
    assert takes("/other", "POST", 2) == [True, False], "what holds for all methods holds for each by itself"
    assert takes("/another", "GET", 2) == [True, False]
    assert all(takes("/models", "GET", 50))
    now[0] += 0.1
    assert takes("/chat/completions", "POST", 2) == [True, False]
    assert takes("/other", "GET", 1) == [False]
    now[0] += 100
    assert takes("/chat/completions", "POST", 3) == [True, True, False]


def test_each_request_is_logged_in_the_stages_format_without_what_was_said(running: Running, tmp_path: Path) -> None:
    cloud = running.cloud
    cloud.client("logs").create_log_group(logGroupName="access")
    role = cloud.client("iam").create_role(RoleName="logs", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    guarded = Guarded(running, "logged", tmp_path / "seen")
    guarded.stack.make("account:Account", "account", cloudwatchRoleArn=role)
    arn = f"arn:aws:logs:{REGION}:{cloud.server.account_id}:log-group:access"
    guarded.stack.stage(accessLogSettings={"destinationArn": arn, "format": json.dumps(LOG)})
    good = guarded.ask("Bearer sk-good", **{"User-Agent": 'quo"ted\\'})
    bad = guarded.ask("Bearer canary")
    lines: dict[str, dict[str, str]] = {}
    for _ in range(100):
        events = cloud.client("logs").filter_log_events(logGroupName="access")["events"]
        lines = {line["requestId"]: line for line in (json.loads(event["message"]) for event in events)}
        if len(lines) == 2:
            break
        running.runner.run(asyncio.sleep(0.1))
    logged, refused = lines[good.headers["x-amzn-RequestId"]], lines[bad.headers["x-amzn-RequestId"]]
    assert logged | {"requestId": ""} == {
        "requestId": "",
        "key": "key-1",
        "path": "/v1/ask",
        "status": "200",
        "type": "-",
        "bytes": str(len(good.body)),
        "agent": 'quo"ted\\',
        "integration": "200",
        "unknown": "-",
    }
    assert (refused["status"], refused["type"], refused["key"]) == ("401", "UNAUTHORIZED", "-")
    assert "canary" not in json.dumps(list(lines.values()))
