"""Rules of the area exposure: who can reach what over a network."""

from policies.rule import Rule
from policies.rules.exposure import (
    api_cors_closed,
    function_url_auth,
    lambda_permission_scoped,
    lb_hardening,
    no_public_ip,
    sg_described,
    sg_egress_scoped,
    sg_no_open_ingress,
)

RULES: tuple[Rule, ...] = (
    sg_no_open_ingress.RULE,
    function_url_auth.RULE,
    lambda_permission_scoped.RULE,
    no_public_ip.RULE,
    lb_hardening.RULE,
    api_cors_closed.RULE,
    sg_egress_scoped.RULE,
    sg_described.RULE,
)
