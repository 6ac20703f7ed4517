"""Where requests must stay in the EU, they go to endpoints and models that stay there."""

from collections.abc import Iterator

from catalog.endpoints import destination, geography
from policies.gateway_config import CARRIERS, documents
from policies.managed_models import ASKING, Managed, addresses, asked
from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, Unevaluated, each
from policies.stack import Item, Settings

IN_EU = frozenset({"", "eu"})


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at each endpoint and model, in the profile eu or where the document itself says so."""
    found = documents(item) if item.type in CARRIERS else ()
    declared = {document.text("residency").lower() for document in found}
    residency = settings["residency"] if "eu" not in declared else "eu"
    if residency == "any":
        raise NotApplicable("nothing asks that requests stay in the EU")
    models = tuple(asked(item))
    urls = tuple(addresses(item)) if item.type in CARRIERS else ()
    if not models and not urls:
        raise NotApplicable("it names no endpoint and no managed model")
    allowed = frozenset(settings["allowedHosts"])
    yield from each(models, lambda model: _model(model, allowed))
    yield from each(urls, lambda row: _address(row.path, row.url, allowed))


def _model(model: Managed, allowed: frozenset[str]) -> Iterator[Outcome]:
    if geography(model.model) not in IN_EU:
        yield Problem(model.path, "the model's id lets it be processed outside of the EU")
    if model.url is not None:
        yield from _address(model.path, model.url, allowed)


def _address(path: str, url: str, allowed: frozenset[str]) -> Iterator[Outcome]:
    leads_to = destination(url)
    if leads_to is None:
        if not any(host in url.lower() for host in allowed):
            yield Problem(path, "the endpoint is not in the table of those that stay in the EU")
    elif leads_to.place == "deployment":
        message = f"where {leads_to.provider} processes requests is decided by the deployment, which is not seen here"
        if not any(host in url.lower() for host in allowed):
            yield Unevaluated(path, message)
    elif leads_to.place != "eu":
        yield Problem(path, f"this endpoint of {leads_to.provider} does not keep requests in the EU")


RULE = Rule(
    id="residency-endpoint",
    area="governance",
    title="Requests go to endpoints that stay in the EU",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=ASKING,
    guards=("code", "value", "insecureValue", "content", "environment", "foundationModel"),
    check=check,
    rationale="Most providers process a request anywhere unless another host, or another name of the model, is used.",
    fix="Use the provider's endpoint or model id for the EU; for Azure and Google list the host in `allowedHosts` once"
    " somebody has looked at its deployment.",
    parameters=(
        Parameter(
            "residency",
            "text",
            "any",
            "Where requests must stay whatever a document says.",
            allowed=("any", "eu"),
            defaults={"eu": "eu"},
        ),
        Parameter("allowedHosts", "texts", (), "Hosts that somebody has found to stay in the EU."),
    ),
)
