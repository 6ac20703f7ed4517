"""What the engine, and with it every plugin, gets to see of the user's environment."""

import os
from collections.abc import Mapping
from pathlib import Path

KEPT = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE", "SSL_CERT_DIR"}
)
"""All that a run against AWS in a box takes over: no credentials, no profiles, no provider keys."""

KEPT_PREFIXES = ("LC_", "PYTHON", "XDG_")

SETTINGS = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_DISABLE_CI_DETECTION": "true"}


def inherited(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a real account: the user's own, credentials and Pulumi settings included."""
    return {**(os.environ if environ is None else environ), **SETTINGS}


def isolated(box: Mapping[str, str], environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for AWS in a box: nothing in it can lead to a real account or to the internet.

    `box` is what the box says about itself: its address and its dummy credentials.
    """
    source = os.environ if environ is None else environ
    kept = {key: value for key, value in source.items() if key in KEPT or key.startswith(KEPT_PREFIXES)}
    return {
        **kept,
        **SETTINGS,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1,localhost",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        **box,
    }


def completed(
    environment: Mapping[str, str], *, state_url: str | None, pulumi_home: Path | None, has_own_secrets: bool
) -> dict[str, str]:
    """Add where the state and the engine's home are.

    No secret is ever in our state, so a self-managed state gets the empty passphrase unless the user has chosen one, or
    `has_own_secrets` says that the stack file names another provider of secrets.
    """
    result = dict(environment)
    if state_url is not None:
        result["PULUMI_BACKEND_URL"] = state_url
    if pulumi_home is not None:
        result["PULUMI_HOME"] = str(pulumi_home)
    chosen = "PULUMI_CONFIG_PASSPHRASE" in result or "PULUMI_CONFIG_PASSPHRASE_FILE" in result
    if not chosen and not has_own_secrets:
        result["PULUMI_CONFIG_PASSPHRASE"] = ""
    return result
