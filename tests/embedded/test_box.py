"""A box starts, is found again, is explained when it is dead, and ends with everything it started."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from leanto.embedded import boxfile
from leanto.embedded.box import Box, BoxError, _launch
from leanto.embedded.processes import session_members

REGION = "eu-west-1"


def get(url: str, path: str) -> Any:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    connection.request("GET", path)
    document = json.load(connection.getresponse())
    connection.close()
    return document


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def refuses(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) != 0


def is_gone(box: Box) -> bool:
    """Its lock is free, its process is gone or waits to be reaped by whoever adopted it, its ports refuse."""
    return not boxfile.is_alive(box.home) and all(refuses(url) for url in (box.aws_url, box.provider_url))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Box]]:
    boxes: list[Box] = []

    def make(name: str = "box", **arguments: Any) -> Box:
        boxes.append(Box.start(tmp_path / name, region=REGION, **arguments))
        return boxes[-1]

    yield make
    for box in boxes:
        box.stop()


def test_a_box_is_ready_when_it_is_returned_and_is_found_again(start: Callable[..., Box]) -> None:
    steps: list[str] = []
    box = start(on_progress=steps.append)
    assert get(box.aws_url, "/_leanto/ping")["pid"] == box.pid
    assert get(box.aws_url, "/_leanto/ping")["account_id"] == box.account_id
    assert isinstance(get(box.provider_url, "/_control"), dict)
    assert Box.attach(box.home) == box
    assert box.region == REGION
    assert [step.split(" at ")[0] for step in steps][1:3] == ["embedded AWS", "provider stand-in"]
    assert steps[-1] == "ready"


def test_a_stopped_box_is_gone_with_its_file_and_stopping_twice_is_fine(start: Callable[..., Box]) -> None:
    box = start()
    began = time.monotonic()
    box.stop()
    assert time.monotonic() - began < 5
    assert is_gone(box)
    assert Box.attach(box.home) is None
    assert not (box.home / "box.json").exists()
    box.stop()


def test_a_second_box_in_the_same_home_is_refused_and_the_first_lives_on(start: Callable[..., Box]) -> None:
    box = start()
    with pytest.raises(BoxError, match=r"a box runs in .* already: use it, stop it, or choose another home"):
        start()
    assert Box.attach(box.home) == box


def test_two_boxes_side_by_side_share_nothing(start: Callable[..., Box]) -> None:
    first, second = start("first"), start("second")
    assert {first.aws_url, first.provider_url}.isdisjoint({second.aws_url, second.provider_url})
    first.stop()
    assert get(second.aws_url, "/_leanto/ping")["pid"] == second.pid


def test_a_killed_box_is_explained_once_and_its_home_can_be_used_again(start: Callable[..., Box]) -> None:
    box = start()
    os.kill(box.pid, signal.SIGKILL)
    wait_until(lambda: not boxfile.is_alive(box.home))
    told: list[str] = []
    assert Box.attach(box.home, on_progress=told.append) is None
    assert len(told) == 1
    assert f"(process {box.pid})" in told[0]
    assert "did not end by itself" in told[0]
    assert Box.attach(box.home, on_progress=told.append) is None
    assert len(told) == 1
    assert start().pid != box.pid


def test_what_a_box_started_ends_with_it_even_when_the_box_is_killed(tmp_path: Path) -> None:
    """A stand-in session: a leader that is killed, and its child, as a function's process would be."""
    mark = "http://127.0.0.1:45678"
    child = (
        "import subprocess; quiet = subprocess.DEVNULL; "
        f"print(subprocess.Popen(['sleep', '60'], stdout=quiet, env={{'AWS_ENDPOINT_URL': '{mark}'}}).pid)"
    )
    leader = subprocess.Popen([sys.executable, "-c", child], start_new_session=True, stdout=subprocess.PIPE, text=True)
    orphan = int(leader.communicate()[0])
    assert session_members(leader.pid) == (orphan,)
    content = boxfile.BoxFile(leader.pid, mark, "", "", "123456789012", REGION, "2026-11-24T12:00:00+00:00")
    boxfile.write(tmp_path, replace(content, aws_url="http://127.0.0.1:1"))
    Box.attach(tmp_path)
    assert session_members(leader.pid) == (orphan,), "a process of somebody else's session must live"
    boxfile.write(tmp_path, content)
    Box.attach(tmp_path)
    assert session_members(leader.pid) == ()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(start: Callable[..., Box], number: signal.Signals) -> None:
    box = start()
    os.kill(box.pid, number)
    wait_until(lambda: is_gone(box))
    wait_until(lambda: session_members(box.pid) == ())
    assert not (box.home / "box.json").exists()
    assert "Traceback" not in (box.home / "box.log").read_text()


def test_a_box_that_watches_a_process_ends_with_it(start: Callable[..., Box]) -> None:
    watched = subprocess.Popen(["sleep", "60"])
    box = start(watch_pid=watched.pid)
    assert boxfile.is_alive(box.home)
    watched.kill()
    watched.wait()
    wait_until(lambda: is_gone(box))


def test_a_box_outlives_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        f"from pathlib import Path; from leanto.embedded.box import Box; Box.start(Path({str(tmp_path)!r}), region='x')"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    box = Box.attach(tmp_path)
    assert box is not None
    assert get(box.aws_url, "/_leanto/ping")["pid"] == box.pid
    box.stop()
    assert is_gone(box)


def test_a_box_that_nobody_waits_for_any_more_ends_by_itself(tmp_path: Path) -> None:
    """Who starts a box and is interrupted before it is ready must not leave one behind."""
    os.close(_launch(tmp_path, REGION, None))
    wait_until(lambda: "it ends" in (tmp_path / "box.log").read_text(), seconds=20)
    wait_until(lambda: not boxfile.is_alive(tmp_path))
    assert not (tmp_path / "box.json").exists()


def test_a_home_that_cannot_be_made_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BoxError, match=r"the home of the box .*/file/home cannot be made: Not a directory"):
        Box.start(tmp_path / "file" / "home", region=REGION)


def test_a_box_that_does_not_come_up_shows_the_end_of_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken" / "aiohttp"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise RuntimeError('this machine is broken')")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    with pytest.raises(BoxError, match=r"(?s)ended before it was ready.*box\.log:.*this machine is broken"):
        Box.start(tmp_path / "box", region=REGION)
    assert not boxfile.is_alive(tmp_path / "box")


def test_a_damaged_file_is_explained_and_removed(tmp_path: Path) -> None:
    (tmp_path / "box.json").write_text("{not json")
    told: list[str] = []
    assert Box.attach(tmp_path, on_progress=told.append) is None
    assert "is not what a box writes" in told[0]
    assert not (tmp_path / "box.json").exists()


def test_moto_settings_of_the_user_do_not_reach_the_box(
    start: Callable[..., Box], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "999999999999")
    box = start()
    sts = boto3.Session("box", "box", region_name=REGION).client("sts", endpoint_url=box.aws_url)
    assert sts.get_caller_identity()["Account"] == box.account_id == "123456789012"
    sts.close()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """A box that does not run: enough for what only needs its addresses."""
    content = boxfile.BoxFile(
        pid=1,
        aws_url="http://127.0.0.1:1001",
        front_url="http://127.0.0.1:1002",
        provider_url="http://127.0.0.1:1003",
        account_id="123456789012",
        region=REGION,
        started_at="2026-11-24T12:00:00+00:00",
    )
    boxfile.write_sdk_config(tmp_path, REGION)
    return Box(home=tmp_path, **asdict(content))


def test_its_environment_leads_to_the_box_whatever_the_user_has_set(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example.com")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-production")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("NO_PROXY", "intern.example.com")
    program = (
        "import boto3, json; s3 = boto3.client('s3'); c = boto3.Session().get_credentials(); "
        "print(json.dumps([s3.meta.endpoint_url, s3.meta.region_name, c.access_key, c.token]))"
    )
    environment = os.environ | box.environment()
    output = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True).stdout
    assert json.loads(output) == [box.aws_url, REGION, "box", None]
    assert environment["NO_PROXY"] == "intern.example.com,127.0.0.1,localhost"
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"


def test_the_url_of_a_deployed_api_is_reachable_at_the_front(box: Box) -> None:
    url = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/v1"
    assert box.reachable(url) == "http://127.0.0.1:1002/a1b2c3d4e5/v1"
    assert box.reachable(f"{url}/chat/completions?x=1") == "http://127.0.0.1:1002/a1b2c3d4e5/v1/chat/completions?x=1"


@pytest.mark.parametrize("url", ["", "https://example.com/v1", "http://a1b2.execute-api.eu-west-1.amazonaws.com/v1"])
def test_another_url_is_refused(box: Box, url: str) -> None:
    with pytest.raises(BoxError, match="is not the URL of a deployed API: expected https://<api id>"):
        box.reachable(url)
