"""Settings that are wrong, each with the keys of the problems that it has and no others."""

from typing import Any

from tests.infra.synthesised import PINS

TAGS = {"owner": "team", "cost-centre": "c1", "data-class": "internal"}
ROUTE = {"model": "small", "provider": "openai", "providerModel": "gpt-6-luna"}
LOCAL = {"model": "small", "localModel": "qwen3-4b-instruct-2507-q4_k_m"}
GPU = {"mode": "gpu", "routes": [LOCAL], **PINS}


def pool(model: str) -> dict[str, Any]:
    """Return the settings of a pool that serves a model."""
    return {**GPU, "gpuModel": model, "routes": [{"model": "small", "localModel": model}]}


LLAMA_IMAGE = "ghcr.io/ggml-org/llama.cpp@sha256:3e7673cce183a55f97a1bc3c80817f3c61452483c13bc088a6766388af4775fe"
AWQ = {**pool("qwen3-8b-awq"), "gpuEngine": "vllm"}
OWN_SERVER = {"model": "a", "provider": "custom", "providerModel": "my/model"}
PROD = {"environment": "prod", "alertEmails": ["team@example.com"]}


WRONG: dict[str, tuple[dict[str, Any], set[str]]] = {
    "unknown mode": ({"mode": "manged"}, {"mode"}),
    "unknown environment": ({"environment": "production"}, {"environment"}),
    "unknown region": ({"region": "eu-centrl-1"}, {"region"}),
    "region of another partition": ({"region": "cn-north-1"}, {"region"}),
    "no routes": ({"routes": []}, {"routes"}),
    "routes no list": ({"routes": "small"}, {"routes"}),
    "routes not JSON": ({"routes": "[{"}, {"routes"}),
    "a route without model": ({"routes": [{"provider": "openai", "providerModel": "gpt-6-luna"}]}, {"routes[0].model"}),
    "a route with an unknown field": ({"routes": [{**ROUTE, "fallback": "x"}]}, {"routes[0].fallback"}),
    "a route with an unknown mask": (
        {"routes": [{**ROUTE, "maskPatterns": ["names"]}]},
        {"routes[0].maskPatterns[0]"},
    ),
    "two routes of one name": ({"routes": [ROUTE, ROUTE]}, {"routes[1].model"}),
    "provider without model": ({"routes": [{"model": "a", "provider": "openai"}]}, {"routes[0]"}),
    "model without provider": ({"routes": [{"model": "a", "providerModel": "gpt-6-luna"}]}, {"routes[0]"}),
    "unknown provider model": ({"routes": [{**ROUTE, "providerModel": "gpt-99"}]}, {"routes[0].providerModel"}),
    "a guardrail's ARN": ({"bedrockGuardrailId": "arn:aws:bedrock"}, {"bedrockGuardrailId"}),
    "a pattern to mask that there is not": ({"maskPatterns": ["email", "names"]}, {"maskPatterns[1]"}),
    "a draft of a guardrail": ({"bedrockGuardrailVersion": "DRAFT"}, {"bedrockGuardrailVersion"}),
    "local route in managed": ({"routes": [LOCAL]}, {"routes[0]"}),
    "provider route in gpu": ({**GPU, "routes": [ROUTE]}, {"routes[0]"}),
    "a route to nothing in hybrid": ({**GPU, "mode": "hybrid", "routes": [{"model": "a"}]}, {"routes[0]"}),
    "provider not allowed": ({"providersAllowed": []}, {"routes[0].provider"}),
    "provider not in the catalogue": (
        {"providersAllowed": ["openai", "opnai"]},
        {"providersAllowed[1]"},
    ),
    "provider twice": ({"providersAllowed": ["openai", "openai"]}, {"providersAllowed[1]"}),
    "another local model than the pool's": ({**GPU, "gpuModel": "qwen3-8b-q4_k_m"}, {"routes[0].localModel"}),
    "unknown local model": (
        {**GPU, "gpuModel": "llama-9", "routes": [{"model": "a", "localModel": "llama-9"}]},
        {"gpuModel"},
    ),
    "http": ({"providerBaseUrls": {"openai": "http://api.openai.com/v1"}}, {"providerBaseUrls.openai"}),
    "loopback by name only": (
        {"providerBaseUrls": {"openai": "http://localhost.example/v1"}},
        {"providerBaseUrls.openai"},
    ),
    "URL without host": ({"providerBaseUrls": {"openai": "https:///v1"}}, {"providerBaseUrls.openai"}),
    "URL with a password": ({"providerBaseUrls": {"openai": "https://a:b@x.example/v1"}}, {"providerBaseUrls.openai"}),
    "URL with a query": ({"providerBaseUrls": {"openai": "https://x.example/v1?key=1"}}, {"providerBaseUrls.openai"}),
    "URL with a bad port": (
        {"providerBaseUrls": {"openai": "https://x.example:99999/v1"}},
        {"providerBaseUrls.openai"},
    ),
    "URL of a provider that is not allowed": (
        {"providerBaseUrls": {"google": "https://x.example/v1"}},
        {"providerBaseUrls.google"},
    ),
    "no URL for a provider that needs one": (
        {"providersAllowed": ["openai", "azure"]},
        {"providerBaseUrls.azure"},
    ),
    "unknown residency": ({"residency": "ue"}, {"residency"}),
    "residency and region": ({"residency": "eu"}, {"region"}),
    "London is not in the EU": ({"residency": "eu", "region": "eu-west-2"}, {"region"}),
    "Zurich is not in the EU": ({"residency": "eu", "region": "eu-central-2"}, {"region"}),
    "residency and a provider without an endpoint there": (
        {"residency": "eu", "region": "eu-west-1", "providersAllowed": ["openai", "anthropic"]},
        {"providerBaseUrls.anthropic"},
    ),
    "residency and the provider's endpoint elsewhere": (
        {"residency": "eu", "region": "eu-west-1", "providerBaseUrls": {"openai": "https://api.openai.com/v1"}},
        {"providerBaseUrls.openai"},
    ),
    "unknown engine": ({**GPU, "gpuEngine": "tgi"}, {"gpuEngine"}),
    "an engine that does not read the model": ({**GPU, "gpuEngine": "vllm"}, {"gpuEngine"}),
    "a model that the engine does not read": ({**AWQ, "gpuEngine": "llama.cpp"}, {"gpuEngine"}),
    "vLLM on a T4": ({**AWQ, "gpuInstanceTypes": ["g6.xlarge", "g4dn.xlarge"]}, {"gpuInstanceTypes[1]"}),
    "vLLM on a GPU of which nothing is known": (
        {**AWQ, "gpuInstanceTypes": ["g7e.2xlarge"]},
        {"gpuInstanceTypes[0]"},
    ),
    "no context": ({**GPU, "gpuContextTokens": 0}, {"gpuContextTokens"}),
    "a context in words": ({**GPU, "gpuContextTokens": "8k"}, {"gpuContextTokens"}),
    "a longer context than the model's": (
        {**pool("qwen3-4b-q4_k_m"), "gpuContextTokens": 40961},
        {"gpuContextTokens"},
    ),
    "no slots": ({**GPU, "gpuSlots": 0}, {"gpuSlots"}),
    "slots in words": ({**GPU, "gpuSlots": "many"}, {"gpuSlots"}),
    "more slots than fit": ({**GPU, "gpuSlots": 17}, {"gpuSlots"}),
    "more slots than fit the smallest type": (
        {**GPU, "gpuSlots": 10, "gpuInstanceTypes": ["g6.xlarge", "g4dn.xlarge"]},
        {"gpuSlots"},
    ),
    "a context that not one request fits with": ({**GPU, "gpuContextTokens": 262144}, {"gpuContextTokens"}),
    "a model larger than the GPU": (
        {**pool("qwen3-30b-a3b-instruct-2507-q4_k_m"), "gpuInstanceTypes": ["g4dn.xlarge"]},
        {"gpuModel"},
    ),
    "a restricted licence that nobody accepted": (pool("llama-3.1-8b-instruct-q4_k_m"), {"licencesAccepted"}),
    "another licence accepted": (
        {**pool("llama-3.1-8b-instruct-q4_k_m"), "licencesAccepted": ["MIT"]},
        {"licencesAccepted"},
    ),
    "an unknown licence accepted": ({**GPU, "licencesAccepted": ["LicenseRef-llama3"]}, {"licencesAccepted[0]"}),
    "unknown instance type": ({**GPU, "gpuInstanceTypes": ["g6.xlarg"]}, {"gpuInstanceTypes[0]"}),
    "instance type without a price in the region": (
        {**GPU, "region": "eu-west-1", "gpuInstanceTypes": ["g5.xlarge", "g6.xlarge"]},
        {"gpuInstanceTypes[1]"},
    ),
    "instance type twice": ({**GPU, "gpuInstanceTypes": ["g6.xlarge", "g6.xlarge"]}, {"gpuInstanceTypes[1]"}),
    "no instance type": ({**GPU, "gpuInstanceTypes": []}, {"gpuInstanceTypes"}),
    "no nodes": ({**GPU, "gpuMaximumNodes": 0}, {"gpuMaximumNodes"}),
    "spot by a word": ({**GPU, "gpuSpot": "yes"}, {"gpuSpot"}),
    "no image": ({**GPU, "gpuAmiId": ""}, {"gpuAmiId"}),
    "an image's name": ({**GPU, "gpuAmiId": "ubuntu-24.04"}, {"gpuAmiId"}),
    "no engine": ({**GPU, "gpuEngineImage": ""}, {"gpuEngineImage"}),
    "an engine by a tag": ({**GPU, "gpuEngineImage": "ghcr.io/ggml-org/llama.cpp:server-cuda"}, {"gpuEngineImage"}),
    "an engine of no registry": ({**GPU, "gpuEngineImage": f"vllm/vllm@sha256:{64 * 'a'}"}, {"gpuEngineImage"}),
    "half a digest": ({**GPU, "gpuEngineImage": f"ghcr.io/a@sha256:{32 * 'a'}"}, {"gpuEngineImage"}),
    "the other engine's image": ({**AWQ, "gpuEngineImage": LLAMA_IMAGE}, {"gpuEngineImage"}),
    "no archive of the engine": ({**GPU, "gpuEngineArchiveSha256": ""}, {"gpuEngineArchiveSha256"}),
    "no archive and no image": (
        {**GPU, "gpuEngineArchiveSha256": "", "gpuEngineImage": ""},
        {"gpuEngineArchiveSha256", "gpuEngineImage"},
    ),
    "a wrong archive does not hide a missing image": (
        {**GPU, "gpuEngineArchiveSha256": "A" * 64, "gpuEngineImage": ""},
        {"gpuEngineArchiveSha256", "gpuEngineImage"},
    ),
    "five zones": ({**GPU, "availabilityZoneCount": 5}, {"availabilityZoneCount"}),
    "a network too small": ({**GPU, "vpcCidr": "10.64.0.0/28"}, {"vpcCidr"}),
    "a network too large": ({**GPU, "vpcCidr": "10.0.0.0/8"}, {"vpcCidr"}),
    "a public network": ({**GPU, "vpcCidr": "11.0.0.0/20"}, {"vpcCidr"}),
    "a network that does not begin there": ({**GPU, "vpcCidr": "10.64.0.1/20"}, {"vpcCidr"}),
    "Docker's network": ({**GPU, "vpcCidr": "172.17.0.0/20"}, {"vpcCidr"}),
    "no network": ({**GPU, "vpcCidr": "300.0.0.0/20"}, {"vpcCidr"}),
    "no money": ({"monthlyCapUsd": 0}, {"monthlyCapUsd"}),
    "negative money": ({"monthlyCapUsd": "-5"}, {"monthlyCapUsd"}),
    "half a dollar": ({"monthlyCapUsd": 0.5}, {"monthlyCapUsd"}),
    "money by yes": ({"monthlyCapUsd": True}, {"monthlyCapUsd"}),
    "less than nothing for providers": ({"monthlySpendUsd": -1}, {"monthlySpendUsd"}),
    "cents for providers": ({"monthlySpendUsd": 0.5}, {"monthlySpendUsd"}),
    "no address": ({"alertEmails": ["team"]}, {"alertEmails[0]"}),
    "address without domain": ({"alertEmails": ["team@example"]}, {"alertEmails[0]"}),
    "two addresses in one": ({"alertEmails": ["a@example.com,b@example.com"]}, {"alertEmails[0]"}),
    "a dashboard by a word": ({"dashboard": "some"}, {"dashboard"}),
    "a tag missing": ({"tags": {"owner": "a", "data-class": "b"}}, {"tags.cost-centre"}),
    "a tag of AWS's": ({"tags": {**TAGS, "aws:x": "y"}}, {"tags"}),
    "a tag of ours": ({"tags": {**TAGS, "environment": "y"}}, {"tags.environment"}),
    "our tag namespace": ({"tags": {**TAGS, "leanto:stack": "y"}}, {"tags"}),
    "a tag that AWS does not take": ({"tags": {**TAGS, "x": "a;b"}}, {"tags.x"}),
    "an empty tag": ({"tags": {**TAGS, "x": ""}}, {"tags.x"}),
    "too many tags": ({"tags": {**TAGS, **{f"t{n}": "x" for n in range(5)}}}, {"tags"}),
    "days that CloudWatch does not know": ({"logRetentionDays": 31}, {"logRetentionDays"}),
    "too little memory": ({"gatewayMemoryMib": 128}, {"gatewayMemoryMib"}),
    "no concurrency": ({"gatewayReservedConcurrency": 0}, {"gatewayReservedConcurrency"}),
    "no rate": ({"throttleRequestsPerSecond": 0}, {"throttleRequestsPerSecond"}),
    "burst above AWS's": ({"throttleBurst": 5001}, {"throttleBurst"}),
    "a body larger than Lambda's": ({"maximumRequestBytes": 6 * 1024 * 1024}, {"maximumRequestBytes"}),
    "longer than Lambda": ({"requestTimeoutSeconds": 871}, {"requestTimeoutSeconds"}),
    "no reads": ({"tableMaximumReadUnits": 0}, {"tableMaximumReadUnits"}),
    "no writes": ({"tableMaximumWriteUnits": 0}, {"tableMaximumWriteUnits"}),
    "unknown processor": ({"functionArchitecture": "arm"}, {"functionArchitecture"}),
    "unknown Python": ({"functionPython": "3.9"}, {"functionPython"}),
    "unknown Python of nodes": ({"gpuNodePython": "3.9"}, {"gpuNodePython"}),
    "unknown processor of nodes": ({"gpuNodeArchitecture": "riscv"}, {"gpuNodeArchitecture"}),
    "account setting by a word": ({"manageApiGatewayAccount": "no"}, {"manageApiGatewayAccount"}),
    "prod and nobody to tell": ({**PROD, "alertEmails": []}, {"alertEmails"}),
    "prod and short logs": ({**PROD, "logRetentionDays": 14}, {"logRetentionDays"}),
    "prod and one zone": ({**PROD, **GPU, "availabilityZoneCount": 1}, {"availabilityZoneCount"}),
    "an unknown setting": ({"monthlyCap": 5}, {"monthlyCap"}),
}
