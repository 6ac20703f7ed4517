"""IAM: what hangs on a role: inline policies and instance profiles."""

from types import MappingProxyType

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.emulated import EmulatedResource
from leanto.embedded.plugin.errors import absent, creating
from leanto.embedded.plugin.policy_documents import canonical, problems
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource
from leanto.embedded.plugin.resources.iam import GONE, timestamp

SEPARATOR = ":"


class RolePolicy(EmulatedResource):
    """A policy inside a role; its id is `<role>:<name>`."""

    token = "aws:iam/rolePolicy:RolePolicy"
    regional = False
    auto_name = AutoName()
    accepts = frozenset({"name", "policy", "role"})
    required = frozenset({"policy", "role"})
    json_documents = frozenset({"policy"})
    replace_on = frozenset({"name", "role"})

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what IAM refuses in the document."""
        found = problems(inputs.get("policy"), attached_to_resource=False)
        return super().validate(inputs) + [("policy", problem) for problem in found]

    def create(self, ctx: Context, inputs: Props) -> str:
        """Put the policy into the role."""
        ctx.client("iam").put_role_policy(
            RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
        )
        return f"{inputs['role']}{SEPARATOR}{inputs['name']}"

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the policy, or None when it or its role is gone."""
        del inputs
        role, _, name = resource_id.partition(SEPARATOR)
        with absent(GONE):
            found = ctx.client("iam").get_role_policy(RoleName=role, PolicyName=name)
            return {
                "name": found["PolicyName"],
                "policy": canonical(found["PolicyDocument"]),
                "role": found["RoleName"],
            }
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Put the new document in the place of the old one."""
        del resource_id, olds
        self.create(ctx, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Take the policy out of the role."""
        del outputs
        role, _, name = resource_id.partition(SEPARATOR)
        with absent(GONE):
            ctx.client("iam").delete_role_policy(RoleName=role, PolicyName=name)


class InstanceProfile(EmulatedResource):
    """What carries a role to an instance."""

    token = "aws:iam/instanceProfile:InstanceProfile"
    regional = False
    taggable = True
    auto_name = AutoName()
    accepts = frozenset({"name", "path", "role", "tags"})
    defaults = MappingProxyType({"path": "/"})
    replace_on = frozenset({"name", "path"})
    computed = frozenset({"arn", "createDate", "uniqueId"})

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the profile and put the role in; its id is its name."""
        iam, name = ctx.client("iam"), str(inputs["name"])
        iam.create_instance_profile(InstanceProfileName=name, Path=inputs["path"], Tags=tags.as_list(inputs["tagsAll"]))
        if "role" in inputs:
            with creating(name):
                iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=inputs["role"])
        return name

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the profile with its role."""
        del inputs
        with absent(GONE):
            found = ctx.client("iam").get_instance_profile(InstanceProfileName=resource_id)["InstanceProfile"]
            roles = [role["RoleName"] for role in found["Roles"]]
            return {
                "arn": found["Arn"],
                "createDate": timestamp(found["CreateDate"]),
                "name": found["InstanceProfileName"],
                "path": found["Path"],
                "tagsAll": tags.as_map(found.get("Tags")),
                "role": roles[0] if roles else None,
                "uniqueId": found["InstanceProfileId"],
            }
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Exchange the role and the tags."""
        iam = ctx.client("iam")
        if olds.get("role") != news.get("role"):
            self._empty(ctx, resource_id)
            if "role" in news:
                iam.add_role_to_instance_profile(InstanceProfileName=resource_id, RoleName=news["role"])
        removed, added = tags.changes(olds, news)
        if removed:
            iam.untag_instance_profile(InstanceProfileName=resource_id, TagKeys=removed)
        if added:
            iam.tag_instance_profile(InstanceProfileName=resource_id, Tags=tags.as_list(added))

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Take the role out and delete the profile."""
        del outputs
        with absent(GONE):
            self._empty(ctx, resource_id)
            ctx.client("iam").delete_instance_profile(InstanceProfileName=resource_id)

    def _empty(self, ctx: Context, name: str) -> None:
        iam = ctx.client("iam")
        for role in iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]:
            iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])


RESOURCES: tuple[Resource, ...] = (RolePolicy(), InstanceProfile())
