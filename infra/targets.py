"""What the bundles of a stack are built for: Lambda's target, and with a pool that of its nodes."""

from catalog.rows import Catalogue
from infra.bundles import Target
from infra.settings import AUTO, Settings


def targets(settings: Settings, tables: Catalogue) -> tuple[Target, ...]:
    """Return the targets of a stack: the functions', and the nodes' where it has a pool."""
    functions = Target(settings.function_architecture, settings.function_python)
    return (functions, nodes_target(settings, tables)) if settings.has_pool else (functions,)


def nodes_target(settings: Settings, tables: Catalogue) -> Target:
    """Return what the node agent runs on. All instance types of a pool have one architecture."""
    architecture = settings.gpu_node_architecture
    if architecture == AUTO:
        architecture = tables.instances[settings.gpu_instance_types[0]].architecture
    return Target(architecture, settings.gpu_node_python, of_nodes=True)
