"""Numbers for Prometheus, in a registry of the server's own."""

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from soundctm.server.jobs import Workshop

METHODS = {"GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "PUT"}


class WorkshopCollector(Collector):
    """What the workshop does and has done, asked when somebody looks."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def collect(self) -> Iterator[Metric]:
        """The numbers of now."""
        load = self._workshop.load
        yield GaugeMetricFamily("soundctm_takes_waiting", "Takes that wait.", load.waiting)
        yield GaugeMetricFamily("soundctm_takes_running", "Takes that are being made.", load.running)
        yield GaugeMetricFamily("soundctm_jobs_open", "Jobs that have not ended.", load.jobs)
        yield CounterMetricFamily("soundctm_takes", "Takes that were made.", load.takes)
        yield CounterMetricFamily("soundctm_sound_seconds", "Seconds of sound that were made.", load.sound)
        ended = CounterMetricFamily("soundctm_jobs", "Jobs that have ended, by how.", labels=["state"])
        for state, count in load.ended.items():
            ended.add_metric([state], count)
        yield ended


class Metrics:
    """The registry of one server, and what its requests are counted by."""

    def __init__(self, workshop: Workshop) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(WorkshopCollector(workshop))
        labels = ["method", "route", "status"]
        self.requests = Counter("soundctm_requests", "Requests that were answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "soundctm_request_seconds", "From a request to the begin of its answer.", ["route"], registry=self.registry
        )


class Measured:
    """Counts requests and measures how long they wait for the begin of their answer, by route: streams go on as long
    as they like, and addresses are not told apart, as their number has no end."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                method = scope["method"] if scope["method"] in METHODS else "other"
                self.metrics.requests.labels(method, route, str(message["status"])).inc()
                self.metrics.seconds.labels(route).observe(time.perf_counter() - began)
            await send(message)

        await self.app(scope, receive, noted)
