"""All claims about a stack."""

from tests.infra.claims import data, front, identity, operation, pool, reach
from tests.infra.claims.stack import Claim

CLAIMS: tuple[Claim, ...] = (
    *data.CLAIMS,
    *identity.CLAIMS,
    *front.CLAIMS,
    *pool.CLAIMS,
    *reach.CLAIMS,
    *operation.CLAIMS,
)
