"""Claims about the pool's network: no way out but to two services."""

from tests.embedded.system.account import Account, Claim, Violations, statements
from tests.infra.claims.stack import as_list

EVERYTHING = frozenset({"*", "arn:aws:s3:::*"})


def network_has_no_gateway(account: Account) -> Violations:
    """There is no gateway to the internet, no NAT, no peering, no public address."""
    ways = (
        ("describe_internet_gateways", "InternetGateways[]", "InternetGatewayId"),
        ("describe_egress_only_internet_gateways", "EgressOnlyInternetGateways[]", "EgressOnlyInternetGatewayId"),
        ("describe_nat_gateways", "NatGateways[?State!='deleted']", "NatGatewayId"),
        ("describe_vpc_peering_connections", "VpcPeeringConnections[]", "VpcPeeringConnectionId"),
        ("describe_addresses", "Addresses[]", "AllocationId"),
    )
    for operation, path, identifier in ways:
        yield from (f"{found[identifier]} leads out" for found in account.ec2(operation, path))


def routes_lead_to_endpoints_only(account: Account) -> Violations:
    """Every route stays in the network or leads to a gateway endpoint."""
    for table in account.ec2("describe_route_tables", "RouteTables[]"):
        for route in table["Routes"]:
            gateway = route.get("GatewayId", "")
            if gateway != "local" and not gateway.startswith("vpce-"):
                yield f"{table['RouteTableId']} leads to {gateway or 'another place'}"


def subnets_give_no_public_address(account: Account) -> Violations:
    """No subnet gives public addresses to what is started in it."""
    for subnet in account.ec2("describe_subnets", "Subnets[]"):
        if subnet["MapPublicIpOnLaunch"]:
            yield f"{subnet['SubnetId']} gives public addresses"


def endpoints_are_scoped(account: Account) -> Violations:
    """Endpoints cost nothing; through them nodes reach this stack's bucket and table only, as this account only."""
    for endpoint in account.ec2("describe_vpc_endpoints", "VpcEndpoints[?State!='deleted']"):
        name = endpoint["VpcEndpointId"]
        if endpoint["VpcEndpointType"] != "Gateway":
            yield f"{name} costs money each hour"
        for statement in statements(endpoint["PolicyDocument"]):
            if EVERYTHING & set(as_list(statement["Resource"])):
                yield f"{name} reaches everything"
            condition = statement.get("Condition", {}).get("StringEquals", {})
            if condition.get("aws:PrincipalAccount") != account.account_id:
                yield f"{name} is for any account"


def default_group_is_closed(account: Account) -> Violations:
    """The network's default security group lets nothing in or out."""
    for group in account.ec2("describe_security_groups", "SecurityGroups[?GroupName=='default']"):
        if group["IpPermissions"] or group["IpPermissionsEgress"]:
            yield f"{group['GroupId']} lets something through"


def flows_are_recorded_in_prod(account: Account) -> Violations:
    """In prod all flows of the network are recorded in a bucket of the account."""
    if account.environment != "prod":
        return
    recorded = {
        flow["ResourceId"]
        for flow in account.ec2("describe_flow_logs", "FlowLogs[]")
        if flow["TrafficType"] == "ALL"
        and flow["LogDestinationType"] == "s3"
        and flow["LogDestination"].removeprefix("arn:aws:s3:::").partition("/")[0] in account.buckets()
    }
    for network in account.ec2("describe_vpcs", "Vpcs[]"):
        if network["VpcId"] not in recorded:
            yield f"{network['VpcId']} is not recorded"


CLAIMS: tuple[Claim, ...] = (
    network_has_no_gateway,
    routes_lead_to_endpoints_only,
    subnets_give_no_public_address,
    endpoints_are_scoped,
    default_group_is_closed,
    flows_are_recorded_in_prod,
)
