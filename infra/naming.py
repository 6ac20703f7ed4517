"""Names of what a stack creates, and the ARNs that follow from them before anything exists.

Names that policies must speak of are fixed, so that a preview can already tell what a policy allows. All others are
made up by Pulumi from the logical name, so that a replacement can stand beside what it replaces.
"""

import re
from dataclasses import dataclass

from infra.problems import Problem, SettingsError, shown

APPLICATION = "leanto"
STACK_MAXIMUM_CHARACTERS = 20
"""S3 and IAM take 63 and 64 characters; the longest logical name and the seven made-up characters need the rest."""

_STACK = re.compile(rf"[a-z](?:-?[a-z0-9]){{0,{STACK_MAXIMUM_CHARACTERS - 1}}}")


@dataclass(frozen=True)
class Place:
    """Where a stack is deployed to."""

    partition: str
    region: str
    account_id: str


@dataclass(frozen=True)
class Names:
    """The names of one stack in one place."""

    stack: str
    place: Place

    @property
    def prefix(self) -> str:
        """What every name begins with."""
        return f"{APPLICATION}-{self.stack}"

    @property
    def table(self) -> str:
        """Name of the table."""
        return self.prefix

    @property
    def group(self) -> str:
        """Name of the Auto Scaling group."""
        return f"{self.prefix}-pool"

    def component(self, name: str) -> str:
        """Return the logical name of a component."""
        return f"{self.prefix}-{name}"

    def function(self, name: str) -> str:
        """Return the name of a function."""
        return f"{self.prefix}-{name}"

    def log_group(self, name: str) -> str:
        """Return the name of a log group."""
        return f"/{APPLICATION}/{self.stack}/{name}"

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource in the stack's account and region."""
        place = self.place
        return f"arn:{place.partition}:{service}:{place.region}:{place.account_id}:{resource}"

    @property
    def table_arn(self) -> str:
        """ARN of the table."""
        return self.arn("dynamodb", f"table/{self.table}")

    @property
    def group_arn(self) -> str:
        """ARN of the Auto Scaling group; AWS makes up the part that stands as `*`."""
        return self.arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{self.group}")

    def function_arn(self, name: str) -> str:
        """Return the ARN of a function."""
        return self.arn("lambda", f"function:{self.function(name)}")

    def log_group_arn(self, name: str) -> str:
        """Return the ARN of a log group; with `:*` behind it, of its streams."""
        return self.arn("logs", f"log-group:{self.log_group(name)}")

    @property
    def account_root_arn(self) -> str:
        """ARN that stands for every identity of the account whose own policies allow the action."""
        return f"arn:{self.place.partition}:iam::{self.place.account_id}:root"


def stack_tags(stack: str, environment: str) -> dict[str, str]:
    """Return the tags that the program adds. Budget and stop function know the stack by the last one."""
    return {"app": APPLICATION, "environment": environment, "leanto:stack": stack}


def check_stack_name(stack: str) -> None:
    """Raise SettingsError unless AWS takes all names that are made of the stack's name."""
    if not _STACK.fullmatch(stack):
        allowed = (
            f"at most {STACK_MAXIMUM_CHARACTERS} lower-case letters, digits and single hyphens, "
            "beginning with a letter and not ending with a hyphen"
        )
        raise SettingsError([Problem("the stack's name", shown(stack), allowed, "make the stack under another name")])
