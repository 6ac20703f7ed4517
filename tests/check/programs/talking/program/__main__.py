"""Prints as it goes, and reads what is secret."""

import os
import sys
from pathlib import Path

import pulumi

settings = pulumi.Config()
print("to standard output", settings.require("colour"))
print("to standard error", file=sys.stderr)
pulumi.log.warn("careful")
inner = settings.require_secret_object("database").apply(lambda rows: rows["password"])
pulumi.CustomResource(
    "aws:lambda/function:Function",
    "f",
    {
        "environment": {
            "variables": {
                "TOKEN": settings.require_secret("token"),
                "PASSWORD": inner,
                "HOST": settings.require_secret_object("database").apply(lambda rows: rows["host"]),
                "KEY": os.environ.get("SHOP_API_KEY", "none"),
                "AWS": os.environ.get("AWS_SECRET_ACCESS_KEY", "none"),
                "MODE": os.environ.get("SHOP_MODE", "none"),
            }
        },
        "name": str(Path.cwd()),
    },
)
