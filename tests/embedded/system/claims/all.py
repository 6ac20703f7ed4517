"""All claims about a deployed account."""

from tests.embedded.system.account import Claim
from tests.embedded.system.claims import data, front, identity, network, operation, pool, reach, tagging

CLAIMS: tuple[Claim, ...] = (
    *data.CLAIMS,
    *identity.CLAIMS,
    *front.CLAIMS,
    *network.CLAIMS,
    *pool.CLAIMS,
    *reach.CLAIMS,
    *operation.CLAIMS,
    *tagging.CLAIMS,
)
