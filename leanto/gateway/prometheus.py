"""The metrics of a gateway that runs as a server, in Prometheus' text format.

Labels are names that the operator chose: models, upstreams, teams; never a key and nothing of a request.
"""

from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from runtime.decide.breakers import State
from runtime.gateway.access import Record

CONTENT_TYPE = CONTENT_TYPE_LATEST
Metric = TypeVar("Metric", Counter, Histogram)
SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)


class Metrics:
    """Counts each request once it has ended, and those that run."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._children: dict[tuple[object, tuple[str | int, ...]], Any] = {}
        self._requests = self._counter("requests", "Requests that ended, by the client's status.", "model", "status")
        self._asked = self._counter(
            "upstream_requests", "Requests by the upstream asked last, and its status.", "upstream", "status"
        )
        self._total = self._histogram("request_seconds", "From a request's arrival to the end.")
        self._first = self._histogram("first_byte_seconds", "From a request's arrival to the answer's first byte.")
        self._tokens = self._counter("tokens", "Tokens, as upstreams tell their usage.", "team", "model", "kind")
        self._cost = self._counter("cost_micro_usd", "What was charged, in millionths of a dollar.", "team", "model")
        self._estimated = self._counter("estimated_requests", "Requests charged without knowing their usage.", "model")
        self._breakers = self._counter(
            "breaker_changes", "Breakers that this process opened, probed or closed.", "upstream", "state"
        )
        self.running = Gauge("leanto_requests_running", "Requests under way.", registry=self._registry)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"leanto_{name}", what, labels, registry=self._registry)

    def _histogram(self, name: str, what: str) -> Histogram:
        return Histogram(f"leanto_{name}", what, ["model"], buckets=SECONDS, registry=self._registry)

    def observe(self, record: Record) -> None:
        """Count one request; what is not known of it is not counted, rather than as zero."""
        model = record.model
        self._of(self._requests, model, record.status).inc()
        self._of(self._total, model).observe(record.total_ms / 1000)
        if record.attempts:
            self._of(self._asked, record.upstream, record.upstream_status or "none").inc()
            self._of(self._cost, record.team, model).inc(record.cost_micro_usd)
            self._of(self._first, model).observe(record.first_byte_ms / 1000)
        if record.cost_estimated:
            self._of(self._estimated, model).inc()
        if record.prompt_tokens:
            self._of(self._tokens, record.team, model, "prompt").inc(record.prompt_tokens)
            self._of(self._tokens, record.team, model, "cached").inc(record.cached_tokens)
            self._of(self._tokens, record.team, model, "output").inc(record.output_tokens)

    def _of(self, metric: Metric, *labels: str | int) -> Metric:
        """Return the child of a metric that has these labels; looking one up in the metric takes thrice the time."""
        key = (metric, labels)
        child: Metric = self._children.get(key) or self._children.setdefault(key, metric.labels(*labels))
        return child

    def breaker_changed(self, upstream: str, state: State) -> None:
        """Count a change of an upstream's breaker."""
        self._breakers.labels(upstream, state.name.lower()).inc()

    def text(self) -> bytes:
        """Return all metrics as they are now."""
        return generate_latest(self._registry)
