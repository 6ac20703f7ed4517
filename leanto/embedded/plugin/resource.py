"""What a resource type owes the plugin: one small class a type, served alike to the engine, the mocks and the tests.

A subclass says in data what Pulumi must know before anything exists (which inputs replace, which outputs are only known
afterwards, how a name is made up) and in four methods what AWS is asked to do. Everything else, marshalling, unknowns,
default tags, autonames, diffs, is the same for all types and lives in `leanto.embedded.plugin.lifecycle`.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

Props = dict[str, Any]
"""Properties of a resource in the provider's camelCase; plain Python values, never a secret wrapper or an unknown."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


class SideStore(Protocol):
    """Keeps, beside moto, the fields that moto drops, so that read-back, refresh and drift stay truthful."""

    def get(self, token: str, resource_id: str) -> Props:
        """Return what is kept for one resource; empty when nothing is."""
        ...

    def put(self, token: str, resource_id: str, props: Mapping[str, Any]) -> None:
        """Replace what is kept for one resource."""
        ...

    def delete(self, token: str, resource_id: str) -> None:
        """Forget one resource; no error when nothing is kept."""
        ...


class Clients(Protocol):
    """One boto3 client per service and region, made once and shared between threads."""

    def get(self, service: str, region: str) -> Any:
        """Return the client of `service` in `region`."""
        ...


@dataclass(frozen=True)
class Context:
    """What a handler may use: where it works, its clients, its side store, and the sign that the run was cancelled."""

    region: str
    account_id: str
    clients: Clients
    side: SideStore
    cancelled: threading.Event = field(default_factory=threading.Event)
    partition: str = "aws"

    def client(self, service: str) -> Any:
        """Return the boto3 client of `service` in this context's region."""
        return self.clients.get(service, self.region)


Invoke = Callable[[Context, Props], Props]
"""Answers a function of the provider, such as `getRegion`: context and arguments in, result out."""


@dataclass(frozen=True)
class AutoName:
    """How the official provider makes up a name when the program gives none: `<prefix><name><separator><7 hex>`."""

    property: str = "name"
    max_length: int = 255
    separator: str = "-"
    lowercase: bool = False
    prefix: str = ""
    random: bool = True
    """False: the logical name itself is the default, and the resource counts as not auto-named."""


class Resource(ABC):
    """One AWS resource type. Subclasses are stateless; one instance serves all threads."""

    token: ClassVar[str]
    """Pulumi type, such as `aws:kms/key:Key`."""
    replace_on: ClassVar[frozenset[str]] = frozenset()
    """Top-level inputs whose change replaces the resource; every other change is an update."""
    computed: ClassVar[frozenset[str]] = frozenset()
    """Outputs that only exist once the resource does: unknown in a preview of its creation.

    One that is an input as well keeps its value when the program no longer gives it: that is no change.
    """
    recomputed: ClassVar[Mapping[str, frozenset[str]]] = MappingProxyType({})
    """Outputs that become unknown in the preview of an update, each with the inputs whose change does so."""
    auto_name: ClassVar[AutoName | None] = None
    taggable: ClassVar[bool] = False
    """Whether `tags` merges with the provider's default tags into `tagsAll`."""
    defaults: ClassVar[Mapping[str, Any]] = NOTHING
    """Inputs that the official provider's Check fills in when the program leaves them out."""
    json_documents: ClassVar[frozenset[str]] = frozenset()
    """Inputs that hold JSON text: compared by meaning, not by spelling."""
    delete_before_replace: ClassVar[bool] = False
    accepts: ClassVar[frozenset[str]] = frozenset()
    """Every input that is emulated, if the type says so; see `leanto.embedded.plugin.kept`."""
    regional: ClassVar[bool] = True
    """Whether the type has the input `region`. Types of global services, such as IAM's, have none."""
    required: ClassVar[frozenset[str]] = frozenset()
    """Inputs without which AWS refuses; an unknown input counts as given."""
    input_only: ClassVar[frozenset[str]] = frozenset()
    """Inputs that steer the provider and that AWS does not keep, such as `forceDestroy`: outputs repeat them."""
    unordered: ClassVar[frozenset[str]] = frozenset()
    """Inputs that are lists in Pulumi and sets in AWS: their order is no difference."""
    computed_fields: ClassVar[frozenset[str]] = frozenset()
    """Fields inside inputs that AWS fills in when the program leaves them out, as paths without list positions, such
    as `serverSideEncryption.kmsKeyArn`: read back, but no drift."""
    side_stored: ClassVar[frozenset[str]] = frozenset()
    """The fields that moto drops and this type keeps in the side store; nothing else may be put there."""

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return (property, reason) for every input that AWS would refuse; unknown inputs are absent from `inputs`."""
        del inputs
        return []

    def equivalent(self, key: str, old: Any, new: Any) -> bool:
        """Tell whether two different values of the input `key` mean the same to AWS, such as a key's id and its ARN."""
        del key, old, new
        return False

    def replaces(self, olds: Props, news: Props, changed: frozenset[str]) -> frozenset[str]:
        """Return those of the `changed` inputs that replace the resource; here: the ones named in `replace_on`."""
        del olds, news
        return changed & self.replace_on

    @abstractmethod
    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the resource and return its id. `inputs` are checked: named, defaulted, with `tagsAll`."""

    @abstractmethod
    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return all outputs as they are now, or None when the resource is gone.

        A taggable type returns all its tags as `tagsAll`; `tags` and `region` are added by the core. On import
        `inputs` is empty.

        Every key of `inputs` must be read back from AWS or from the side store, never echoed: this is what makes
        refresh see drift. `inputs` tells which optional fields the program set.
        """

    def id_after_import(self, import_id: str, outputs: Props) -> str:
        """Return the id of a resource that was imported as `import_id`; some types are imported by a longer one."""
        del outputs
        return import_id

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Bring the resource from inputs `olds` to `news`. Types in which every input replaces leave this as it is."""
        raise NotImplementedError(f"{self.token} has no update: each of its inputs replaces it")

    @abstractmethod
    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the resource; quietly succeed when it is already gone."""
