"""A stand-in for a managed provider: OpenAI's chat API on loopback, labelled as simulated in every answer."""

from leanto.embedded.provider.server import StandIn, start_stand_in

__all__ = ["StandIn", "start_stand_in"]
