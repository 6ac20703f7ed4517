"""Claims about what surrounds a deployment: whose account it is, which image it gets, and what to type next."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import NoCredentialsError

from leanto.cli.exits import CommandError, Exit
from leanto.cli.outputs import with_address
from leanto.cli.provider_key import STAND_IN_KEY, give_stand_in_keys, store
from leanto.cli.up import next_steps, pin_what_is_unset, tell_account


def test_the_account_is_named_before_anything_is_done(client, capsys) -> None:
    tell_account(SimpleNamespace(client=client, region="eu-central-1"))
    assert "account 1234" in capsys.readouterr().err


def test_without_credentials_the_way_to_get_some_is_told() -> None:
    def refuse(_service: str) -> None:
        raise NoCredentialsError

    with pytest.raises(CommandError, match=r"aws sso login.*--embedded") as caught:
        tell_account(SimpleNamespace(client=refuse, region="eu-central-1"))
    assert caught.value.code is Exit.PREREQUISITE


@pytest.mark.parametrize(("stack", "is_pinned"), [("managed", False), ("gpu", True)])
def test_only_a_stack_with_a_pool_and_without_an_image_gets_one(client, project, stack: str, is_pinned: bool) -> None:
    place = SimpleNamespace(root=project, stack=stack, overlay={}, client=client)
    path = project / f"Pulumi.{stack}.yaml"
    pin_what_is_unset(place)
    assert ("leanto:gpuAmiId: ami-" in path.read_text()) is is_pinned
    mine = path.read_text().replace("ami-", "ami-f")
    path.write_text(mine)
    pin_what_is_unset(place)
    assert path.read_text() == mine


def test_the_next_commands_are_told() -> None:
    account = SimpleNamespace(box=None, options="--stack dev")
    keys, provider = "leanto keys create me --stack dev", "leanto provider-key set openai --stack dev"
    pushes = ("leanto models push --stack dev", "leanto engine-image push --stack dev")
    assert next_steps(account, {"provider_secret_arns": {"openai": "arn"}}) == (provider, keys)
    assert next_steps(account, {"pool_bucket_name": "b"}) == (*pushes, keys)
    hybrid = {"pool_bucket_name": "b", "provider_secret_arns": {"openai": "arn"}}
    assert next_steps(account, hybrid) == (provider, *pushes, keys)
    box = SimpleNamespace(box=object(), options="--stack dev --embedded")
    assert next_steps(box, hybrid) == (
        "leanto keys create me --stack dev --embedded",
        "leanto outputs --stack dev --embedded",
    )


def test_only_in_a_box_the_endpoint_has_an_address_here() -> None:
    outputs = {"endpoint_url": "https://a.execute-api.eu-central-1.amazonaws.com/v1"}
    assert with_address(SimpleNamespace(box=None), outputs) == outputs
    box = SimpleNamespace(box=object(), reachable=lambda url: "http://127.0.0.1:1/a/v1")
    assert with_address(box, outputs)["endpoint_url_here"] == "http://127.0.0.1:1/a/v1"


def test_the_stand_ins_key_fills_empty_secrets_only(client) -> None:
    secrets = client("secretsmanager")
    arns = {name: secrets.create_secret(Name=name)["ARN"] for name in ("empty", "filled")}
    place = SimpleNamespace(client=client)
    store(place, arns["filled"], "mine")
    give_stand_in_keys(place, {"provider_secret_arns": arns})
    values = {name: secrets.get_secret_value(SecretId=arn)["SecretString"] for name, arn in arns.items()}
    assert values == {"empty": STAND_IN_KEY, "filled": "mine"}
