"""What gateway and relay agree upon: the headers of an order, the paths that are relayed, and whose an answer is."""

NODE, FINGERPRINT = "x-leanto-node", "x-leanto-fingerprint"
FIRST_BYTE_SECONDS, ALL_SECONDS = "x-leanto-first-byte-seconds", "x-leanto-deadline-seconds"

PATHS = ("/v1/chat/completions", "/v1/completions", "/v1/embeddings")
"""The engine's paths by which models are asked; its own administration lies elsewhere."""

COME_FROM = "x-leanto-relay"
"""On the relay's own answers, with the reason in a word; a node's answer has it not, whatever the node sends."""

REASON = "x-leanto-reason"
"""On a node's refusal, with the reason in a word."""
