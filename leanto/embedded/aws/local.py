"""Keeps web pages out: the emulated account may hold a real provider's key, and a browser reaches loopback as well.

Pages of other sites are told by their `Origin`; pages whose own host name points to loopback, by the `Host`.
"""

from leanto.embedded.aws.call import Call

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost"})


def refusal(call: Call) -> str:
    """Return why `call` is refused; empty when a program on this machine sends it to a loopback address."""
    host = call.headers.get("host", "").partition(":")[0]
    if host not in LOCAL_HOSTS:
        return f"the embedded AWS answers at {' and '.join(sorted(LOCAL_HOSTS))}, not at {host!r}"
    if "origin" in call.headers:
        return "the embedded AWS answers programs, not web pages"
    return ""
