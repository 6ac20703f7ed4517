"""Whom the demo asks: the box's stand-in, or a real provider whose key is in the user's environment."""

import datetime as dt
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import click

from catalog.tables import catalogue
from leanto.cli import screen
from leanto.cli.exits import CommandError, Exit
from leanto.cli.provider_key import STAND_IN_KEY

KEY_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "OPENAI_API_KEY": "openai",
        "ANTHROPIC_API_KEY": "anthropic",
        "GEMINI_API_KEY": "google",
    }
)
"""Where the users of each provider's own tools keep its key."""


@dataclass(frozen=True)
class Choice:
    """A provider for the demo: empty name = the stand-in; the key never leaves this process but into the box."""

    provider: str = ""
    variable: str = ""
    key: str = field(default=STAND_IN_KEY, repr=False)

    @property
    def is_real(self) -> bool:
        """Tell whether questions go to a real provider, and cost."""
        return bool(self.provider)


def choose(wanted: str | None, environ: Mapping[str, str] = os.environ) -> Choice:
    """Return the provider; `wanted` is "real", "stand-in" or None, which asks on a terminal when there is a key.

    Raises:
        CommandError: a real one is wanted and no key is in the environment.
    """
    found = next(((name, environ[name]) for name in KEY_VARIABLES if environ.get(name)), None)
    if wanted == "stand-in" or (wanted is None and (found is None or not screen.is_terminal())):
        if found:
            screen.say(f"provider: the stand-in ({found[0]} is set: --provider real asks {KEY_VARIABLES[found[0]]})")
        return Choice()
    if found is None:
        raise CommandError(
            f"--provider real needs a provider's key in the environment: one of {', '.join(KEY_VARIABLES)}",
            Exit.PREREQUISITE,
        )
    name, key = found
    provider = KEY_VARIABLES[name]
    question = f"{name} is set. Ask {provider} for real (a fraction of a cent) instead of the stand-in?"
    if wanted is None and not click.confirm(question, default=False, err=True):
        return Choice()
    return Choice(provider, name, key)


def overlay(choice: Choice, config: Mapping[str, str]) -> dict[str, object]:
    """Return the settings that lead the routes of a stack to the chosen provider; none for the stand-in."""
    if not choice.is_real:
        return {}
    model = cheapest_model(choice.provider)
    routes = [_led_to(choice.provider, model, route) for route in json.loads(config["leanto:routes"])]
    return {
        "leanto:routes": routes,
        "leanto:providersAllowed": [choice.provider],
        "leanto:providerBaseUrls": {},
    }


def _led_to(provider: str, model: str, route: Mapping[str, object]) -> Mapping[str, object]:
    """Return a route that leads to one model, without fallbacks: there is a key for one provider only."""
    if not route.get("provider"):
        return route
    kept = {name: value for name, value in route.items() if name != "fallbacks"}
    return {**kept, "provider": provider, "providerModel": model}


def cheapest_model(provider: str, today: dt.date | None = None) -> str:
    """Return the provider's cheapest chat model that will not shut down within a week."""
    ends = (today or dt.datetime.now(dt.UTC).date()) + dt.timedelta(days=7)
    models = [
        row
        for row in catalogue().managed_models.values()
        if row.provider == provider and row.api == "chat-completions" and (row.shuts_down or dt.date.max) > ends
    ]
    if not models:
        raise CommandError(f"the catalogue knows no model of {provider} that can be asked now")
    return min(models, key=lambda row: (row.input_usd_per_million + row.output_usd_per_million, row.model)).model
