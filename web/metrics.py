"""What an operator wants to see over time, in Prometheus's text format: counts, latencies, lengths.

Knows numbers. Never knows what was asked: no label holds a word of a user's.
"""

from collections.abc import Callable, Mapping

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)


disable_created_metrics()  # type: ignore[no-untyped-call]  # when each was first seen: twice the lines, and nobody asks


class Metrics:
    """Counts questions; safe to call from several threads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._latency = Histogram(
            "qa_question_seconds",
            "From a question's arrival until all about it was found out, waiting included.",
            buckets=SECONDS,
            registry=self._registry,
        )
        self._steps = Counter(
            "qa_step_seconds", "Time that questions spent in each step.", ["step"], registry=self._registry
        )
        self._decided = Counter(
            "qa_decisions", "Answers given and declined; a dial may decide again.", ["result"], registry=self._registry
        )
        self._refused = Counter(
            "qa_refusals", "Questions that were not examined, by the kind of error.", ["kind"], registry=self._registry
        )
        for result in ("answered", "declined"):
            self._decided.labels(result)

    def examined(self, seconds: float, steps: Mapping[str, float]) -> None:
        """A question was searched and read for: how long after it came, and how long each step took."""
        self._latency.observe(seconds)
        for step, taken in steps.items():
            self._steps.labels(step).inc(taken)

    def refused(self, error: Exception) -> None:
        """A question was not examined."""
        self._refused.labels(type(error).__name__).inc()

    def decided(self, found: bool) -> None:
        """It was answered or declined."""
        self._decided.labels("answered" if found else "declined").inc()

    def watch(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """Show a number that is asked for whenever the metrics are."""
        Gauge(name, meaning, registry=self._registry).set_function(value)

    def text(self) -> bytes:
        """All of them as Prometheus reads them."""
        return generate_latest(self._registry)
