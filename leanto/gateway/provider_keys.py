"""The providers' keys of a gateway that runs as a server: from environment variables, or from a file."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from leanto.gateway.errors import ServeError
from runtime.gateway.deployment import ROLE, Provider

_USABLE = re.compile(r"[\x21-\x7e]+")


class HeldKeys:
    """Gives each provider's key as it was when the server started."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = dict(keys)

    async def get(self, provider: str) -> str:
        """Return a provider's key, empty for one that takes none."""
        return self._keys.get(provider, "")

    def refused(self, provider: str) -> None:
        """Do nothing: a new key comes with a new start."""


def variable_of(provider: str, names: Mapping[str, str]) -> str:
    """Return the environment variable that holds a provider's key; `names` are those that follow no rule."""
    return names.get(provider) or re.sub(r"[^A-Z0-9]", "_", provider.upper()) + "_API_KEY"


def held_keys(
    providers: Mapping[str, Provider], variables: Mapping[str, str], names: Mapping[str, str], path: Path | None
) -> HeldKeys:
    """Return the keys of all providers that take one, from the file if one is given, else from the environment.

    Raises ServeError, which names what is missing and quotes no key.
    """
    keyed = sorted(name for name, provider in providers.items() if provider.auth != ROLE)
    found = _read(path) if path else {name: variables.get(variable_of(name, names), "") for name in keyed}
    keys = {name: found.get(name, "").strip() for name in keyed}
    missing = [name for name in keyed if not keys[name]]
    if missing and path is not None:
        raise ServeError(f'{path} has no key for {", ".join(missing)}; it must be JSON: {{"provider": "key"}}')
    if missing:
        wanted = ", ".join(variable_of(name, names) for name in missing)
        raise ServeError(
            f"there is no key for {', '.join(missing)}: set {wanted} in the environment, or give --provider-keys FILE"
        )
    unusable = [name for name in keyed if not _USABLE.fullmatch(keys[name])]
    if unusable:
        raise ServeError(f"the key of {', '.join(unusable)} has characters that no header can carry")
    return HeldKeys(keys)


def _read(path: Path) -> dict[str, str]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ServeError(f"the provider keys {path} cannot be read: {error.strerror}") from None
    except ValueError:
        document = None
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document.values()):
        raise ServeError(f'the provider keys {path} must be JSON of the form {{"provider": "key"}}')
    return document
