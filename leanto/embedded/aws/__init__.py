"""The AWS API of the box: moto, served on loopback, made exact where this project depends on it."""

from leanto.embedded.aws.invocation import InvokeHook, InvokeRefusedError, InvokeResult
from leanto.embedded.aws.server import AwsServer

__all__ = ["AwsServer", "InvokeHook", "InvokeRefusedError", "InvokeResult"]
