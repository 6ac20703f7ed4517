"""Tables whose conditional writes are exact under concurrency, as DynamoDB's are and plain moto's are not.

One is moto with one lock around it. The other, in `make test-long`, is dynalite, which others wrote from what DynamoDB
itself answers. DynamoDB Local would be AWS's own word, but its licence is not an open one.
"""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import boto3
import pytest

from leanto.embedded.aws.server import AwsServer
from tests.runtime.ledger import Ledger

HERE = Path(__file__).resolve().parent
INSTALLED = HERE.parents[2] / "build" / "dynalite"
MOTO, DYNALITE = "moto", "dynalite"


@pytest.fixture(scope="module", params=[MOTO, pytest.param(DYNALITE, marks=pytest.mark.long)])
def shared_ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    with ExitStack() as stack:
        url = stack.enter_context(AwsServer()).url if request.param == MOTO else _dynalite(stack)
        client = boto3.client("dynamodb", region_name="eu-west-1", endpoint_url=url, **keys)
        client.create_table(
            TableName="ledger",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Ledger(url, client, "ledger")
        client.close()


@pytest.fixture
def ledger(shared_ledger: Ledger) -> Iterator[Ledger]:
    yield shared_ledger
    shared_ledger.clear()


def _dynalite(stack: ExitStack) -> str:
    if not (INSTALLED / "node_modules" / "dynalite").is_dir():
        pytest.skip("there is no dynalite in build/dynalite: `make test-long` installs it where there is npm")
    command = ["node", str(HERE / "dynalite" / "serve.cjs"), str(INSTALLED)]
    process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    stack.callback(process.kill)
    assert process.stdout is not None
    return f"http://127.0.0.1:{int(process.stdout.readline())}"
