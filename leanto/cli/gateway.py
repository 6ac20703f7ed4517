"""`leanto gateway`: the gateway as a server, for local use and where Lambda's price is outgrown."""

import os
from ipaddress import ip_address
from pathlib import Path

import click

from leanto.cli import options, screen
from leanto.cli.exits import CommandError
from runtime.state.keys import NewKey, key_id_of, make_key

KEY_VARIABLE = "LEANTO_KEY"
TABLE, MEMORY = "table", "memory"


@click.group(name="gateway")
def command() -> None:
    """Run the gateway as a server."""


@command.command()
@options.stack
def document(stack: str) -> None:
    """Print the deployment document of a stack, as the stack file and the catalogue have it now."""
    from catalog.tables import catalogue  # noqa: PLC0415 - for this command only
    from infra.document import deployment_document  # noqa: PLC0415
    from leanto.cli.project import find_root, read_settings  # noqa: PLC0415

    screen.result(deployment_document(read_settings(find_root(), stack, {}), stack, catalogue()))


@command.command()
@click.option(
    "--document",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    help="File with the deployment document: limits, providers, routes.",
)
@click.option(
    "--store",
    type=click.Choice((TABLE, MEMORY)),
    default=TABLE,
    show_default=True,
    help="Keys and budgets in the stack's table, or in this process until it ends.",
)
@click.option("--table", envvar="LEANTO_TABLE", help="Name of the stack's table: output `table_name`.")
@click.option("--relay", envvar="LEANTO_RELAY", help="Name of the stack's relay: with it, nodes of the pool answer.")
@click.option("--region", help="Region of the table.  [default: as the AWS SDK finds it]")
@click.option(
    "--provider-keys",
    type=click.Path(path_type=Path),
    help='JSON file {"provider": "key"}.  [default: from the environment, OPENAI_API_KEY and the like]',
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 = any that is free.")
@click.option(
    "--grace",
    type=click.IntRange(0, 3600),
    default=30,
    show_default=True,
    help="Seconds that requests under way get to end when the server is told to.",
)
@click.option("--open-metrics", is_flag=True, help="Show /metrics to other machines too: it names teams and costs.")
def serve(
    path: Path,
    store: str,
    table: str | None,
    relay: str | None,
    region: str | None,
    provider_keys: Path | None,
    host: str,
    port: int,
    grace: int,
    open_metrics: bool,
) -> None:
    """Serve the endpoint until SIGTERM or Ctrl-C. The audit lines go to standard output."""
    from leanto.cli.demo_provider import KEY_VARIABLES  # noqa: PLC0415 - the server's libraries, for this command only
    from leanto.gateway.serving import Listening, serve  # noqa: PLC0415
    from leanto.gateway.stand import stand_of  # noqa: PLC0415

    if store == TABLE and not table:
        raise CommandError("--store table needs --table: `leanto outputs` shows the stack's table_name")
    if store == MEMORY and table:
        raise CommandError("--table does not go with --store memory")
    if store == MEMORY and relay:
        raise CommandError("--relay does not go with --store memory: nodes are known by the stack's table")
    names = {provider: variable for variable, provider in KEY_VARIABLES.items()}
    key = own_key(os.environ.get(KEY_VARIABLE)) if store == MEMORY else None
    stand = stand_of(path, table if store == TABLE else None, relay, key, region, provider_keys, names, os.environ)

    def started(url: str) -> None:
        screen.say(f"the gateway of stack {stand.deployment.stack} listens on {url}")
        if key is not None and not os.environ.get(KEY_VARIABLE):
            screen.say(f"its key, until it ends: {key.text}")
        if not _is_loopback(host):
            screen.say("this is not a loopback address: have TLS in front, as keys travel in each request")

    serve(stand, Listening(host, port, grace, open_metrics), started)


def own_key(given: str | None) -> NewKey:
    """Return the key of a server without a table: the one given, or a new one; raises CommandError for another form."""
    if not given:
        return make_key()
    try:
        return NewKey(key_id_of(given), given)
    except ValueError:
        message = f"{KEY_VARIABLE} is not a key of the form sk-lt-<id>-<secret>; without it, a new one is made"
        raise CommandError(message) from None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
