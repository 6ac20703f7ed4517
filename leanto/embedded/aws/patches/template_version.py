"""A later version of a launch template can be launched, as its first one can.

Written for moto 5.2.5, whose `LaunchTemplate.create_version` takes the user data of CreateLaunchTemplateVersion as
plain text, on which each launch of that version then fails.
"""

from typing import Any

from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion
from moto.ec2.utils import parse_user_data

TARGET: tuple[type, str] = (LaunchTemplate, "create_version")
_create_version = LaunchTemplate.create_version


def replacement(template: LaunchTemplate, data: dict[str, Any], description: str) -> LaunchTemplateVersion:
    """Add a version; raises what EC2 answers when the user data is not base64."""
    text = data.get("UserData")
    parsed = {"UserData": parse_user_data(text)} if isinstance(text, str) else {}
    return _create_version(template, {**data, **parsed}, description)
