"""Every model that the stack serves has a licence that the team allows."""

from collections.abc import Iterator

from policies.gateway_config import CARRIERS, documents
from policies.reading import Block
from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, each
from policies.served_models import GROUP, SOURCES, Served, in_texts, of_documents
from policies.stack import Item, Settings

KEYS = ("licence", "license")
TAGS = ("model-licence", "model-license", "leanto:model-licence", "licence", "license")
PERMISSIVE = ("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "CC-BY-4.0", "CC0-1.0", "Unlicense")


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at each model that the resource names, and at the tag of a group of nodes."""
    allowed = {licence.lower() for licence in settings["licences"]}
    if item.type == GROUP:
        yield from _tagged(item, allowed)
        return
    found = documents(item) if item.type in CARRIERS else ()
    models = (*of_documents(item, found), *in_texts(item))
    if not models:
        raise NotApplicable("it names no model that the stack serves itself")
    yield from each(models, lambda model: _model(model, allowed))


def _model(model: Served, allowed: set[str]) -> Iterator[Outcome]:
    licence = _licence(model.manifest) if model.manifest else ""
    if not licence and model.row:
        licence = model.row.licence
    if not licence:
        yield Problem(model.path, "the licence of the model is not stated, and the catalogue does not know the model")
    elif licence.lower() not in allowed:
        yield Problem(model.path, "the licence of the model is not among the allowed ones")


def _licence(manifest: Block) -> str:
    return next((text for key in KEYS if (text := manifest.text(key).strip())), "")


def _tagged(item: Item, allowed: set[str]) -> Iterator[Outcome]:
    tags = item.props.block_values("tags")
    # A group has no other sign of what it serves: without the tag this rule says nothing about it.
    if not tags:
        raise NotApplicable("it has no tag that names a licence")
    for value in tags:
        tag = value.block()
        if tag.text("key").strip().lower() in TAGS and tag.text("value").strip().lower() not in allowed:
            yield Problem(tag.at("value"), "the licence in the tag is not among the allowed ones")


RULE = Rule(
    id="model-licence-allowed",
    area="governance",
    title="Models have a licence that the team allows",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=(*SOURCES, GROUP),
    guards=("code", "value", "insecureValue", "content", "environment", "userData", "userDataBase64", "tags"),
    check=check,
    rationale="Some open-weight licences forbid a use, ask for a notice, or end above a number of users.",
    fix="State the model's SPDX licence in the deployment document, or serve a model of the catalogue; add a licence to"
    " `licences` once somebody has read it.",
    references={"owasp-llm-2026": ("LLM04",)},
    parameters=(Parameter("licences", "texts", PERMISSIVE, "SPDX ids of the licences that models may have."),),
)
