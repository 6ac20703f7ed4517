"""Tokens of transactions are kept for as long as DynamoDB keeps them, by region."""

import json

from werkzeug.wrappers import Response

from leanto.embedded.aws.call import Call
from leanto.embedded.aws.idempotency import REMEMBERED_SECONDS, TransactionTokens


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def transaction(token: str, region: str = "eu-central-1") -> Call:
    body = json.dumps({"TransactItems": [], "ClientRequestToken": token}).encode()
    headers = {"x-amz-target": "DynamoDB_20120810.TransactWriteItems"}
    return Call("POST", "/", "", headers, body, "dynamodb", region, "")


def test_a_token_is_forgotten_after_ten_minutes_and_not_before() -> None:
    clock, performed = Clock(), []

    def perform() -> Response:
        performed.append(clock.seconds)
        return Response("{}")

    tokens = TransactionTokens(clock)
    for seconds in (0.0, REMEMBERED_SECONDS, REMEMBERED_SECONDS + 1):
        clock.seconds = seconds
        assert tokens.once(transaction("t"), perform).get_data() == b"{}"
    assert performed == [0.0, REMEMBERED_SECONDS + 1]


def test_the_same_token_in_another_region_and_other_calls_are_performed() -> None:
    performed: list[str] = []

    def perform() -> Response:
        performed.append("")
        return Response("{}")

    tokens = TransactionTokens()
    tokens.once(transaction("t"), perform)
    tokens.once(transaction("t", "us-east-1"), perform)
    update = Call("POST", "/", "", {"x-amz-target": "DynamoDB_20120810.UpdateItem"}, b"{}", "dynamodb", "r", "")
    tokens.once(update, perform)
    tokens.once(update, perform)
    assert len(performed) == 4
