"""IAM: roles."""

from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.emulated import EmulatedResource
from leanto.embedded.plugin.errors import absent, creating
from leanto.embedded.plugin.kept import outside
from leanto.embedded.plugin.policy_documents import canonical, problems
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource

GONE = "NoSuchEntity"


def timestamp(moment: Any) -> str:
    """Return a time as IAM's outputs show it."""
    return str(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


class Role(EmulatedResource):
    """A role. The attachments that others make to it are none of its outputs: they would look like drift."""

    token = "aws:iam/role:Role"
    regional = False
    taggable = True
    auto_name = AutoName(max_length=64)
    accepts = frozenset(
        {
            "assumeRolePolicy", "description", "forceDetachPolicies", "managedPolicyArns", "maxSessionDuration", "name",
            "path", "permissionsBoundary", "tags",
        }
    )  # fmt: skip
    required = frozenset({"assumeRolePolicy"})
    defaults = MappingProxyType({"forceDetachPolicies": False, "maxSessionDuration": 3600, "path": "/"})
    input_only = frozenset({"forceDetachPolicies"})
    json_documents = frozenset({"assumeRolePolicy"})
    unordered = frozenset({"managedPolicyArns"})
    replace_on = frozenset({"name", "path"})
    computed = frozenset({"arn", "createDate", "uniqueId"})

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what IAM refuses: session lengths and trust policies."""
        found = super().validate(inputs)
        if outside(inputs.get("maxSessionDuration"), 3600, 43200):
            found.append(("maxSessionDuration", f"is {inputs['maxSessionDuration']} seconds, IAM allows 3600 to 43200"))
        trust = problems(inputs.get("assumeRolePolicy"), attached_to_resource=True)
        return found + [("assumeRolePolicy", problem) for problem in trust]

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the role with its policies; its id is its name."""
        iam, name = ctx.client("iam"), str(inputs["name"])
        optional = {"description": "Description", "permissionsBoundary": "PermissionsBoundary"}
        _require_boundary(ctx, inputs)
        iam.create_role(
            RoleName=name,
            Path=inputs["path"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            MaxSessionDuration=inputs["maxSessionDuration"],
            Tags=tags.as_list(inputs["tagsAll"]),
            **{api: inputs[key] for key, api in optional.items() if key in inputs},
        )
        with creating(name):
            for arn in inputs.get("managedPolicyArns", []):
                iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        return name

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the role; its managed policies only if the program manages them."""
        iam = ctx.client("iam")
        with absent(GONE):
            role = iam.get_role(RoleName=resource_id)["Role"]
            outputs = {
                "arn": role["Arn"],
                "assumeRolePolicy": canonical(role["AssumeRolePolicyDocument"]),
                "createDate": timestamp(role["CreateDate"]),
                "maxSessionDuration": role.get("MaxSessionDuration", 3600),
                "name": role["RoleName"],
                "path": role["Path"],
                "tagsAll": tags.as_map(role.get("Tags")),
                "uniqueId": role["RoleId"],
            }
            optional = {
                "description": role.get("Description"),
                "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            }
            outputs |= {key: value for key, value in optional.items() if value}
            if not inputs or "managedPolicyArns" in inputs:
                outputs["managedPolicyArns"] = _attached(ctx, resource_id)
            return outputs
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change what may change in place."""
        iam = ctx.client("iam")
        iam.update_role(
            RoleName=resource_id,
            Description=news.get("description", ""),
            MaxSessionDuration=news["maxSessionDuration"],
        )
        iam.update_assume_role_policy(RoleName=resource_id, PolicyDocument=news["assumeRolePolicy"])
        if olds.get("permissionsBoundary") != news.get("permissionsBoundary"):
            _set_boundary(ctx, resource_id, news)
        if "managedPolicyArns" in {*olds, *news}:
            _attach_exactly(ctx, resource_id, news.get("managedPolicyArns", []))
        removed, added = tags.changes(olds, news)
        if removed:
            iam.untag_role(RoleName=resource_id, TagKeys=removed)
        if added:
            iam.tag_role(RoleName=resource_id, Tags=tags.as_list(added))

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the role, and what hangs on it as far as the program manages it or forces it."""
        iam = ctx.client("iam")
        with absent(GONE):
            for profile in iam.list_instance_profiles_for_role(RoleName=resource_id)["InstanceProfiles"]:
                iam.remove_role_from_instance_profile(
                    InstanceProfileName=profile["InstanceProfileName"], RoleName=resource_id
                )
            forced = outputs.get("forceDetachPolicies", False)
            if forced or "managedPolicyArns" in outputs:
                _attach_exactly(ctx, resource_id, [])
            for policy in iam.list_role_policies(RoleName=resource_id)["PolicyNames"] if forced else []:
                iam.delete_role_policy(RoleName=resource_id, PolicyName=policy)
            iam.delete_role(RoleName=resource_id)


def _attached(ctx: Context, role: str) -> list[str]:
    pages = ctx.client("iam").get_paginator("list_attached_role_policies").paginate(RoleName=role)
    return sorted(policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"])


def _attach_exactly(ctx: Context, role: str, wanted: list[str]) -> None:
    iam, attached = ctx.client("iam"), _attached(ctx, role)
    for arn in attached:
        if arn not in wanted:
            iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    for arn in wanted:
        if arn not in attached:
            iam.attach_role_policy(RoleName=role, PolicyArn=arn)


def _require_boundary(ctx: Context, inputs: Props) -> None:
    """Fail when the boundary does not exist: moto would take it."""
    if "permissionsBoundary" in inputs:
        ctx.client("iam").get_policy(PolicyArn=inputs["permissionsBoundary"])


def _set_boundary(ctx: Context, role: str, news: Props) -> None:
    iam = ctx.client("iam")
    _require_boundary(ctx, news)
    if "permissionsBoundary" in news:
        iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=news["permissionsBoundary"])
    else:
        iam.delete_role_permissions_boundary(RoleName=role)


RESOURCES: tuple[Resource, ...] = (Role(),)
