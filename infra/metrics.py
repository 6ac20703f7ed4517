"""How many metrics of its own the gateway has CloudWatch keep: AWS charges each of them."""

from collections.abc import Iterable

from infra.routes import Route, managed_of

OF_REQUESTS = 6
OF_AN_UPSTREAM = 1
"""As `runtime.gateway.metrics` has them: a test holds the two together."""


def metric_count(routes: Iterable[Route]) -> int:
    """Return the most metrics that a gateway with these routes writes, whoever asks what how often."""
    upstreams = {(one.provider, one.provider_model) for route in routes for one in managed_of(route)}
    return OF_REQUESTS + OF_AN_UPSTREAM * len(upstreams)
