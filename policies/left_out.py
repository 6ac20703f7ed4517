"""What scanners and checklists ask for and this pack does not, each with the reason."""

from collections.abc import Mapping
from types import MappingProxyType

LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        "dead letter queues of functions (CKV_AWS_116)": (
            "They take asynchronous calls only; a function that answers at once has no letter to die."
        ),
        "code signing of functions (CKV_AWS_272)": (
            "A profile would have to exist before the stack; code is pinned by object version and hash instead."
        ),
        "functions in a VPC (CKV_AWS_117)": "Reaching a provider would then cost a NAT gateway, at zero traffic too.",
        "caching of an API (CKV_AWS_120, CKV_AWS_225)": (
            "A cached completion is one user's answer given to another, and the cache is paid by the hour."
        ),
        "replication, object lock and events of buckets (CKV_AWS_143, CKV_AWS_144, CKV2_AWS_62)": (
            "Code and model files are made again by one command; copies cost, and another region may be forbidden."
        ),
        "customer keys for EBS volumes (CKV_AWS_189)": "Nothing on a node outlives it; the account's key will do.",
        "detailed monitoring of instances (CKV_AWS_126)": "It is paid by the metric; nodes report their own state.",
    }
)
