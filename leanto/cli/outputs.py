"""`leanto outputs`: what the last up gave out."""

import json
from pathlib import Path
from typing import Any

import click

from leanto.cli import options, screen
from leanto.cli.place import Place

REACHABLE = "endpoint_url_here"


@click.command(name="outputs")
@options.place
@click.option("--json", "as_json", is_flag=True, help="Print them as one JSON object.")
def command(stack: str, embedded: bool, box_home: Path | None, state: str | None, as_json: bool) -> None:
    """Show the outputs of the last up. With --embedded, also the address under which this machine reaches it."""
    place = options.open_place(stack, embedded, box_home, state, start=False)
    outputs = with_address(place, place.outputs)
    if as_json:
        screen.result(json.dumps(outputs, indent=2, sort_keys=True))
        return
    width = max(map(len, outputs), default=0)
    for name in sorted(outputs):
        value = outputs[name]
        screen.result(f"{name:<{width}}  {value if isinstance(value, str) else json.dumps(value)}")


def with_address(place: Place, outputs: Any) -> dict[str, Any]:
    """Return the outputs; in a box, with the endpoint's address on this machine."""
    told = dict(outputs)
    if place.box is not None and "endpoint_url" in told:
        told[REACHABLE] = place.reachable(told["endpoint_url"])
    return told
