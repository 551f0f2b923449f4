"""Curves that are read from a recording."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from soundctm.audio import Clip
from soundctm.audio.target import Feature, Target
from soundctm.checks import check_seconds
from soundctm.control.targets import TargetSettings, from_recording
from soundctm.server.api.parts import Parts, PartsPart, checked, json_body
from soundctm.server.api.uploads import FILE, MULTIPART, decoded, file_of, form_of, is_form
from soundctm.server.values import Values

router = APIRouter(prefix="/v1", tags=["control"])


class Wish(Values):
    """What is read: a feature of at most the first ``seconds``, the model's length when left out. ``low`` and ``high``
    are the edges of the feature "band" in Hz."""

    feature: Feature
    seconds: float | None = None
    weight: float = 1.0
    low: float | None = None
    high: float | None = None


class Sketch(Wish):
    """A wish, and the sound of the library that it is read from."""

    clip: str = Field(description="Id of a sound of the library.")


class TargetBody(BaseModel):
    """A curve to follow, as requests take it."""

    target: Target


def _form_schema() -> dict[str, Any]:
    schema = Wish.model_json_schema()
    return {**schema, "properties": {**schema["properties"], "file": FILE}, "required": ["feature", "file"]}


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": Sketch.model_json_schema()},
            MULTIPART: {"schema": _form_schema()},
        },
    }
}


@router.post("/sketch", openapi_extra=_BODY)
async def sketch(request: Request, parts: PartsPart) -> TargetBody:
    """A target that follows a sound of the library, or a recording that is sent as the field ``file`` of a form."""
    if is_form(request):
        async with await form_of(request, parts) as form:
            fields = {key: value for key, value in form.items() if key != "file"}
            wish = checked(Wish, fields)
            clip, _ = await decoded(file_of(form), parts)
    else:
        wanted = await json_body(request, Sketch)
        wish, clip = wanted, await run_in_threadpool(parts.library.clip, wanted.clip)
    return TargetBody(target=await run_in_threadpool(_read, clip, wish, parts))


def _read(clip: Clip, wish: Wish, parts: Parts) -> Target:
    seconds = parts.model.config.seconds if wish.seconds is None else wish.seconds
    check_seconds(seconds)
    settings: TargetSettings = {"weight": wish.weight}
    if wish.low is not None or wish.high is not None:
        settings["low"], settings["high"] = wish.low, wish.high
    return from_recording(clip, wish.feature, seconds, **settings)
