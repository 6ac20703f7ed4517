"""Places for the providers' keys: secrets that are created empty, and filled by a person afterwards."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.defaults import Caution


@dataclass(frozen=True)
class ProviderKeysArgs:
    """Settings of the secrets: one for each provider."""

    providers: tuple[str, ...]
    caution: Caution
    key_arn: pulumi.Input[str]


class ProviderKeys(pulumi.ComponentResource):
    """An empty secret for each provider. Its value never passes through the program or its state."""

    arns: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: ProviderKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:ProviderKeys", name, None, opts)
        self.arns = {
            provider: aws.secretsmanager.Secret(
                f"{name}-{provider}",
                description=f"Key of the provider {provider}: set it with `leanto provider-key set {provider}`",
                kms_key_id=args.key_arn,
                recovery_window_in_days=args.caution.secret_recovery_window_days,
                opts=pulumi.ResourceOptions(parent=self, protect=args.caution.protect),
            ).arn
            for provider in args.providers
        }
        self.register_outputs({"arns": self.arns})
