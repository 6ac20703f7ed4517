"""No API lets pages of any origin call it: never with credentials, and in production not at all."""

from collections.abc import Iterator

from policies.iam_documents import any_known
from policies.reading import Block
from policies.rule import PROD, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

API = "aws:apigatewayv2/api:Api"
ANY_ORIGIN = frozenset({"*", "http://*", "https://*"})
FUNCTION_URL = "aws:lambda/functionUrl:FunctionUrl"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the origins that may call, and whether they may with credentials."""
    cors = item.props.block("corsConfiguration" if item.type == API else "cors")
    yield from _origins(cors, anyone=settings.profile == "dev")


def _origins(cors: Block, *, anyone: bool) -> Iterator[Outcome]:
    if not any_known(cors.values("allowOrigins"), lambda origin: origin.text().strip() in ANY_ORIGIN):
        return
    if not anyone:
        yield Problem(cors.at("allowOrigins"), "pages of any origin may call")
    elif cors.flag("allowCredentials"):
        yield Problem(cors.at("allowOrigins"), "pages of any origin may call with the visitor's credentials")


RULE = Rule(
    id="api-cors-closed",
    area="exposure",
    title="Only named origins call an API from browsers",
    severity=Severity.MEDIUM,
    levels=PROD,
    types=(API, FUNCTION_URL),
    guards=("corsConfiguration", "cors"),
    check=check,
    rationale="With any origin allowed, any page that a user opens may use what the user's browser may use.",
    fix="List the origins of your own pages in `allowOrigins`.",
    references={"checkov": ("CKV2_AWS_75",)},
)
