"""IAM: roles, their inline policies, and instance profiles."""

from leanto.embedded.plugin.resource import Resource

RESOURCES: tuple[Resource, ...] = ()
