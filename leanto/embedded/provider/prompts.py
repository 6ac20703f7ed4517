"""The stand-in's endpoints that take plain text: POST /v1/embeddings and /v1/completions."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from leanto.embedded.provider.completion import count_tokens
from leanto.embedded.provider.faults import Counts

DIMENSIONS = 8
TEXT = "[simulated] No model was asked."
LABEL = {"x-leanto-simulated": "true"}
Refusal = Callable[[web.Request, bytes], web.Response | None]


class Prompts:
    """Handlers that answer with made-up vectors and text; `refusal` answers requests that no answer is due to."""

    def __init__(self, refusal: Refusal, counts: Callable[[], Counts]):
        self._refusal = refusal
        self._counts = counts

    def add_to(self, app: web.Application) -> None:
        """Serve the paths."""
        app.router.add_post("/v1/embeddings", self._embeddings)
        app.router.add_post("/v1/completions", self._completions)

    async def _embeddings(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if refused := self._refusal(request, body):
            return refused
        document = json.loads(body)
        inputs = document["input"] if isinstance(document["input"], list) else [document["input"]]
        data = [
            {"object": "embedding", "index": index, "embedding": _vector(each)} for index, each in enumerate(inputs)
        ]
        prompt_tokens = self._count(document, inputs)
        usage = {"prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens}
        answer = {"object": "list", "data": data, "model": document["model"], "usage": usage}
        return web.Response(body=json.dumps(answer).encode(), content_type="application/json", headers=LABEL)

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if refused := self._refusal(request, body):
            return refused
        document = json.loads(body)
        prompt_tokens = self._count(document, [document["prompt"]])
        completion_tokens = count_tokens(TEXT)
        self._counts().completion_tokens += completion_tokens
        usage = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}
        usage["total_tokens"] = prompt_tokens + completion_tokens
        head = {"id": "cmpl-simulated", "object": "text_completion", "created": 0, "model": document["model"]}
        choice = {"index": 0, "text": TEXT, "logprobs": None, "finish_reason": "stop"}
        if not document.get("stream"):
            answer = head | {"choices": [choice], "usage": usage}
            return web.Response(body=json.dumps(answer).encode(), content_type="application/json", headers=LABEL)
        chunks: list[Mapping[str, Any]] = [head | {"choices": [choice]}]
        if (document.get("stream_options") or {}).get("include_usage"):
            chunks.append(head | {"choices": [], "usage": usage})
        text = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
        return web.Response(body=text.encode(), content_type="text/event-stream", headers=LABEL)

    def _count(self, document: Mapping[str, Any], inputs: list[Any]) -> int:
        """Count a request and return its prompt's tokens."""
        counts = self._counts()
        prompt_tokens = sum(count_tokens(each if isinstance(each, str) else json.dumps(each)) for each in inputs)
        counts.models[str(document["model"])] += 1
        counts.prompt_tokens += prompt_tokens
        return prompt_tokens


def _vector(value: Any) -> list[float]:
    """Return a vector that is the same for the same input."""
    text = json.dumps(value).encode()
    return [sum(text[place::DIMENSIONS]) % 97 / 97 for place in range(DIMENSIONS)]
