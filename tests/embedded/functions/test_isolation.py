"""Claim: a function sees what Lambda and its deployment give it, and nothing of this machine; nothing of it is left."""

import asyncio
import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from leanto.embedded.functions.bundle import BundleError, extract
from leanto.embedded.functions.host import FunctionHost
from tests.embedded.functions.deployed import REGION, RUNTIME, Cloud, bundle, packed
from tests.embedded.functions.test_host import assert_gone, result_of

ENVIRONMENT = "import os\ndef handle(call):\n    call.respond(dict(os.environ))\n"
EXPECTED = frozenset(
    {
        "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_EXECUTION_ENV", "AWS_LAMBDA_EXEC_WRAPPER",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT", "LANG", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "TMPDIR", "TZ", "_HANDLER",
    }
)  # fmt: skip
FAMILY = """
import os, subprocess
def handle(call):
    child = subprocess.Popen(["sleep", "300"])
    call.respond([os.getpid(), child.pid])
"""
BY_THE_SHELL = frozenset({"PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"})


def test_the_environment_is_lambdas_and_the_deployments_only(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THIS_MACHINE", "canary")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "canary")
    cloud.deploy("variables", ENVIRONMENT, variables={"LEANTO_STACK": "dev"}, MemorySize=512)
    got = result_of(runner, host, "variables")
    assert got.keys() - BY_THE_SHELL == EXPECTED | {"LEANTO_STACK"}
    assert "canary" not in json.dumps(got)
    assert got["AWS_ENDPOINT_URL"] == cloud.server.url
    assert got["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{RUNTIME}"
    assert got["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512"
    assert got["_HANDLER"] == "handler.handle"


def test_values_that_begin_with_lambdas_folders_lead_to_the_unpacked_ones(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost
) -> None:
    source = """
    import os, pathlib
    def handle(call):
        call.respond({
            "layer": pathlib.Path(os.environ["DOCUMENT"]).read_text(),
            "task": pathlib.Path(os.environ["HERE"]).read_text()[:6],
            "other": os.environ["OTHER"],
            "module": __import__("from_layer").NAME,
        })
    """
    layers = [
        cloud.client("lambda").publish_layer_version(LayerName=f"layer-{number}", Content={"ZipFile": packed(files)})
        for number, files in enumerate(
            ({"a/document.json": "{}", "x": "1"}, {"python/from_layer.py": "NAME = 'layer'"})
        )
    ]
    variables = {"DOCUMENT": "/opt/a/document.json", "HERE": "/var/task/handler.py", "OTHER": "/optional/x"}
    cloud.deploy("rooted", source, variables=variables, Layers=[layer["LayerVersionArn"] for layer in layers])
    got = result_of(runner, host, "rooted")
    assert got == {"layer": "{}", "task": "\nimpor", "other": "/optional/x", "module": "layer"}


def test_only_the_bundle_brings_packages(runner: asyncio.Runner, cloud: Cloud, host: FunctionHost) -> None:
    source = """
    import importlib.util, sys
    NAMES = ("aiohttp", "boto3", "moto", "pulumi", "leanto", "runtime", "pip", "pytest", "packed_with_it")
    def handle(call):
        found = [name for name in NAMES if importlib.util.find_spec(name) is not None]
        call.respond({"found": found, "path": sys.path})
    """
    cloud.deploy("packages", source, code=bundle(source, **{"packed_with_it.py": ""}))
    got = result_of(runner, host, "packages")
    assert got["found"] == ["packed_with_it"]
    assert not [entry for entry in got["path"] if "site-packages" in entry or "dist-packages" in entry]


def test_two_environments_have_their_own_temporary_folders(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost
) -> None:
    source = """
    import os, tempfile, time
    def handle(call):
        time.sleep(0.5)
        call.respond(tempfile.mkdtemp())
    """
    cloud.deploy("folders", source)

    async def two() -> list[str]:
        got = await asyncio.gather(*(host.run("folders", b"null", REGION) for _ in range(2)))
        return [json.loads(one.payload) for one in got]

    first, second = (Path(made).parent for made in runner.run(two()))
    assert first != second
    runner.run(host.close())
    assert not first.exists()


def test_what_a_function_prints_goes_to_its_log_group_and_file(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost, tmp_path: Path
) -> None:
    source = """
    import sys
    def handle(call):
        print('{"level": "info"}', flush=True)
        print("to standard error", file=sys.stderr, flush=True)
        call.respond(None)
    """
    cloud.client("logs").create_log_group(logGroupName="/aws/lambda/talks")
    cloud.deploy("talks", source)
    result_of(runner, host, "talks")
    expected = {'{"level": "info"}', "to standard error"}
    seen: set[str] = set()
    for _ in range(100):
        events = cloud.client("logs").filter_log_events(logGroupName="/aws/lambda/talks")["events"]
        seen = {event["message"] for event in events}
        if seen == expected:
            break
        runner.run(asyncio.sleep(0.1))
    assert seen == expected
    streams = cloud.client("logs").describe_log_streams(logGroupName="/aws/lambda/talks")["logStreams"]
    assert "/[$LATEST]" in streams[0]["logStreamName"]
    written = (tmp_path / "functions" / "logs" / "talks.log").read_text()
    assert "to standard error" in written


def test_a_log_group_that_was_not_deployed_is_not_made(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost
) -> None:
    cloud.deploy("unheard", "def handle(call):\n    print('x', flush=True)\n    call.respond(None)\n")
    result_of(runner, host, "unheard")
    runner.run(asyncio.sleep(0.5))
    groups = cloud.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/unheard")["logGroups"]
    assert groups == []


def test_closing_ends_every_process_with_its_children(runner: asyncio.Runner, cloud: Cloud, host: FunctionHost) -> None:
    pids = runner.run(start_family(cloud, host, "family"))
    runner.run(host.close())
    for pid in pids:
        assert_gone(pid)


async def start_family(cloud: Cloud, host: FunctionHost, name: str) -> list[int]:
    cloud.deploy(name, FAMILY)
    got = await host.run(name, b"null", REGION)
    pids: list[int] = json.loads(got.payload)
    return pids


def test_a_crash_takes_the_children_with_it(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost, tmp_path: Path
) -> None:
    source = """
    import os, pathlib, subprocess
    def handle(call):
        child = subprocess.Popen(["sleep", "300"])
        pathlib.Path(os.environ["CHILD"]).write_text(str(child.pid))
        os._exit(1)
    """
    cloud.deploy("crashing-parent", source, variables={"CHILD": str(tmp_path / "child")})
    got = runner.run(host.run("crashing-parent", b"null", REGION))
    assert json.loads(got.payload)["errorType"] == "Runtime.ExitError"
    assert_gone(int((tmp_path / "child").read_text()))


def test_a_killed_host_leaves_no_process(cloud: Cloud, tmp_path: Path) -> None:
    """The reaper sees the end of its input and ends the groups that it was told of."""
    cloud.deploy("orphan", FAMILY)
    program = """
    import asyncio, os, signal, sys
    from pathlib import Path
    from leanto.embedded.functions.host import FunctionHost

    class Aws:
        url = sys.argv[1]
        def lambda_code(self, name, region):
            return Path(sys.argv[3]).read_bytes()
        def layer_code(self, arn):
            raise LookupError(arn)

    async def main():
        host = FunctionHost(Aws(), Path(sys.argv[2]))
        await host.start()
        print((await host.run("orphan", b"null", "eu-west-1")).payload.decode(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(main())
    """
    code = tmp_path / "code.zip"
    code.write_bytes(cloud.server.lambda_code("orphan", REGION))
    command = [sys.executable, "-c", textwrap.dedent(program), cloud.server.url, str(tmp_path / "host"), str(code)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.returncode == -9, done.stderr
    for pid in json.loads(done.stdout):
        assert_gone(pid)


def test_idle_environments_are_ended_after_their_time(runner: asyncio.Runner, cloud: Cloud, tmp_path: Path) -> None:
    host = FunctionHost(cloud.server, tmp_path / "idle", idle_seconds=0.3)
    runner.run(host.start())
    cloud.deploy("idle", "import os\ndef handle(call):\n    call.respond(os.getpid())\n")
    pid = result_of(runner, host, "idle")
    for _ in range(50):
        runner.run(asyncio.sleep(0.2))
        if not Path(f"/proc/{pid}").exists():
            break
    assert_gone(pid)
    runner.run(host.close())


def test_a_deleted_function_is_forgotten(runner: asyncio.Runner, cloud: Cloud, host: FunctionHost) -> None:
    cloud.deploy("deleted", ENVIRONMENT)
    result_of(runner, host, "deleted")
    cloud.client("lambda").delete_function(FunctionName="deleted")
    time.sleep(1.1)
    with pytest.raises(Exception, match="Function not found"):
        result_of(runner, host, "deleted")


def test_code_that_is_not_what_lambda_reports_is_not_run(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.deploy("tampered", ENVIRONMENT)
    monkeypatch.setattr(cloud.server, "lambda_code", lambda name, region: bundle("other"))
    got: Any = runner.run(host.run("tampered", b"null", REGION))
    assert "CodeSha256" in json.loads(got.payload)["errorMessage"]


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../outside"])
def test_a_zip_that_leads_outside_is_not_unpacked(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match="leads out"):
        extract(packed({name: ""}), tmp_path / "in")
    assert list(tmp_path.iterdir()) == []
