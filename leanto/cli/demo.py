"""`leanto demo`: the whole story on one machine: deploy, ask, boot a node, lose it, destroy, look for leftovers."""

import importlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from leanto.cli import box_place, policies, runs, screen
from leanto.cli.demo_node import runs_nodes, tell_of_a_node
from leanto.cli.demo_provider import Choice, choose, overlay
from leanto.cli.demo_steps import QUESTION, Phases, ask, show_what_is_there
from leanto.cli.destroy import prove_nothing_is_left
from leanto.cli.exits import CommandError
from leanto.cli.keytable import KeyTable
from leanto.cli.place import Place
from leanto.cli.project import configuration, find_root
from leanto.cli.provider_key import give_stand_in_keys, store
from leanto.engine.find import ensure

PRESET = "hybrid"


@click.command(name="demo")
@click.option(
    "--provider", type=click.Choice(["real", "stand-in"]), help="Whom to ask.  [default: asks, if a key is set]"
)
def command(provider: str | None) -> None:
    """Deploy the hybrid preset into AWS in a box, ask it a question, boot a node that answers too, take it down again.

    Needs no AWS account and no GPU, and leaves nothing behind. Two demos may run side by side.
    """
    started = time.monotonic()
    choice = choose(provider)
    phases = Phases()
    with phases.phase("engine"):
        ensure(screen.say)
    with a_box(phases, choice) as place:
        tell_story(place, choice, phases)
    screen.say(phases.table())
    screen.say(f"the demo took {time.monotonic() - started:.1f} s; nothing of it is left")


@contextmanager
def a_box(phases: Phases, choice: Choice) -> Iterator[Place]:
    """Start a box in a folder of its own; whatever happens, box and folder go afterwards."""
    home = Path(tempfile.mkdtemp(prefix="leanto-demo-"))
    config = configuration(find_root(), PRESET, {})
    place: Place | None = None
    try:
        with phases.phase("box"):
            place = box_place.open_place(
                PRESET, home, start=True, watch_pid=os.getpid(), overlay=overlay(choice, config)
            )
        yield place
    finally:
        if place is not None and place.box is not None:
            place.box.stop()
        shutil.rmtree(home, ignore_errors=True)


def tell_story(place: Place, choice: Choice, phases: Phases) -> None:
    """Deploy, ask, show, destroy and look for leftovers."""
    # The client takes a second to load: it does so while the engine works.
    threading.Thread(target=importlib.import_module, args=("openai",), daemon=True).start()
    with phases.phase("bundles"):
        runs.build_bundles(place)
    with phases.phase("up"):
        held = policies.hold(place, None, None)
        with screen.showing("up", each_change=False) as view, policies.showing_broken(held):
            done = place.deployment.up(view, held.pack)
        screen.say(f"up: {screen.summary(done)}; each resource was held to the policies before it was created")
    with phases.phase("key and question"):
        give_keys(place, choice, done.outputs["provider_secret_arns"])
        key = KeyTable(place.client("dynamodb"), done.outputs["table_name"]).create("demo", team="demo")
        base_url, model = place.reachable(done.outputs["endpoint_url"]), done.outputs["models"][0]
        screen.say(f"question to {model!r} at {base_url}: {QUESTION}")
        answer = ask(base_url, key.text, model)
        screen.write("\n")
        screen.say(f"answered by {answer.upstream}")
    if runs_nodes():
        tell_of_a_node(place, done.outputs, lambda **fields: ask(base_url, key.text, model, **fields), phases)
    with phases.phase("what is there"):
        show_what_is_there(place)
    with phases.phase("destroy"):
        runs.destroy(place, each_change=False)
    with phases.phase("leftovers"):
        prove_nothing_is_left(place)


def give_keys(place: Place, choice: Choice, secrets: dict[str, str]) -> None:
    """Put the provider's key into the box's Secrets Manager."""
    if not choice.is_real:
        give_stand_in_keys(place, {"provider_secret_arns": secrets})
        return
    if choice.provider not in secrets:
        raise CommandError(f"the stack has no secret for {choice.provider}; it has {', '.join(sorted(secrets))}")
    store(place, secrets[choice.provider], choice.key)
