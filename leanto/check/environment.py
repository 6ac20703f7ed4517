"""The environment in which somebody's program runs for a check: theirs, without anything that opens a door."""

import re
from collections.abc import Mapping
from pathlib import Path

from leanto.check.project import PLACEHOLDER

_KEPT = frozenset({"AWS_REGION", "AWS_DEFAULT_REGION"})
_DROPPED = re.compile(
    r"^AWS_|^PULUMI_"
    r"|^(PYTHONHOME|PYTHONSTARTUP|PYTHONWARNINGS|PYTHONINSPECT|VIRTUAL_ENV|SSH_AUTH_SOCK|KUBECONFIG)$"
    r"|^(HTTP|HTTPS|ALL|GRPC|FTP)_PROXY$",
    re.IGNORECASE,
)
"""Variables that the program does not get: of the cloud, of Pulumi's command and of our interpreter, and proxies."""
_SECRET = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|_KEY$|_DSN$", re.IGNORECASE
)
"""Variables that hold secrets by their name. The program finds a placeholder there, which no rule takes for a value."""

SYNTHESIS = "LEANTO_SYNTHESIS"
"""Set to 1 while a program is only checked. Our own program goes without bundles then, if in a preview as well."""


def child_environment(environment: Mapping[str, str], python: Path) -> dict[str, str]:
    """Return the variables for a program that `python` runs."""
    kept = {name: value for name, value in environment.items() if name in _KEPT or not _DROPPED.search(name)}
    kept |= {name: PLACEHOLDER for name in environment if _SECRET.search(name) and not _DROPPED.search(name)}
    kept |= {
        SYNTHESIS: "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        # Profiles in the home directory hold credentials too.
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "NO_PROXY": "*",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONDONTWRITEBYTECODE": environment.get("PYTHONDONTWRITEBYTECODE", ""),
    }
    home = python.parent.parent
    if (home / "pyvenv.cfg").is_file():
        kept |= {"VIRTUAL_ENV": str(home), "PATH": f"{python.parent}:{environment.get('PATH', '')}"}
    return {name: value for name, value in kept.items() if value or name in environment}
