"""A public model name, what answers for it, and what providers' models cost."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from infra.content import ContentGuardrail


@dataclass(frozen=True)
class Fallback:
    """A provider's model that is asked when those before it on its route fail or cannot take a request.

    Prices in USD per million tokens, and the longest answer in tokens, where the catalogue does not know them or they
    are others; None means as in the catalogue. `lacks` is what the model does not take: tools, vision.
    """

    provider: str
    provider_model: str
    input_usd_per_million: Decimal | None = None
    output_usd_per_million: Decimal | None = None
    maximum_output_tokens: int | None = None
    lacks: tuple[str | None, ...] = ()


@dataclass(frozen=True)
class Route:
    """A name that clients ask for, with a model of a provider, a model of the GPU pool, or both; empty means none.

    Prices, the longest answer and `lacks` are those of the provider's model, as for a fallback. `drop_unsupported`
    says that fields of a request which a provider would not act upon are left out rather than refused. `mask_patterns`
    names what is masked in its requests; None is what the stack's setting says. `guardrail` looks at its requests and
    answers.
    """

    model: str
    provider: str = ""
    provider_model: str = ""
    local_model: str = ""
    input_usd_per_million: Decimal | None = None
    output_usd_per_million: Decimal | None = None
    maximum_output_tokens: int | None = None
    lacks: tuple[str | None, ...] = ()
    fallbacks: tuple[Fallback | None, ...] = ()
    drop_unsupported: bool = False
    mask_patterns: tuple[str | None, ...] | None = None
    guardrail: ContentGuardrail | None = None


Managed = Route | Fallback
"""What may name a provider's model."""


def managed_of(route: Route) -> tuple[Managed, ...]:
    """Return what names a provider's model on a route, in the order in which they are asked."""
    return (*((route,) if route.provider else ()), *(one for one in route.fallbacks if one is not None))


def placed(routes: Iterable[tuple[int, Route]], key: str) -> Iterator[tuple[str, Managed]]:
    """Yield each route and each of its fallbacks with its key among the settings; `routes` come with their places."""
    for index, route in routes:
        yield f"{key}[{index}]", route
        for number, fallback in enumerate(route.fallbacks):
            if fallback is not None:
                yield f"{key}[{index}].fallbacks[{number}]", fallback
