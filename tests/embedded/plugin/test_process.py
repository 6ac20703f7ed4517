"""Claim: the plugin's process starts fast, works on this machine only, ends clean, and outlives nobody."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest

from leanto.embedded.aws import AwsServer
from leanto.embedded.plugin import registry
from leanto.embedded.plugin.clients import ClientCache, EndpointError, loopback_endpoint
from leanto.embedded.plugin.errors import RunCancelledError
from leanto.embedded.plugin.resource import Context, Props, Resource
from tests.embedded.plugin.speaking import in_process, own_process

KEY = "aws:kms/key:Key"
BUCKET = "aws:s3/bucket:Bucket"
QUICKLY_SECONDS = 4.0
"""The engine kills a plugin that is still there 5 s after it was told to go."""


@pytest.fixture
def silent_endpoint() -> Iterator[str]:
    """An endpoint that says who it is, and then takes every call and never answers."""
    body = b'{"account_id": "123456789012"}'
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(head + body)

        threading.Thread(target=greet, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for the end; return exit status, the rest of standard output, and standard error."""
    out, err = process.communicate(timeout=QUICKLY_SECONDS)
    return process.returncode, out, err


def by_end_of_input(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.stdin = None


ENDINGS: dict[str, Callable[[subprocess.Popen[str]], object]] = {
    "interrupt": lambda process: process.send_signal(signal.SIGINT),
    "terminate": lambda process: process.send_signal(signal.SIGTERM),
    "end-of-input": by_end_of_input,
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_it_ends_clean_and_silent(ending: str, aws: AwsServer) -> None:
    with own_process({"AWS_ENDPOINT_URL": aws.url}) as plugin:
        plugin.configure()
        plugin.delete(plugin.make(BUCKET, "store"))
        assert plugin.process is not None
        ENDINGS[ending](plugin.process)
        assert ended(plugin.process) == (0, "", "")


@pytest.mark.parametrize("ending", ENDINGS)
def test_it_ends_while_aws_leaves_a_creation_waiting(ending: str, silent_endpoint: str) -> None:
    """The box may hang; Ctrl-C and a killed engine must still get rid of the plugin, without a traceback."""
    with own_process({"AWS_ENDPOINT_URL": silent_endpoint}) as plugin:
        plugin.configure()
        threading.Thread(target=lambda: _swallow(lambda: plugin.make(BUCKET, "store")), daemon=True).start()
        time.sleep(1.5)  # the first client takes a second to make
        assert plugin.process is not None
        ENDINGS[ending](plugin.process)
        assert ended(plugin.process) == (0, "", "")


def _swallow(call: Callable[[], object]) -> None:
    try:
        call()
    except grpc.RpcError:
        return


def test_it_is_ready_before_the_engine_gives_it_up(aws: AwsServer) -> None:
    """The engine waits ten seconds for the first answer."""
    started = time.monotonic()
    with own_process({"AWS_ENDPOINT_URL": aws.url}) as plugin:
        plugin.configure()
        assert time.monotonic() - started < 10


def test_two_plugins_work_in_two_regions_of_one_account(aws: AwsServer, clients: ClientCache) -> None:
    regions = ("eu-west-1", "us-east-1")
    with ExitStack() as stack:
        plugins = [stack.enter_context(own_process({"AWS_ENDPOINT_URL": aws.url})) for _ in regions]
        for plugin, region in zip(plugins, regions, strict=True):
            plugin.configure(region)
        made = [plugin.make(KEY, "data") for plugin in plugins]
        assert [one.outputs["region"] for one in made] == list(regions)
        assert [one.outputs["arn"].split(":")[3] for one in made] == list(regions)
        for plugin, one, region in zip(plugins, made, regions, strict=True):
            clients.get("kms", region).describe_key(KeyId=one.resource_id)
            plugin.delete(one)


def test_a_resource_with_a_region_of_its_own_lives_there(aws: AwsServer, clients: ClientCache) -> None:
    with in_process({"AWS_ENDPOINT_URL": aws.url}) as plugin:
        plugin.configure("eu-west-1")
        made = plugin.make(KEY, "data", {"region": "eu-central-1"})
        clients.get("kms", "eu-central-1").describe_key(KeyId=made.resource_id)
        assert plugin.read(made)[1]["region"] == "eu-central-1"
        plugin.delete(made)
        assert plugin.read(made)[0] == ""


REAL_ENDPOINTS = ["https://kms.eu-west-1.amazonaws.com", "http://10.0.0.1:5000", "ftp://127.0.0.1", "", None]


@pytest.mark.parametrize("endpoint", REAL_ENDPOINTS)
def test_it_refuses_to_work_anywhere_but_on_this_machine(endpoint: str | None) -> None:
    environment = {} if endpoint is None else {"AWS_ENDPOINT_URL": endpoint}
    with in_process(environment) as plugin:
        with pytest.raises(grpc.RpcError) as caught:
            plugin.configure()
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "AWS_ENDPOINT_URL" in caught.value.details()
        with pytest.raises(grpc.RpcError) as caught:
            plugin.check(BUCKET, "store", {})
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:5000", "http://localhost:1", "http://[::1]:80"])
def test_loopback_is_this_machine(endpoint: str) -> None:
    assert loopback_endpoint(endpoint + "/ignored") == endpoint
    with pytest.raises(EndpointError):
        loopback_endpoint("http://127.0.0.1.example.org")


def test_no_credentials_of_the_user_are_read(aws: AwsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = tmp_path / "credentials"
    profile.write_text("[default]\naws_access_key_id = AKIACANARY\naws_secret_access_key = canary\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIACANARY")
    client = ClientCache(aws.url).get("sts", "eu-west-1")
    sent: list[str] = []
    client.meta.events.register("before-send.*", lambda request, **_: sent.append(str(request.headers)))
    client.get_caller_identity()
    assert sent
    assert "AKIACANARY" not in sent[0]


def test_an_embedded_aws_that_is_gone_is_named_and_so_is_the_way_on() -> None:
    with AwsServer() as server:
        url = server.url
        with in_process({"AWS_ENDPOINT_URL": url}) as plugin:
            plugin.configure()
            made = plugin.make(BUCKET, "store")
            server.stop()
            for call in (lambda: plugin.read(made), plugin.configure):
                with pytest.raises(grpc.RpcError) as caught:
                    call()
                assert f"the embedded AWS at {url} does not answer" in caught.value.details()
                assert "\n" not in caught.value.details()


class Slow(Resource):
    """A type whose creation waits for something that never comes, as a real one waits for AWS."""

    token = "test:index/slow:Slow"

    def create(self, ctx: Context, inputs: Props) -> str:
        if ctx.cancelled.wait(30):
            raise RunCancelledError
        return "never"

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        return {}

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        return None


def test_a_cancelled_run_ends_what_is_waiting(aws: AwsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "RESOURCES", {Slow.token: Slow()})
    with in_process({"AWS_ENDPOINT_URL": aws.url}) as plugin:
        plugin.configure()
        caught: list[grpc.RpcError] = []

        def create() -> None:
            try:
                plugin.make(Slow.token, "slow")
            except grpc.RpcError as error:
                caught.append(error)

        waiting = threading.Thread(target=create)
        waiting.start()
        time.sleep(0.2)
        assert waiting.is_alive()
        plugin.cancel()
        waiting.join(QUICKLY_SECONDS)
        assert [error.code() for error in caught] == [grpc.StatusCode.CANCELLED]
        assert caught[0].details() == 'test:index/slow:Slow "slow": the run was cancelled'


def test_the_start_imports_neither_boto_nor_moto(aws: AwsServer) -> None:
    """Both are slow to import: the first is loaded with the first client, the second lives in the server."""
    program = "import sys, leanto.embedded.plugin.main; print(sorted({'boto3', 'botocore', 'moto'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_plugin_that_is_used_unconfigured_says_so(aws: AwsServer) -> None:
    with in_process({"AWS_ENDPOINT_URL": aws.url}) as plugin:
        with pytest.raises(grpc.RpcError) as caught:
            plugin.invoke("aws:index/getRegion:getRegion")
        assert "not configured" in caught.value.details()
