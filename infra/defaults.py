"""Values that no setting decides: how cautious an environment is, and the sizes of what is the same in every stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType


@dataclass(frozen=True)
class Caution:
    """How hard an environment makes it to lose something."""

    protect: bool
    """Pulumi refuses to delete table, keys, buckets and secrets, and AWS refuses to delete the table."""
    force_destroy_buckets: bool
    """A bucket is emptied when the stack is destroyed."""
    key_deletion_window_days: int
    secret_recovery_window_days: int
    noncurrent_version_days: int
    record_flows: bool
    """The pool's network flows are recorded."""


CAUTION: Mapping[str, Caution] = MappingProxyType(
    {
        "dev": Caution(
            protect=False,
            force_destroy_buckets=True,
            key_deletion_window_days=7,
            secret_recovery_window_days=7,
            noncurrent_version_days=7,
            record_flows=False,
        ),
        "prod": Caution(
            protect=True,
            force_destroy_buckets=False,
            key_deletion_window_days=30,
            secret_recovery_window_days=30,
            noncurrent_version_days=30,
            record_flows=True,
        ),
    }
)
"""By environment."""


@dataclass(frozen=True)
class FunctionSize:
    """Memory, time and concurrency of a function."""

    memory_mib: int
    timeout_seconds: int
    reserved_concurrency: int


AUTHORIZER = FunctionSize(memory_mib=256, timeout_seconds=10, reserved_concurrency=10)
STOP = FunctionSize(memory_mib=256, timeout_seconds=60, reserved_concurrency=1)
RELAY_MEMORY_MIB = 512
"""Its share of a CPU grows with it: bytes of all tokens pass through TLS here."""
FUNCTION_MARGIN_SECONDS = 10
"""The gateway gives a request up by itself, and only if it cannot, Lambda does."""
INTEGRATION_MARGIN_SECONDS = 20
"""API Gateway gives up after Lambda, so that its answer to the client is the last resort."""
FIRST_BYTE_TIMEOUT_SECONDS = 60

AUTHORIZER_RESULT_TTL_SECONDS = 60
"""How long API Gateway keeps a key's answer: a revoked key works for so long at most."""
KEY_EXPRESSION = r"^Bearer sk-lt-[a-z2-7]{12}-[A-Za-z0-9_-]{43}$"
"""What a key looks like; anything else is refused before any code runs."""
STAGE = "v1"

KEY_ROTATION_DAYS = 365
ABORT_MULTIPART_DAYS = 7
BOOT_LOG_DAYS = 30

NODE_ROOT_DEVICE = "/dev/sda1"
NODE_ROOT_VOLUME_GIB = 100
"""The Deep Learning AMI needs 75 GiB, of which 50 are used."""
HEALTH_CHECK_GRACE_SECONDS = 60
GPU_DAY_SHARE_OF_MONTHLY_CAP = Decimal("0.1")
"""GPU nodes may cost a tenth of the monthly cap in one day: three days' share. AWS tells costs too late to rely on."""

BUDGET_WARNING_PERCENT = 80
BUDGET_STOP_PERCENT = 100
STOP_EVENT_MAXIMUM_AGE_SECONDS = 3600
STOP_EVENT_RETRIES = 2
