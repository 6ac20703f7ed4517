"""Managed models are served for a while yet, by name and not by an alias that moves."""

import datetime as dt
from collections.abc import Iterator

from catalog.lifecycle import known_since, shuts_down
from policies.managed_models import ASKING, Managed, asked
from policies.rule import PROD, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, Unevaluated, each
from policies.stack import Item, Settings


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Hold each managed model against the dated tables of the catalogue."""
    models = tuple(asked(item))
    if not models:
        raise NotApplicable("it names no managed model")
    yield from each(models, lambda model: _model(model, settings))


def _model(model: Managed, settings: Settings) -> Iterator[Outcome]:
    if model.model.strip().lower().endswith("latest"):
        yield Problem(model.path, "the model is an alias that the provider moves to other models")
        return
    ends, known = shuts_down(model.provider, model.model), known_since(model.provider, model.model)
    if ends is not None and ends <= settings.today:
        yield Problem(model.path, f"the provider has refused the model since {ends}")
    elif ends is not None and (ends - settings.today).days < int(settings["noticeDays"]):
        yield Problem(model.path, f"the provider refuses the model from {ends} on")
    elif known is None:
        yield Unevaluated(model.path, "the catalogue does not know the model: until when is it served?")
    elif settings.today - known > dt.timedelta(days=int(settings["catalogueDays"])):
        yield Problem(model.path, f"what the catalogue says of it is of {known}: look at the provider's dates again")


RULE = Rule(
    id="managed-model-current",
    area="governance",
    title="Managed models are served for a while yet",
    severity=Severity.HIGH,
    levels=PROD,
    types=ASKING,
    guards=("code", "value", "insecureValue", "content", "environment", "foundationModel", "modelSource"),
    check=check,
    rationale="On the day a provider ends a model its requests fail, and an alias changes answers without notice.",
    fix="Ask for a model with a later date, by its full id.",
    references={"owasp-llm-2026": ("LLM04",)},
    parameters=(
        Parameter("noticeDays", "integer", 60, "For how many days a model must be served yet.", minimum=0, maximum=730),
        Parameter("catalogueDays", "integer", 90, "How old the catalogue's row of a model may be.", minimum=1),
    ),
)
