"""What is spoilt, by claim. A claim without a line here is held by nothing: a test says so."""

import base64
import json
import re

from tests.infra.claims import data, front, identity, operation, pool
from tests.infra.claims.stack import Stack
from tests.infra.mutate import GONE, Mutation, extra, put, statement, unprotected, without
from tests.infra.mutations_of_reach import REACH

M = Mutation


def _document(stack: Stack) -> None:
    layer = stack.one("lambda/layerVersion")
    asset = layer.props["code"]["assets"]["leanto/deployment.json"]
    document = json.loads(asset["text"])
    del document["limits"]["request_bytes"]
    asset["text"] = json.dumps(document)


def _same_role(stack: Stack) -> None:
    first, second, *_ = stack.of("lambda/function")
    first.props["role"] = second.props["role"]


def _same_group(stack: Stack) -> None:
    first, second, *_ = stack.of("lambda/function")
    first.props["loggingConfig"] = second.props["loggingConfig"]


def _any_engine(stack: Stack) -> None:
    template = stack.one("ec2/launchTemplate")
    script = base64.b64decode(template.props["userData"]).decode()
    spoilt = re.sub("engines/[0-9a-f]{64}", "engines/latest", script)
    template.props["userData"] = base64.b64encode(spoilt.encode()).decode()


DATA = (
    M(data.keys_rotate, "a key does not rotate", put("kms/key", "enableKeyRotation", False)),
    M(data.keys_rotate, "a key is gone after 3 days", put("kms/key", "deletionWindowInDays", 3)),
    M(data.keys_rotate, "a key of prod is gone after 7 days", put("kms/key", "deletionWindowInDays", 7), "prod"),
    M(
        data.key_policies_are_scoped,
        "administrators read data",
        statement("kms/key", "Administration", "Action", ["kms:Decrypt"]),
    ),
    M(
        data.key_policies_are_scoped,
        "services use a key for anyone",
        statement("kms/key", "UseThroughServices", "Condition", GONE),
    ),
    M(
        data.key_policies_are_scoped,
        "anybody uses a key through a service",
        statement("kms/key", "UseThroughServices", "Principal", {"AWS": "*"}),
    ),
    M(data.key_policies_are_scoped, "logs of anyone", statement("kms/key", "Logs", "Condition", GONE)),
    M(data.buckets_are_private, "public policies", put("s3/bucketPublicAccessBlock", "blockPublicPolicy", False)),
    M(data.buckets_are_private, "no block", without("s3/bucketPublicAccessBlock", "-pool-public-access")),
    M(
        data.buckets_are_private,
        "access lists",
        put("s3/bucketOwnershipControls", "rule.objectOwnership", "ObjectWriter"),
    ),
    M(
        data.buckets_are_encrypted,
        "the service's own key",
        put(
            "s3/bucketServerSideEncryptionConfiguration",
            "rules.0.applyServerSideEncryptionByDefault.sseAlgorithm",
            "AES256",
        ),
    ),
    M(
        data.buckets_are_encrypted,
        "no encryption set",
        without("s3/bucketServerSideEncryptionConfiguration", "-pool-encryption"),
    ),
    M(
        data.buckets_keep_versions_for_a_while,
        "versions off",
        put("s3/bucketVersioning", "versioningConfiguration.status", "Suspended"),
    ),
    M(
        data.buckets_keep_versions_for_a_while,
        "versions for ever",
        put("s3/bucketLifecycleConfiguration", "rules.0.noncurrentVersionExpiration", GONE),
    ),
    M(
        data.buckets_keep_versions_for_a_while,
        "broken uploads for ever",
        put("s3/bucketLifecycleConfiguration", "rules.0.abortIncompleteMultipartUpload", GONE),
    ),
    M(data.buckets_want_tls, "no policy", without("s3/bucketPolicy", "-pool-policy")),
    M(data.buckets_want_tls, "objects without TLS", statement("s3/bucketPolicy", "TlsOnly", "Resource", ["x"])),
    M(data.buckets_want_tls, "with TLS only", statement("s3/bucketPolicy", "TlsOnly", "Condition", {"Bool": {}})),
    M(
        data.table_is_encrypted_and_recoverable,
        "DynamoDB's own key",
        put("dynamodb/table", "serverSideEncryption.kmsKeyArn", GONE),
    ),
    M(
        data.table_is_encrypted_and_recoverable,
        "no recovery",
        put("dynamodb/table", "pointInTimeRecovery.enabled", False),
    ),
    M(data.table_throughput_is_bounded, "unbounded", put("dynamodb/table", "onDemandThroughput", GONE)),
    M(
        data.table_throughput_is_bounded,
        "unbounded writes",
        put("dynamodb/table", "onDemandThroughput.maxWriteRequestUnits", -1),
    ),
    M(data.table_forgets_nodes_only, "nothing", put("dynamodb/table", "ttl", GONE)),
    M(data.table_forgets_nodes_only, "keys", put("dynamodb/table", "ttl.attributeName", "expires_at")),
    M(data.secrets_are_created_empty, "a value in the state", extra("secretsmanager/secretVersion", secretString="x")),
    M(data.secrets_are_created_empty, "the service's own key", put("secretsmanager/secret", "kmsKeyId", GONE)),
    M(data.secrets_are_created_empty, "gone at once", put("secretsmanager/secret", "recoveryWindowInDays", 0)),
    M(data.code_is_pinned, "any version of the code", put("lambda/function", "s3ObjectVersion", GONE)),
    M(data.code_is_pinned, "any code", put("lambda/function", "sourceCodeHash", GONE)),
    M(data.prod_is_protected, "the table", unprotected("dynamodb/table"), "prod"),
    M(data.prod_is_protected, "a key", unprotected("kms/key"), "prod"),
    M(data.prod_is_protected, "a bucket", unprotected("s3/bucket"), "prod"),
    M(data.prod_is_protected, "a secret", unprotected("secretsmanager/secret"), "prod"),
    M(data.prod_is_protected, "a bucket is emptied", put("s3/bucket", "forceDestroy", True), "prod"),
    M(data.prod_is_protected, "AWS deletes", put("dynamodb/table", "deletionProtectionEnabled", False), "prod"),
)

IDENTITY = (
    M(
        identity.no_action_is_a_pattern,
        "all of DynamoDB",
        statement("iam/rolePolicy", "ReadState", "Action", ["dynamodb:*"]),
    ),
    M(identity.no_action_is_a_pattern, "all of KMS", statement("kms/key", "Administration", "Action", ["kms:*"])),
    M(identity.no_action_is_a_pattern, "all but one", statement("iam/rolePolicy", "WriteLogs", "NotAction", ["x:y"])),
    M(identity.no_resource_is_everything, "every table", statement("iam/rolePolicy", "ReadKeys", "Resource", "*")),
    M(
        identity.no_resource_is_everything,
        "every group",
        statement("iam/rolePolicy", "SetGroupToZero", "Resource", ["*"]),
    ),
    M(identity.roles_are_for_one_service, "anybody", statement("iam/role", "Service", "Principal", "*")),
    M(
        identity.roles_are_for_one_service,
        "any account's functions",
        statement("iam/role", "Service", "Condition", GONE, "-gateway-role"),
    ),
    M(identity.each_function_has_its_own_role, "one role for two", _same_role),
    M(identity.each_function_has_its_own_role, "a role of no use", extra("iam/role", name="other")),
    M(
        identity.keys_are_used_through_one_service,
        "a key for anything",
        statement("iam/rolePolicy", "DecryptTable", "Condition", GONE),
    ),
    M(
        identity.table_is_read_by_partition,
        "the whole table",
        statement("iam/rolePolicy", "ReadKeys", "Condition", GONE),
    ),
    M(identity.functions_are_invoked_by_one_source, "any source", put("lambda/permission", "sourceArn", GONE)),
    M(
        identity.functions_are_invoked_by_one_source,
        "any stage",
        put(
            "lambda/permission",
            "sourceArn",
            "arn:aws:execute-api:us-east-1:123456789012:api1/*/POST/*",
            "-post-permission",
        ),
    ),
    M(identity.functions_are_invoked_by_one_source, "anybody", put("lambda/permission", "principal", "*")),
    M(
        identity.variables_are_encrypted_and_no_secrets,
        "the service's own key",
        put("lambda/function", "kmsKeyArn", GONE),
    ),
    M(
        identity.variables_are_encrypted_and_no_secrets,
        "a key among the variables",
        put("lambda/function", "environment.variables.OPENAI_API_KEY", "sk-aaaaaaaaaaaaaaaa"),
    ),
)

FRONT = (
    M(front.methods_want_a_key, "open to all", put("apigateway/method", "authorization", "NONE")),
    M(front.methods_want_a_key, "another authorizer", put("apigateway/method", "authorizerId", "other")),
    M(
        front.malformed_keys_reach_no_code,
        "anything is a key",
        put("apigateway/authorizer", "identityValidationExpression", GONE),
    ),
    M(
        front.malformed_keys_reach_no_code,
        "a revoked key works for an hour",
        put("apigateway/authorizer", "authorizerResultTtlInSeconds", 3600),
    ),
    M(front.all_that_costs_has_one_rate, "a path of its own", extra("apigateway/method", httpMethod="POST")),
    M(front.all_that_costs_has_one_rate, "any method", put("apigateway/method", "httpMethod", "ANY", "-get-method")),
    M(front.rate_is_bounded, "no settings", without("apigateway/methodSettings")),
    M(front.rate_is_bounded, "no rate", put("apigateway/methodSettings", "settings.throttlingRateLimit", GONE)),
    M(front.rate_is_bounded, "no burst", put("apigateway/methodSettings", "settings.throttlingBurstLimit", -1)),
    M(front.rate_is_bounded, "one method only", put("apigateway/methodSettings", "methodPath", "~1{proxy+}/GET")),
    M(front.api_logs_no_content, "data traced", put("apigateway/methodSettings", "settings.dataTraceEnabled", True)),
    M(front.api_logs_no_content, "execution log", put("apigateway/methodSettings", "settings.loggingLevel", "INFO")),
    M(front.access_is_logged_without_content, "no log", put("apigateway/stage", "accessLogSettings", GONE)),
    M(
        front.access_is_logged_without_content,
        "the key in the log",
        put("apigateway/stage", "accessLogSettings.format", '{"a":"$context.requestHeader.Authorization"}'),
    ),
    M(front.request_size_is_bounded, "any size", _document),
    M(
        front.answers_stream_from_a_regional_api,
        "edge",
        put("apigateway/restApi", "endpointConfiguration.types", "EDGE"),
    ),
    M(
        front.answers_stream_from_a_regional_api,
        "buffered",
        put("apigateway/integration", "responseTransferMode", "BUFFERED"),
    ),
    M(
        front.answers_stream_from_a_regional_api,
        "no end",
        put("apigateway/integration", "timeoutMilliseconds", 1_000_000),
    ),
)

POOL = (
    M(pool.network_has_no_way_out, "an internet gateway", extra("ec2/internetGateway", vpcId="x")),
    M(pool.network_has_no_way_out, "a NAT gateway", extra("ec2/natGateway", subnetId="x")),
    M(pool.network_has_no_way_out, "public subnets", put("ec2/subnet", "mapPublicIpOnLaunch", True)),
    M(pool.network_has_no_way_out, "a route", put("ec2/routeTable", "routes", [{"cidrBlock": "0.0.0.0/0"}])),
    M(pool.network_has_no_way_out, "a paid endpoint", put("ec2/vpcEndpoint", "vpcEndpointType", "Interface")),
    M(pool.endpoints_are_scoped, "all buckets", statement("ec2/vpcEndpoint", "PoolBucket", "Resource", "*")),
    M(pool.endpoints_are_scoped, "any account", statement("ec2/vpcEndpoint", "StackTable", "Condition", GONE)),
    M(pool.default_group_is_closed, "AWS's default", without("ec2/defaultSecurityGroup")),
    M(pool.default_group_is_closed, "open", put("ec2/defaultSecurityGroup", "egress", [{"protocol": "-1"}])),
    M(
        pool.nodes_have_no_public_address,
        "a public address",
        put("ec2/launchTemplate", "networkInterfaces.0.associatePublicIpAddress", "true"),
    ),
    M(pool.nodes_have_no_public_address, "as the subnet says", put("ec2/launchTemplate", "networkInterfaces", [])),
    M(pool.metadata_wants_a_token, "IMDSv1", put("ec2/launchTemplate", "metadataOptions.httpTokens", "optional")),
    M(
        pool.metadata_wants_a_token,
        "two hops",
        put("ec2/launchTemplate", "metadataOptions.httpPutResponseHopLimit", 2),
    ),
    M(
        pool.volumes_are_encrypted,
        "not encrypted",
        put("ec2/launchTemplate", "blockDeviceMappings.0.ebs.encrypted", "false"),
    ),
    M(
        pool.volumes_are_encrypted,
        "AWS's own key",
        put("ec2/launchTemplate", "blockDeviceMappings.0.ebs.kmsKeyId", GONE),
    ),
    M(pool.volumes_are_encrypted, "gp2", put("ec2/launchTemplate", "blockDeviceMappings.0.ebs.volumeType", "gp2")),
    M(
        pool.volumes_are_encrypted,
        "left behind",
        put("ec2/launchTemplate", "blockDeviceMappings.0.ebs.deleteOnTermination", "false"),
    ),
    M(pool.volumes_are_encrypted, "as the image says", put("ec2/launchTemplate", "blockDeviceMappings", [])),
    M(pool.group_scales_to_zero, "one always", put("autoscaling/group", "minSize", 1)),
    M(pool.group_scales_to_zero, "a size set by deployments", put("autoscaling/group", "desiredCapacity", 1)),
    M(pool.group_scales_to_zero, "waits for nodes", put("autoscaling/group", "waitForCapacityTimeout", "10m")),
    M(pool.group_scales_to_zero, "without end", put("autoscaling/group", "maxSize", 1000)),
    M(
        pool.group_mixes_types_and_follows_versions,
        "one type",
        put("autoscaling/group", "mixedInstancesPolicy.launchTemplate.overrides", [{"instanceType": "g6.xlarge"}]),
    ),
    M(
        pool.group_mixes_types_and_follows_versions,
        "latest",
        put("autoscaling/group", "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.version", "$Latest"),
    ),
    M(
        pool.faulty_nodes_are_not_bought_again,
        "stopped nodes cost on",
        put("ec2/launchTemplate", "instanceInitiatedShutdownBehavior", "stop"),
    ),
    M(pool.faulty_nodes_are_not_bought_again, "replaced", put("autoscaling/group", "suspendedProcesses", [])),
    M(
        pool.faulty_nodes_are_not_bought_again,
        "ended for another zone",
        put("autoscaling/group", "suspendedProcesses", ["ReplaceUnhealthy"]),
    ),
    M(pool.nodes_run_what_is_pinned, "an older agent", put("s3/bucketObjectv2", "key", "agent/0.zip", "-pool-agent")),
    M(pool.nodes_run_what_is_pinned, "any engine", _any_engine),
    M(pool.faulty_nodes_are_not_bought_again, "runs on", put("ec2/launchTemplate", "userData", "IyEvYmluL2Jhc2gK")),
    M(pool.image_is_pinned, "newest", put("ec2/launchTemplate", "imageId", "resolve:ssm:/aws/service/x/latest")),
    M(pool.flows_are_recorded_in_prod, "no record", without("ec2/flowLog"), "prod"),
)

OPERATION = (
    M(operation.everything_is_tagged, "a bucket", put("s3/bucket", "tagsAll.owner", GONE)),
    M(operation.everything_is_tagged, "the group", put("autoscaling/group", "tags.0.propagateAtLaunch", False)),
    M(operation.everything_is_tagged, "volumes", put("ec2/launchTemplate", "tagSpecifications.1", GONE)),
    M(operation.everything_is_in_one_region, "elsewhere", put("s3/bucket", "region", "eu-west-2")),
    M(operation.logs_are_encrypted_and_end, "the service's own key", put("cloudwatch/logGroup", "kmsKeyId", GONE)),
    M(operation.logs_are_encrypted_and_end, "for ever", put("cloudwatch/logGroup", "retentionInDays", 0)),
    M(operation.logs_are_encrypted_and_end, "a day in prod", put("cloudwatch/logGroup", "retentionInDays", 1), "prod"),
    M(operation.functions_log_to_their_own_group, "Lambda's group", put("lambda/function", "loggingConfig", {})),
    M(operation.functions_log_to_their_own_group, "one group for two", _same_group),
    M(
        operation.concurrency_is_reserved,
        "unbounded",
        put("lambda/function", "reservedConcurrentExecutions", GONE),
    ),
    M(operation.budget_tells_and_stops, "no budget", without("budgets/budget")),
    M(operation.budget_tells_and_stops, "no warning", put("budgets/budget", "notifications.0", GONE)),
    M(operation.budget_tells_and_stops, "no stop", put("budgets/budget", "notifications.2", GONE)),
    M(
        operation.budget_tells_and_stops,
        "two topics, which AWS refuses",
        put("budgets/budget", "notifications.2.subscriberSnsTopicArns", ["a", "b"]),
    ),
    M(operation.budget_tells_and_stops, "all costs", put("budgets/budget", "costFilters", [])),
    M(operation.budget_tells_and_stops, "credits", put("budgets/budget", "costTypes.includeCredit", True)),
    M(operation.budget_tells_and_stops, "a year", put("budgets/budget", "timeUnit", "ANNUALLY")),
    M(operation.stop_topic_reaches_the_stop_function, "not called", without("sns/topicSubscription", "-budget-stop")),
    M(
        operation.stop_topic_reaches_the_stop_function,
        "may not be called",
        without("lambda/permission", "-stop-permission"),
    ),
    M(
        operation.stop_function_can_stop,
        "may not set the group",
        statement("iam/rolePolicy", "SetGroupToZero", "Action", ["autoscaling:SetInstanceHealth"]),
    ),
    M(
        operation.stop_function_can_stop,
        "another group",
        put("lambda/function", "environment.variables.LEANTO_GROUP", "x", "-stop"),
    ),
    M(
        operation.stop_function_can_stop,
        "fails in silence",
        put("lambda/functionEventInvokeConfig", "destinationConfig", GONE),
    ),
    M(operation.alarms_act, "no action", put("cloudwatch/metricAlarm", "alarmActions", [])),
    M(operation.alarms_act, "switched off", put("cloudwatch/metricAlarm", "actionsEnabled", False)),
    M(operation.alarms_act, "one missing", without("cloudwatch/metricAlarm", "-stop-errors")),
    M(
        operation.topics_are_encrypted_and_closed,
        "not encrypted",
        put("sns/topic", "kmsMasterKeyId", GONE),
    ),
    M(
        operation.topics_are_encrypted_and_closed,
        "any account's alarms",
        statement("sns/topicPolicy", "Alarms", "Condition", GONE),
    ),
    M(
        operation.topics_are_encrypted_and_closed,
        "without TLS",
        statement("sns/topicPolicy", "TlsOnly", "Condition", {"Bool": {}}),
    ),
    M(operation.topics_are_encrypted_and_closed, "no policy", without("sns/topicPolicy")),
)

MUTATIONS: tuple[Mutation, ...] = (*DATA, *IDENTITY, *FRONT, *POOL, *REACH, *OPERATION)
