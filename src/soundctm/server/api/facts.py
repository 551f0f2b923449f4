"""What a server is: its model, its limits, its health."""

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Query
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.responses import Response

from soundctm.checks import LONGEST, MAX_PROMPT, MAX_SEED, MAX_STEPS, MAX_TAKES, MIN_SECONDS, check_prompt
from soundctm.server.api.parts import MOST_IDS, PartsPart
from soundctm.server.library.names import MAX_NAME

router = APIRouter(prefix="/v1", tags=["model"])
health_router = APIRouter(tags=["server"])
Range = tuple[float, float]


class Limits(BaseModel):
    """The lowest and the highest of what can be asked for; ``prompt`` and ``name`` are the most characters, ``ids``
    the most sounds in one request about many."""

    steps: tuple[int, int] = (1, MAX_STEPS)
    takes: tuple[int, int]
    prompt: int = MAX_PROMPT
    name: int = MAX_NAME
    ids: int = MOST_IDS
    seconds: Range = (MIN_SECONDS, LONGEST)
    gamma: Range = (0.0, 1.0)
    nu: Range = (-20.0, 20.0)
    omega: Range = (0.0, 20.0)
    seed: tuple[int, int] = (0, MAX_SEED)


class ModelBody(BaseModel):
    """A model: ``seconds`` and ``omega`` are its defaults; above ``max_seconds`` sounds are made in windows."""

    name: str
    hash: str
    sample_rate: int
    seconds: float
    max_seconds: float
    omega: float
    limits: Limits


class UnderstoodBody(BaseModel):
    """A prompt, and as what the model understands it."""

    prompt: str
    understood: str


class HealthBody(BaseModel):
    """A server that answers."""

    status: str = "ok"
    version: str
    model: str
    hash: str


@router.get("/model")
async def model(parts: PartsPart) -> ModelBody:
    """The model, its defaults, and what can be asked of it."""
    it = parts.model
    return ModelBody(
        name=it.config.name, hash=it.model_hash, sample_rate=it.sample_rate, seconds=it.config.seconds,
        max_seconds=it.config.max_seconds, omega=it.config.omega,
        limits=Limits(takes=(1, min(MAX_TAKES, parts.workshop.limits.share))),
    )  # fmt: skip


@router.get("/understood")
def understood(prompt: Annotated[str, Query()], parts: PartsPart) -> UnderstoodBody:
    """The prompt, or where it has words that the model never learnt, the learnt phrase that is nearest to it."""
    check_prompt(prompt)
    return UnderstoodBody(prompt=prompt, understood=parts.model.understood(prompt))


@health_router.get("/health")
async def health(parts: PartsPart) -> HealthBody:
    """Whether the server answers, and with which model."""
    return HealthBody(version=version("soundctm"), model=parts.model.config.name, hash=parts.model.model_hash)


@health_router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(parts: PartsPart) -> Response:
    """Numbers for Prometheus."""
    return Response(generate_latest(parts.metrics.registry), media_type=CONTENT_TYPE_LATEST)
