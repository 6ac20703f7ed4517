"""Claim: the stock `openai` client gets its answers, and its errors, through the deployed gateway code."""

import re
import time
from collections.abc import Callable, Iterator

import httpx2
import openai
import pytest

from leanto.cli.keytable import KeyTable
from leanto.cli.stopflag import take_away
from runtime.decide.limits import STACK
from runtime.decide.months import month_of
from runtime.state.attributes import from_item
from runtime.state.budgets import BUDGET_PARTITION
from tests.embedded.system.clients import endpoint, with_models
from tests.runtime.gateway.endpoint_suite import CHECKS

pytestmark = pytest.mark.engine

QUESTION = [{"role": "user", "content": "What is a lean-to? CANARY-PROMPT-7f3a"}]
REAL_KEY = re.compile(r"sk-lt-[a-z2-7]{12}-[A-Za-z0-9_-]{43}")
UNKNOWN_KEY = "sk-lt-" + "a" * 12 + "-" + "B" * 43


@pytest.fixture(scope="module")
def deployed(deploying: Callable) -> Iterator:
    return deploying("hybrid", with_models)


@pytest.fixture(autouse=True)
def _healthy_provider(deployed) -> Iterator[None]:
    yield
    control(deployed, method="DELETE")


def control(deployed, *, method: str = "POST", body: bytes = b"{}") -> None:
    """Tell the provider stand-in how to behave."""
    url = f"{deployed.place.box.provider_url}/_control"
    httpx2.request(method, url, content=body).raise_for_status()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_client_finds_what_it_would_at_openai(check: Callable, deployed) -> None:
    check(endpoint(deployed))


def test_what_a_question_cost_is_in_the_budget_and_nothing_else_of_it(deployed) -> None:
    before = budget(deployed)
    deployed.openai().chat.completions.create(model="small", messages=QUESTION)
    list(deployed.openai().chat.completions.create(model="small", messages=QUESTION, stream=True))
    after = budget(deployed)
    assert after["spent"] > before.get("spent", 0)
    assert after["committed"] == after["spent"]
    scopes = {name for name in after if name.startswith(("key#", "team#"))}
    assert sum(after[name] for name in scopes if name.startswith("key#")) == after["committed"]
    assert after.keys() - scopes == {"pk", "sk", "committed", "spent", "estimated"}


def budget(deployed) -> dict:
    """Return what the table holds of the month's spending."""
    key = {"pk": {"S": BUDGET_PARTITION}, "sk": {"S": f"{STACK}#{month_of(time.time())}"}}
    answer = deployed.client("dynamodb").get_item(TableName=deployed.outputs["table_name"], Key=key)
    return from_item(answer.get("Item") or {})


def test_the_answer_tells_its_upstream_attempts_and_cost(deployed) -> None:
    raw = deployed.openai().chat.completions.with_raw_response.create(model="small", messages=QUESTION)
    assert raw.headers["x-leanto-upstream"] == "openai/gpt-6-luna"
    assert raw.headers["x-leanto-attempts"] == "1"
    assert int(raw.headers["x-leanto-cost-micro-usd"]) > 0


def test_a_key_that_nobody_made_is_refused(deployed) -> None:
    with pytest.raises(openai.AuthenticationError) as refused:
        deployed.openai(UNKNOWN_KEY).models.list()
    assert refused.value.code == "invalid_api_key"


@pytest.mark.parametrize("key", ["sk-proj-abc", "x", UNKNOWN_KEY[:-1]])
def test_a_key_of_another_form_is_refused(deployed, key: str) -> None:
    with pytest.raises(openai.AuthenticationError):
        deployed.openai(key).models.list()


def test_without_a_key_nothing_is_told_of_what_there_is(deployed) -> None:
    """No path below the stage is served without a key, one that is not there no more than another."""
    for path in ("/models", "/models/small", "/nothing", "/chat/completions"):
        answer = httpx2.get(f"{deployed.base_url}{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_the_request_id_is_the_apis_own(deployed) -> None:
    raw = deployed.openai().models.with_raw_response.list()
    assert raw.request_id == raw.headers["x-amzn-requestid"]


def test_a_slow_provider_is_waited_for_and_a_late_client_gone_leaves_the_gateway_well(deployed) -> None:
    control(deployed, body=b'{"delay_first_byte_seconds": 1.0}')
    with pytest.raises(openai.APITimeoutError):
        deployed.openai(timeout=0.4).chat.completions.create(model="small", messages=QUESTION)
    control(deployed, method="DELETE")
    assert deployed.openai().chat.completions.create(model="small", messages=QUESTION).choices


def test_a_client_that_leaves_in_mid_stream_leaves_the_gateway_well(deployed) -> None:
    control(deployed, body=b'{"delay_chunk_seconds": 0.05}')
    client = deployed.openai()
    stream = client.chat.completions.create(model="small", messages=QUESTION, stream=True)
    next(iter(stream))
    stream.close()
    control(deployed, method="DELETE")
    assert client.chat.completions.create(model="small", messages=QUESTION).choices


def test_a_body_that_is_not_json_is_a_bad_request(deployed) -> None:
    assert raw_post(deployed, b'{"model": ') == 400


def test_a_body_over_the_bound_is_too_large(deployed) -> None:
    assert raw_post(deployed, b'{"model": "small", "pad": "' + b"x" * 5_000_000 + b'"}') == 413


def raw_post(deployed, body: bytes) -> int:
    """Return the status of a chat request with this very body."""
    headers = {"authorization": f"Bearer {deployed.key()}", "content-type": "application/json"}
    return httpx2.post(f"{deployed.base_url}/chat/completions", content=body, headers=headers, timeout=20).status_code


def test_a_revoked_key_is_refused_once_the_cached_answer_has_gone(deployed) -> None:
    key = deployed.key("short-lived")
    table = KeyTable(deployed.client("dynamodb"), deployed.outputs["table_name"])
    table.revoke(key.split("-")[2])
    with pytest.raises(openai.AuthenticationError):
        deployed.openai(key).models.list()


def test_the_budget_alarm_turns_the_routes_off_and_the_pool_to_zero(deployed) -> None:
    """What AWS Budgets publishes at 100 % reaches the stop function through the topic."""
    deployed.client("sns").publish(
        TopicArn=deployed.outputs["stop_topic_arn"], Subject="AWS Budgets", Message="budget exceeded"
    )
    deadline = time.monotonic() + 20
    while sizes(deployed) != (0, 0, 0) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert sizes(deployed) == (0, 0, 0)
    time.sleep(5.5)  # the gateway looks at the flag every 5 s
    with pytest.raises(openai.InternalServerError) as stopped:
        deployed.openai().chat.completions.create(model="small", messages=QUESTION)
    assert (stopped.value.status_code, stopped.value.code) == (503, "stopped")


def test_after_a_resume_the_pool_gets_its_size_back_by_the_next_deployment(deployed) -> None:
    """Follows the test that stops the stack."""
    take_away(deployed.place)
    again = deployed.with_overlay()
    drift = {change.name: change.operation for change in again.deployment.refresh().changed}
    assert drift == {"leanto-hybrid-pool-group": "update"}
    again.deployment.up()
    assert sizes(deployed) == (0, 1, 0)
    time.sleep(5.5)  # the gateway looks at the flag every 5 s
    assert deployed.openai().chat.completions.create(model="small", messages=QUESTION).choices


def sizes(deployed) -> tuple[int, int, int]:
    """Return minimum, maximum and desired size of the GPU group."""
    name = deployed.outputs["group_name"]
    answer = deployed.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    (group,) = answer["AutoScalingGroups"]
    return group["MinSize"], group["MaxSize"], group["DesiredCapacity"]


def test_neither_prompt_nor_key_is_in_any_log(deployed) -> None:
    """Asked last: what all the tests above have sent is searched for in every log group and file of the box."""
    logs = deployed.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    texts = {
        name: "\n".join(event["message"] for event in logs.filter_log_events(logGroupName=name)["events"])
        for name in groups
    }
    assert any(text for text in texts.values()), "the functions log nothing: this test would prove nothing"
    for path in deployed.place.box.home.rglob("*"):
        if path.is_file() and path.suffix in {".log", ".json", ".txt"}:
            texts[str(path)] = path.read_text(errors="replace")
    assert [name for name, text in texts.items() if "canary-prompt" in text.lower() or REAL_KEY.search(text)] == []
