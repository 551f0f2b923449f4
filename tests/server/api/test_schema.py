"""The OpenAPI document is what the server does: whatever it allows and forbids, nothing ends with a fault."""

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.server.api.running import Running, tone

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

EXAMPLES = 25  # for each operation
# Streams that go on for ever; their tests are elsewhere.
ENDLESS = "/v1/events"


@pytest.mark.slow
def test_nothing_in_the_document_ends_with_a_fault(server: Running) -> None:
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error

    document = server.client.get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    server.add(tone())
    seen = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path == ENDLESS:
            continue

        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate], derandomize=True,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @schemathesis_given(operation)
        def attempt(case: "schemathesis.Case") -> None:
            nonlocal seen
            seen += 1
            response = case.call(base_url=server.settings.address, timeout=30)
            case.validate_response(response, checks=[not_a_server_error])

        attempt()
    assert seen > 100 and server.healthy()
    for job in httpx.get(f"{server.settings.address}v1/jobs").json()["jobs"]:
        server.client.delete(f"/v1/jobs/{job['id']}")


def schemathesis_given(operation: object) -> object:
    from hypothesis import given

    return given(case=operation.as_strategy())  # type: ignore[attr-defined]
