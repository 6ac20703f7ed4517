"""Which AWS resource types never cost anything, whatever is done with them."""

from collections.abc import Mapping
from types import MappingProxyType

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "apigateway": "account apiKey authorizer basePathMapping deployment documentationPart documentationVersion "
        "domainName integration integrationResponse method methodResponse methodSettings model requestValidator "
        "resource response restApiPolicy usagePlan usagePlanKey",
        "apigatewayv2": "apiMapping authorizer deployment domainName integration integrationResponse model route "
        "routeResponse stage vpcLink",
        "appautoscaling": "policy scheduledAction target",
        "autoscaling": "attachment lifecycleHook notification policy schedule tag",
        "bedrock": "guardrailVersion inferenceProfile useCaseForModelAccess",
        "bedrockmodel": "invocationLoggingConfiguration",
        "budgets": "budget",
        "cloudwatch": "alarmMuteRule eventBusPolicy eventPermission eventRule eventTarget logDestinationPolicy "
        "logIndexPolicy logMetricFilter logResourcePolicy logStream logSubscriptionFilter queryDefinition",
        "dynamodb": "resourcePolicy tableItem tag",
        "ebs": "defaultKmsKey encryptionByDefault snapshotBlockPublicAccess",
        "ec2": "amiLaunchPermission defaultNetworkAcl defaultRouteTable defaultSecurityGroup defaultSubnet defaultVpc "
        "defaultVpcDhcpOptions egressOnlyInternetGateway eipAssociation imageBlockPublicAccess "
        "instanceMetadataDefaults internetGateway internetGatewayAttachment keyPair launchConfiguration "
        "launchTemplate mainRouteTableAssociation managedPrefixList managedPrefixListEntry networkAcl "
        "networkAclAssociation networkAclRule networkInterface networkInterfaceAttachment "
        "networkInterfaceSecurityGroupAttachment placementGroup route routeTable routeTableAssociation "
        "securityGroup securityGroupAssociation securityGroupRule serialConsoleAccess subnet "
        "subnetCidrReservation tag volumeAttachment vpc vpcBlockPublicAccessExclusion vpcBlockPublicAccessOptions "
        "vpcDhcpOptions vpcDhcpOptionsAssociation vpcEndpointPolicy vpcEndpointRouteTableAssociation "
        "vpcIpv4CidrBlockAssociation vpcIpv6CidrBlockAssociation vpnGatewayRoutePropagation",
        "ecr": "lifecyclePolicy registryPolicy repositoryPolicy",
        "ecs": "accountSettingDefault clusterCapacityProviders tag taskDefinition",
        "iam": "accessKey accountAlias accountPasswordPolicy group groupMembership groupPoliciesExclusive groupPolicy "
        "groupPolicyAttachment groupPolicyAttachmentsExclusive instanceProfile openIdConnectProvider policy "
        "policyAttachment role rolePoliciesExclusive rolePolicy rolePolicyAttachment "
        "rolePolicyAttachmentsExclusive samlProvider serverCertificate serviceLinkedRole "
        "serviceSpecificCredential signingCertificate sshKey user userGroupMembership userLoginProfile "
        "userPoliciesExclusive userPolicy userPolicyAttachment userPolicyAttachmentsExclusive virtualMfaDevice",
        "kms": "alias ciphertext grant keyPolicy",
        "lambda": "alias codeSigningConfig eventSourceMapping functionEventInvokeConfig functionRecursionConfig "
        "functionUrl layerVersion layerVersionPermission permission resourcePolicy runtimeManagementConfig",
        "lb": "listener listenerCertificate listenerRule targetGroup targetGroupAttachment",
        "s3": "accountPublicAccessBlock bucketAcl bucketCorsConfiguration bucketLifecycleConfiguration bucketLogging "
        "bucketNotification bucketObjectLockConfiguration bucketOwnershipControls bucketPolicy "
        "bucketPublicAccessBlock bucketRequestPaymentConfiguration bucketServerSideEncryptionConfiguration "
        "bucketVersioning bucketWebsiteConfiguration",
        "scheduler": "scheduleGroup",
        "secretsmanager": "secretPolicy secretRotation secretVersion tag",
        "sns": "topicPolicy topicSubscription",
        "sqs": "queuePolicy redriveAllowPolicy redrivePolicy",
        "ssm": "document",
        "vpc": "securityGroupEgressRule securityGroupIngressRule securityGroupVpcAssociation",
        "wafv2": "ipSet regexPatternSet webAclAssociation webAclLoggingConfiguration",
    }
)
"""By module. A secret's rotation and a schedule's target run functions: these are paid for."""

FREE: frozenset[str] = frozenset(
    f"aws:{module}/{name}:{name[0].upper()}{name[1:]}" for module, names in _NAMES.items() for name in names.split()
)
"""Types for which AWS charges nothing."""
