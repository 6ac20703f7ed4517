"""How the models and places of our own stacks are spoilt: by rule, what is done and how."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tests.policies.spoiling import GONE, Change, beside, extra, present, put, then
from tests.policies.spoiling_documents import added, document, script
from tests.policies.spoilt_encryption import FUNCTION, VARIABLES

GRANTS = "iam/rolePolicy"
OBJECT = "s3/bucketObjectv2"
TEMPLATE = "ec2/launchTemplate"
GROUP = "autoscaling/group"
TYPES = "mixedInstancesPolicy.launchTemplate.overrides.*.instanceType"
ELSEWHERE = "ap-south-1"
Document = dict[str, Any]


def _fields(blocks: Callable[[Document], Iterable[Document]], changes: Iterable[Document]) -> Change:
    """Make each change of fields in each of some objects of the document, in turn; GONE takes a field away."""

    def change(old: Document) -> Iterator[Document]:
        for place in range(len(tuple(blocks(old)))):
            for fields in changes:
                new = copy.deepcopy(old)
                block = tuple(blocks(new))[place]
                for key, value in fields.items():
                    block[key] = value
                    if value is GONE:
                        del block[key]
                yield new

    return document(change)


def more(*changes: Document) -> Change:
    """Change the document itself."""
    return _fields(lambda row: (row,), changes)


def in_model(*changes: Document) -> Change:
    """Change each model that the document describes."""
    return _fields(lambda row: row["models"].values(), changes)


def in_file(*changes: Document) -> Change:
    """Change each file of each model that the document describes."""
    return _fields(lambda row: [file for model in row["models"].values() for file in model["files"]], changes)


def in_provider(*changes: Document) -> Change:
    """Change each provider that the document describes."""
    return _fields(lambda row: row["providers"].values(), changes)


def in_limits(*changes: Document) -> Change:
    """Change the gateway's limits, where it asks providers."""
    return _fields(lambda row: (row["limits"],) if row["providers"] else (), changes)


def in_retention(*changes: Document) -> Change:
    """Change what each provider says of how long it keeps requests."""
    return _fields(lambda row: [provider["retention"] for provider in row["providers"].values()], changes)


def in_upstreams(kind: str, *changes: Document, least: int = 1) -> Change:
    """Change what answers, of one kind, in routes with at least so many that answer."""

    def found(row: Document) -> list[Document]:
        routes = [route["upstreams"] for route in row["routes"] if len(route["upstreams"]) >= least]
        return [one for upstreams in routes for one in upstreams if one["kind"] == kind]

    return _fields(found, changes)


INVOKING = {"Action": ["bedrock:InvokeModel"], "Resource": "arn:aws:bedrock:us-east-1::foundation-model/a.b-v1:0"}

GOVERNANCE: Mapping[str, Mapping[str, Change]] = {
    "region-allowed": {
        "a resource elsewhere": present("aws", "region", ELSEWHERE),
        "a provider without a region": put("pulumi:providers:aws", "region", GONE),
    },
    "prompt-logging-off": {
        "by the document": more({"log_prompts": True}, {"logging": {"log_prompts": True}}),
        "by a variable": put(FUNCTION, f"{VARIABLES}.LITELLM_LOG_PROMPTS", "true"),
        "by the boot script": script("vllm serve somebody/model --enable-log-requests"),
        "by Bedrock": extra(
            "bedrockmodel/invocationLoggingConfiguration", {"loggingConfig": {"textDataDeliveryEnabled": True}}
        ),
    },
    "model-licence-allowed": {
        "another licence": in_model({"licence": "CC-BY-NC-4.0"}),
        "a tag": put(GROUP, "tags.*", {"key": "model-licence", "value": "CC-BY-NC-4.0", "propagateAtLaunch": True}),
        "another model": in_upstreams("local", {"model": "somebodys-model"}),
        "by the boot script": script("vllm serve meta-llama/Llama-3.1-8B"),
    },
    "model-digest-pinned": {
        "no digest": in_file({"sha256": GONE}),
        "no commit": in_model({"revision": "main"}),
        "a short digest": in_file({"sha256": "3605803b"}),
        "an image that moves": put(TEMPLATE, "imageId", "resolve:ssm:/aws/service/ami/latest"),
        "by the boot script": script("hf download somebody/model", "docker run vllm/vllm-openai:latest"),
    },
    "model-format-safe": {
        "a pickle": in_file({"name": "model.bin"}, {"name": "model.pt"}),
        "a pickle beside the files": in_model({"file": "model.bin"}),
        "code beside it": in_model({"trust_remote_code": True}),
        "a file": put(OBJECT, "key", "models/model.pkl", "models/pytorch_model.bin"),
        "by the boot script": script("vllm serve somebody/model --trust-remote-code"),
    },
    "model-fits-gpu": {
        "a larger one": in_file({"bytes": 90_000_000_000}),
        "more slots": in_model({"slots": 64}),
        "a longer context": in_model({"context_tokens": 131_072}),
        "a smaller GPU": then(in_file({"bytes": 18_000_000_000}), put(GROUP, TYPES, "g4dn.xlarge")),
        "a larger one by the boot script": script("vllm serve meta-llama/Llama-3.1-70B-Instruct"),
        "a larger one by a variable": beside(
            GROUP, put(FUNCTION, f"{VARIABLES}.HF_MODEL_ID", "meta-llama/Llama-3.1-70B-Instruct")
        ),
    },
    "managed-model-current": {
        "an alias": in_upstreams("provider", {"model": "gpt-5-latest"}),
        "one that ends": in_upstreams("provider", {"model": "gpt-5-mini"}),
        "by a variable": put(FUNCTION, f"{VARIABLES}.OPENAI_MODEL", "gpt-5-mini"),
    },
    "guardrail-attached": {
        "rights without": added(GRANTS, "policy", INVOKING),
        "a model of Bedrock": in_upstreams("provider", {"provider": "bedrock", "model": "anthropic.claude-sonnet-4-6"}),
        "by a variable": put(FUNCTION, f"{VARIABLES}.BEDROCK_MODEL_ID", "anthropic.claude-sonnet-4-6"),
    },
    "guardrail-content": {"nothing": extra("bedrock/guardrail", {"name": "guard"})},
    "provider-retention-declared": {
        "nothing": in_provider({"retention": GONE}, {"retention": {}}),
        "nothing of days": in_retention(*({key: GONE} for key in ("days", "training", "source", "date"))),
        "for years": in_retention({"days": 3650}, {"training": True}, {"date": "2024-01-01"}),
    },
}

IN_EU: Mapping[str, Mapping[str, Change]] = {
    "residency-endpoint": {
        "everywhere": in_provider({"base_url": "https://api.openai.com/v1"}),
        "in the United States": in_provider({"base_url": "https://us.api.openai.com/v1"}),
        "by a variable": put(FUNCTION, f"{VARIABLES}.OPENAI_BASE_URL", "https://api.openai.com/v1"),
    },
    "fallback-residency": {
        "less strict than the pool": in_upstreams("provider", {"provider": "elsewhere"}, least=2),
    },
    "region-allowed": {
        "a resource elsewhere": present("aws", "region", ELSEWHERE),
        "the provider": put("pulumi:providers:aws", "region", "us-east-1"),
        "a right elsewhere": added(GRANTS, "policy", {"Action": "sqs:*", "Resource": "arn:aws:sqs:us-east-1:1:q"}),
    },
}
"""What breaks rules under the profile eu, in stacks that are held to it."""
