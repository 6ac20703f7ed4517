"""AWS credentials of whoever runs the server, in the form in which the gateway takes them: environment variables."""

from collections.abc import Iterator, Mapping
from typing import Any

from leanto.gateway.errors import ServeError

KEY_ID, SECRET, TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"


class AwsVariables(Mapping[str, str]):
    """The environment, with the credentials that the AWS SDK finds: profile, container, instance or variables.

    They are looked at each time, as those of a role are exchanged while the server runs.
    """

    def __init__(self, environ: Mapping[str, str], region: str | None) -> None:
        """Raise ServeError where there are no credentials or no region."""
        import boto3  # noqa: PLC0415 - slow, and not needed with a store in memory

        session = boto3.Session()
        self._credentials: Any = session.get_credentials()
        if self._credentials is None:
            raise ServeError("there are no AWS credentials: `aws sts get-caller-identity` tells why")
        found = region or environ.get("AWS_REGION") or session.region_name
        if not found:
            raise ServeError("there is no AWS region: give --region")
        self._fixed = {**environ, "AWS_REGION": found}

    def __getitem__(self, name: str) -> str:
        """Return a variable."""
        if name not in {KEY_ID, SECRET, TOKEN}:
            return self._fixed[name]
        frozen = self._credentials.get_frozen_credentials()
        value: str | None = {KEY_ID: frozen.access_key, SECRET: frozen.secret_key, TOKEN: frozen.token}[name]
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter({*self._fixed, KEY_ID, SECRET, TOKEN})

    def __len__(self) -> int:
        """Count the names."""
        return len({*self._fixed, KEY_ID, SECRET, TOKEN})
