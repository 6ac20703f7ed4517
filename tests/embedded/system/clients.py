"""A deployed stack as the client suite asks it: a preset with a model for each endpoint of the API."""

import json
from typing import Any

import httpx2

from leanto.cli.place import Place
from leanto.cli.project import configuration
from tests.runtime.gateway.client_suite import CHAT, EMBEDDER, PLAIN, Endpoint


def with_models(place: Place) -> dict[str, object]:
    """Return the settings by which a preset gets an embedding model, and one of a server of the team's own."""
    routes = json.loads(configuration(place.root, place.stack, place.overlay)["leanto:routes"])
    prices = {"inputUsdPerMillion": 0.1, "outputUsdPerMillion": 0.5, "maximumOutputTokens": 4096}
    return {
        "leanto:routes": [
            *routes,
            {"model": EMBEDDER, "provider": "openai", "providerModel": "text-embedding-3-small"},
            {"model": PLAIN, "provider": "custom", "providerModel": "plain-1", **prices},
        ],
        "leanto:providersAllowed": ["openai", "custom"],
        "leanto:providerBaseUrls": dict.fromkeys(("openai", "custom"), f"{place.box.provider_url}/v1"),
    }


def control(place: Place, **faults: Any) -> None:
    """Tell the provider stand-in of a box how to behave; without any faults it is well."""
    url = f"{place.box.provider_url}/_control"
    httpx2.post(url, json={"delay_chunk_seconds": 0.0} | faults).raise_for_status()


def endpoint(deployed: Any) -> Endpoint:
    """Return a deployed stack's endpoint, which has `with_models`; its provider is well."""
    place: Place = deployed.place
    control(place)
    return Endpoint(
        deployed.base_url,
        deployed.key(),
        (CHAT, EMBEDDER, PLAIN),
        CHAT,
        lambda **faults: control(place, **faults),
        deployed.opened,
    )
