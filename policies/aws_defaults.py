"""What AWS does where a program says nothing: the value of a missing property, by type and path without list positions.

Only defaults that AWS documents stand here. A missing property without a row reads as empty, or as false.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

NONE: Mapping[str, Any] = MappingProxyType({})

AWS_DEFAULTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        # EC2 API reference, EnableEbsEncryptionByDefault: making the resource is what switches it on.
        "aws:ebs/encryptionByDefault:EncryptionByDefault": MappingProxyType({"enabled": True}),
        # KMS API reference, CreateKey: a symmetric encryption key. ScheduleKeyDeletion: 30 days.
        "aws:kms/key:Key": MappingProxyType(
            {
                "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
                "keyUsage": "ENCRYPT_DECRYPT",
                "deletionWindowInDays": 30,
            }
        ),
        # KMS API reference, ScheduleKeyDeletion: 30 days.
        "aws:kms/externalKey:ExternalKey": MappingProxyType({"deletionWindowInDays": 30}),
        "aws:kms/replicaKey:ReplicaKey": MappingProxyType({"deletionWindowInDays": 30}),
        "aws:kms/replicaExternalKey:ReplicaExternalKey": MappingProxyType({"deletionWindowInDays": 30}),
        # Elastic Load Balancing, security policies: what API, CLI and CloudFormation get for HTTPS and TLS listeners.
        "aws:lb/listener:Listener": MappingProxyType({"sslPolicy": "ELBSecurityPolicy-2016-08"}),
        # Elastic Load Balancing API reference, CreateTargetGroup: targets are instances.
        "aws:lb/targetGroup:TargetGroup": MappingProxyType({"targetType": "instance"}),
        # VPC user guide, default subnets: instances launched into one receive a public IPv4 address.
        "aws:ec2/defaultSubnet:DefaultSubnet": MappingProxyType({"mapPublicIpOnLaunch": True}),
        # EC2 API reference, LaunchTemplateInstanceMetadataOptionsRequest: optional unless the AMI says otherwise.
        "aws:ec2/launchTemplate:LaunchTemplate": MappingProxyType(
            {"metadataOptions.httpTokens": "optional", "metadataOptions.httpEndpoint": "enabled"}
        ),
    }
)


def defaults_of(kind: str) -> Mapping[str, Any]:
    """Return the defaults of a canonical type by path."""
    return AWS_DEFAULTS.get(kind, NONE)
