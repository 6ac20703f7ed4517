"""A project in a temporary folder, an AWS on loopback, and a way to run the command as a shell would."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from leanto.cli import options
from leanto.cli.main import run
from leanto.embedded.aws import AwsServer
from tests.cli.running import Ran
from tests.cli.stand_in_place import POOL_KEY, StandInPlace

REGION = "eu-central-1"


@pytest.fixture
def leanto(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run the command in this process: (arguments) -> exit code and what it said."""

    def ran(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(arguments)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return ran


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project with a few settings and the stack `dev`."""
    root = tmp_path / "checkout"
    (root / "infra").mkdir(parents=True)
    (root / "Pulumi.yaml").write_text(
        "name: leanto\nruntime: python\nconfig:\n  leanto:region: {default: eu-central-1}\n"
        "  leanto:gpuEngine: {default: llama.cpp}\n"
    )
    for name in ("managed", "gpu", "hybrid"):
        (root / f"Pulumi.{name}.yaml").write_text(f"# the preset {name}\nconfig:\n  leanto:mode: {name}  # kept\n")
    monkeypatch.chdir(root)
    return root


@pytest.fixture(scope="session")
def aws() -> Iterator[AwsServer]:
    with AwsServer() as server:
        yield server


@pytest.fixture(scope="session")
def client(aws: AwsServer) -> Iterator[Callable[[str], object]]:
    """Return the client of a service, one for all tests: each takes a fifth of a second to make."""
    session = boto3.Session("box", "box", region_name=REGION)
    made: dict[str, Any] = {}

    def get(service: str) -> object:
        if service not in made:
            made[service] = session.client(service, endpoint_url=aws.url)
        return made[service]

    yield get
    for each in made.values():
        each.close()


@pytest.fixture
def place(client: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInPlace]:
    dynamodb, secrets = client("dynamodb"), client("secretsmanager")
    dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    arn = secrets.create_secret(Name="openai")["ARN"]
    outputs = {"table_name": "t", "models": ["small", "large"], "provider_secret_arns": {"openai": arn}}
    made = StandInPlace(client, outputs)
    monkeypatch.setattr(options, "open_place", lambda *_, **__: made)
    yield made
    dynamodb.delete_table(TableName="t")
    secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


@pytest.fixture
def deployed(client: Callable[[str], Any], project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInPlace]:
    """The deployed stack `gpu`, whose nodes find nothing in their bucket yet."""
    monkeypatch.setenv("LEANTO_CACHE", str(project.parent / "cache"))
    s3 = client("s3")
    s3.create_bucket(Bucket="pool", CreateBucketConfiguration={"LocationConstraint": REGION})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": POOL_KEY}}
    s3.put_bucket_encryption(Bucket="pool", ServerSideEncryptionConfiguration={"Rules": [rule]})
    made = StandInPlace(client, {"pool_bucket_name": "pool"}, "--stack gpu", "gpu", root=project)
    monkeypatch.setattr(options, "open_place", lambda *_, **__: made)
    yield made
    for each in s3.list_objects_v2(Bucket="pool").get("Contents", ()):
        s3.delete_object(Bucket="pool", Key=each["Key"])
    s3.delete_bucket(Bucket="pool")
