"""What is spoilt of the pool's nodes and their group."""

from tests.embedded.system.claims import pool
from tests.embedded.system.mutate import GONE, M, both, put

TEMPLATE, GROUP = ("ec2/launchTemplate", "-pool-node"), ("autoscaling/group", "-pool-group")
VOLUME = "block_device_mappings.0.ebs"
MIXED = "mixed_instances_policy.launch_template"

FIRST = (
    M(pool.metadata_wants_a_token, "IMDSv1", *TEMPLATE, put("metadata_options.http_tokens", "optional")),
    M(
        pool.nodes_have_no_public_address,
        "one each",
        *TEMPLATE,
        put("network_interfaces.0.associate_public_ip_address", "true"),
    ),
    M(
        pool.volumes_are_encrypted,
        "not at all",
        *TEMPLATE,
        both(put(f"{VOLUME}.encrypted", "false"), put(f"{VOLUME}.kms_key_id", GONE)),
    ),
    M(pool.volumes_cost_little, "left behind", *TEMPLATE, put(f"{VOLUME}.delete_on_termination", "false")),
    M(pool.image_is_pinned, "newest of the day", *TEMPLATE, put("image_id", "resolve:ssm:/aws/service/x/latest")),
    M(
        pool.nodes_end_when_they_shut_down,
        "stopped",
        *TEMPLATE,
        put("instance_initiated_shutdown_behavior", "stop"),
    ),
    M(pool.faulty_nodes_are_not_bought_again, "replaced", *GROUP, put("suspended_processes", [])),
    M(pool.group_scales_to_zero, "no bound", *GROUP, put("max_size", 1000)),
    M(pool.group_takes_several_types, "one", *GROUP, put(f"{MIXED}.overrides.1", GONE)),
    M(
        pool.group_follows_a_numbered_version,
        "latest",
        *GROUP,
        put(f"{MIXED}.launch_template_specification.version", "$Latest"),
    ),
)

SECOND = (
    M(pool.metadata_wants_a_token, "two hops", *TEMPLATE, put("metadata_options.http_put_response_hop_limit", 2)),
    M(pool.volumes_are_encrypted, "with EC2's own key", *TEMPLATE, put(f"{VOLUME}.kms_key_id", GONE)),
    M(pool.volumes_cost_little, "dearer ones", *TEMPLATE, put(f"{VOLUME}.volume_type", "gp2")),
    M(pool.group_scales_to_zero, "one always", *GROUP, put("min_size", 1)),
)
