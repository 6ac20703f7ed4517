"""Rules of the area exposure: who can reach what over a network."""

from policies.rule import Rule
from policies.rules.exposure import (
    api_cors_closed,
    api_route_auth,
    api_throttled,
    default_sg_closed,
    function_url_auth,
    lambda_permission_scoped,
    lb_hardening,
    lb_internal_default,
    model_port_private,
    no_public_ip,
    private_egress_endpoints,
    s3_public_blocked,
    sg_described,
    sg_egress_scoped,
    sg_no_open_ingress,
    waf_attached,
    waf_has_rules,
)

RULES: tuple[Rule, ...] = (
    sg_no_open_ingress.RULE,
    model_port_private.RULE,
    function_url_auth.RULE,
    lambda_permission_scoped.RULE,
    api_route_auth.RULE,
    s3_public_blocked.RULE,
    no_public_ip.RULE,
    lb_internal_default.RULE,
    lb_hardening.RULE,
    api_throttled.RULE,
    api_cors_closed.RULE,
    waf_attached.RULE,
    waf_has_rules.RULE,
    sg_egress_scoped.RULE,
    sg_described.RULE,
    default_sg_closed.RULE,
    private_egress_endpoints.RULE,
)
