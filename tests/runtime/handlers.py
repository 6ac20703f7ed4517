"""Functions that the shim is given in tests: plain handlers and ASGI applications, good and bad."""

import asyncio
import hashlib
import os

from runtime.errors import SafeError

CANARY = "canary-of-the-request"


async def echo(event, context):
    return {
        "event": event,
        "request_id": context.request_id,
        "remaining": context.remaining_seconds(),
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
    }


async def crash(event, context):
    raise ValueError(f"bad value {event['secret']}")


async def refuse(event, context):
    raise SafeError("Unauthorized")


async def not_json(event, context):
    return object()


async def cancels_itself(event, context):
    raise asyncio.CancelledError


async def overstays(event, context):
    """Work for as long as the event says, and clean up."""
    try:
        await asyncio.sleep(event["seconds"])
    finally:
        print("cleaned up", flush=True)
    return "done"


def not_async(event, context):
    return None


NOT_CALLABLE = 7


class Application:
    """An ASGI application whose path chooses what it does."""

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        request = await receive()
        await getattr(self, scope["path"].strip("/"))(scope, request["body"], receive, send)

    async def _live(self, scope, receive, send):
        await receive()
        scope["state"]["opened"] = "at start"
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("closed at the end", flush=True)
        await send({"type": "lifespan.shutdown.complete"})

    async def spaced(self, scope, body, receive, send):
        headers = [(b"content-type", b"text/event-stream"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        headers += [(b"x-many", b"1"), (b"x-many", b"2"), (b"content-length", b"999")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        for number in range(4):
            await send({"type": "http.response.body", "body": b"part %d" % number, "more_body": True})
            await asyncio.sleep(0.05)
        await send({"type": "http.response.body", "body": b""})

    async def about(self, scope, body, receive, send):
        known = scope["extensions"]["leanto.request"]
        left = known["deadline"] - asyncio.get_running_loop().time()
        text = f"{scope['method']} {scope['state']['opened']} {known['authorizer']} {round(left)} {body.decode()}"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": text.encode()})
        assert (await receive())["type"] == "http.disconnect"

    async def crash_before(self, scope, body, receive, send):
        raise ValueError(f"cannot read {body.decode()}")

    async def crash_within(self, scope, body, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        raise ValueError(f"cannot go on with {body.decode()}")

    async def overstays(self, scope, body, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await asyncio.sleep(30)

    async def cancels_itself(self, scope, body, receive, send):
        raise asyncio.CancelledError

    async def digest(self, scope, body, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        text = f"{len(body)} {hashlib.sha256(body).hexdigest()}"
        await send({"type": "http.response.body", "body": text.encode()})

    async def forget(self, scope, body, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def twice(self, scope, body, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def huge_headers(self, scope, body, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-big", b"x" * 20_000)]})

    async def orphan(self, scope, body, receive, send):
        """Leave a task behind whose error nobody collects."""

        async def fail():
            raise ValueError(body.decode())

        task = asyncio.ensure_future(fail())
        await asyncio.wait({task})
        del task
        await self.spaced(scope, body, receive, send)


class FailsAtStart:
    async def __call__(self, scope, receive, send):
        await receive()
        raise RuntimeError("the table's name is missing")


class HangsAtEnd(Application):
    async def _live(self, scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.sleep(60)


application = Application()
hangs_at_end = HangsAtEnd()
fails_at_start = FailsAtStart()
