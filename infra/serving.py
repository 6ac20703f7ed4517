"""What the GPU pool serves: the model, its engine, and how many requests of which length a node takes at a time."""

from dataclasses import dataclass

from catalog.open_models import OpenModel
from catalog.rows import Catalogue
from catalog.sizing import automatic_slots, memory_mib
from infra.settings import Settings


@dataclass(frozen=True)
class Serving:
    """The pool's model and how nodes serve it: `slots` requests at a time, each of at most `context_tokens`."""

    model: OpenModel
    context_tokens: int
    slots: int

    @property
    def engine(self) -> str:
        """The name of the inference server."""
        return self.model.engine


def serving(settings: Settings, tables: Catalogue) -> Serving:
    """Return what the settings of a stack with a pool come to. They are valid: the model fits each instance type."""
    model = tables.open_models[settings.gpu_model]
    context = settings.gpu_context_tokens
    if isinstance(settings.gpu_slots, int):
        return Serving(model, context, settings.gpu_slots)
    # What fits the smallest type fits all, and all nodes are alike.
    memory = min(memory_mib(tables.instances[kind], model.engine) for kind in settings.gpu_instance_types)
    return Serving(model, context, automatic_slots(model, context, memory))
