"""How encryption in our own stacks is spoilt, at rest and on the way: by rule, what is done and how."""

from collections.abc import Iterator, Mapping

from tests.policies.spoiling import GONE, Change, after, extra, put, then, without
from tests.policies.spoiling_documents import Statement, added, allowing, statements

ACCOUNT = "arn:aws:iam::123456789012"
KEY = "kms/key"
TEMPLATE = "ec2/launchTemplate"
MAPPING = "blockDeviceMappings.*"
SSE = "s3/bucketServerSideEncryptionConfiguration"
BY_DEFAULT = "rules.*.applyServerSideEncryptionByDefault"
POLICY = "policy"
OPEN = {"Principal": {"AWS": "*"}, "Action": "*", "Resource": "*"}
NOBODY_DENIED = '{"Version": "2012-10-17", "Statement": []}'
FUNCTION = "lambda/function"
VARIABLES = "environment.variables"


def for_anyone(old: Statement) -> Iterator[Statement]:
    """Yield a statement that allows something, for anyone and without a condition."""
    for principal in ("*", {"AWS": "*"}, {"AWS": [f"{ACCOUNT}:root", "*"]}):
        yield {key: value for key, value in {**old, "Principal": principal}.items() if key != "Condition"}


def turned(old: Statement) -> Iterator[Statement]:
    """Yield a denial as what it then allows everyone."""
    yield {key: value for key, value in {**old, "Effect": "Allow"}.items() if key != "Condition"}


def narrowed(old: Statement) -> Iterator[Statement]:
    """Yield a denial of what is not encrypted on the way, each time for less than everything."""
    resources = [old["Resource"]] if isinstance(old["Resource"], str) else old["Resource"]
    yield {**old, "Effect": "Allow"}
    yield {**old, "Principal": {"AWS": f"{ACCOUNT}:role/one"}}
    yield {**old, "Action": ["s3:GetObject", "sns:Subscribe"]}
    yield {**old, "Resource": [f"{resource}/only" for resource in resources]}
    yield {**old, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    yield {**old, "Condition": {"Bool": {"aws:ViaAWSService": "false"}}}
    yield {**old, "Condition": {**old["Condition"], "StringEquals": {"aws:PrincipalAccount": "210987654321"}}}


def _tls_not_asked_for(kind: str) -> Mapping[str, Change]:
    return {
        "the denial narrowed": statements(kind, POLICY, narrowed, "Deny"),
        "no denial": put(kind, POLICY, NOBODY_DENIED),
        "no policy": without(kind),
    }


def _topics() -> Mapping[str, Change]:
    """With a key SNS takes HTTPS only: it and the denial are two safeguards, each of which holds without the other."""
    policy, topic = "sns/topicPolicy", "sns/topic"
    another = put(policy, "arn", "arn:aws:sns:us-east-1:123456789012:another")
    spoilt = {**_tls_not_asked_for(policy), "another topic": another}
    return {
        **{f"no key, and {what}": after(topic, {"kmsMasterKeyId": GONE}, change) for what, change in spoilt.items()},
        **{
            f"no denial, and no key{end}": then(
                put(policy, POLICY, NOBODY_DENIED, name_end=f"{end}-policy"),
                put(topic, "kmsMasterKeyId", GONE, name_end=end),
            )
            for end in ("-alert", "-stop")
        },
    }


ENCRYPTION: Mapping[str, Mapping[str, Change]] = {
    "ebs-encrypted": {
        "off": put(TEMPLATE, f"{MAPPING}.ebs.encrypted", "false", False, GONE),
        "nothing said of a volume": put(TEMPLATE, f"{MAPPING}.ebs", GONE, {}),
        "as the image says": put(TEMPLATE, "blockDeviceMappings", GONE, []),
        "another volume": put(TEMPLATE, "blockDeviceMappings", [{"deviceName": "/dev/sdf", "ebs": {"volumeSize": 8}}]),
    },
    "kms-key-policy-scoped": {
        "a statement for anyone": statements(KEY, POLICY, for_anyone),
        "one statement more": added(KEY, POLICY, OPEN),
        "a principal of any name": added(KEY, POLICY, {**OPEN, "Condition": {"StringLike": {"aws:PrincipalArn": "*"}}}),
        "AWS's own policy": put(KEY, POLICY, GONE),
        "another policy beside": extra("kms/keyPolicy", {"keyId": "a-key", "policy": allowing(OPEN)}),
    },
    "lb-https-only": {"HTTP": extra("lb/listener", {"protocol": "HTTP", "port": 80, "defaultActions": []})},
    "lb-tls-policy": {"of 2016": extra("lb/listener", {"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-2016-08"})},
    "lb-target-encrypted": {"HTTP": extra("lb/targetGroup", {"protocol": "HTTP", "port": 8080, "targetType": "ip"})},
    "api-tls12": {"TLS 1.0": extra("apigateway/domainName", {"securityPolicy": "TLS_1_0"})},
    "topic-queue-policy-closed": {
        "a statement for anyone": statements("sns/topicPolicy", POLICY, for_anyone),
        "one statement more": added("sns/topicPolicy", POLICY, OPEN),
        "a denial turned round": statements("sns/topicPolicy", POLICY, turned, "Deny"),
        "in the topic itself": added("sns/topic", POLICY, OPEN),
    },
    "provider-endpoint-https": {
        "clear text": put(FUNCTION, f"{VARIABLES}.OPENAI_BASE_URL", "http://api.openai.com/v1"),
        "another host": put(FUNCTION, f"{VARIABLES}.OPENAI_BASE_URL", "https://llm.example.net/v1"),
    },
    "s3-encrypted-kms": {
        "S3's own key": put(SSE, f"{BY_DEFAULT}.sseAlgorithm", "AES256", GONE),
        "nothing said": put(SSE, BY_DEFAULT.removesuffix(".*"), GONE),
        "no rule": put(SSE, "rules", [], GONE),
        "another bucket": put(SSE, "bucket", "another-bucket"),
        "none": without(SSE),
    },
    "dynamodb-cmk": {
        "DynamoDB's own key": put("dynamodb/table", "serverSideEncryption.kmsKeyArn", GONE),
        "off": put("dynamodb/table", "serverSideEncryption.enabled", False, GONE),
        "nothing said": put("dynamodb/table", "serverSideEncryption", GONE, {}),
        "a replica": put("dynamodb/table", "replicas", [{"regionName": "us-west-2"}]),
    },
    "secret-cmk": {
        "the service's own key": put("secretsmanager/secret", "kmsKeyId", GONE, "alias/aws/secretsmanager"),
        "a replica": put("secretsmanager/secret", "replicas", [{"region": "us-west-2"}]),
    },
    "log-group-cmk": {"the service's own key": put("cloudwatch/logGroup", "kmsKeyId", GONE)},
    "sns-encrypted": {"not encrypted": put("sns/topic", "kmsMasterKeyId", GONE)},
    "sqs-encrypted": {"not encrypted": extra("sqs/queue", {"sqsManagedSseEnabled": False})},
    "ssm-securestring": {
        "clear text": extra("ssm/parameter", {"name": "/app/api-key", "type": "String", "value": "x"})
    },
    "kms-rotation": {"off": put(KEY, "enableKeyRotation", False, "false", GONE)},
    "kms-deletion-window": {"a week": put(KEY, "deletionWindowInDays", 7, 29)},
    "lambda-env-cmk": {"Lambda's own key": put(FUNCTION, "kmsKeyArn", GONE)},
    "guardrail-cmk": {"AWS's key": extra("bedrock/guardrail", {"name": "guard"})},
    "ebs-encryption-by-default": {"off": extra("ebs/encryptionByDefault", {"enabled": False})},
    "s3-deny-insecure-transport": {
        **_tls_not_asked_for("s3/bucketPolicy"),
        "another bucket": put("s3/bucketPolicy", "bucket", "another-bucket"),
    },
    "sns-sqs-tls": _topics(),
}
