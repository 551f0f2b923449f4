"""The application: all routes, behind one door."""

from importlib.metadata import version
from typing import Any

from anyio import CapacityLimiter
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from soundctm.model import SoundCTM
from soundctm.server.api import changes, clips, export, facts, jobs, sketches, sounds, uploads
from soundctm.server.api.errors import add_error_handlers
from soundctm.server.api.guard import Guard
from soundctm.server.api.kept import Kept
from soundctm.server.api.metrics import Measured, Metrics
from soundctm.server.api.page import add_page
from soundctm.server.api.parts import Parts
from soundctm.server.api.pulse import Pulse
from soundctm.server.api.renderings import Renderings
from soundctm.server.api.settings import Settings
from soundctm.server.api.wire import Error
from soundctm.server.jobs import Workshop
from soundctm.server.library import Library

VERSIONED = (jobs, clips, uploads, sounds, export, changes, facts, sketches)
DRAWINGS = 16 * 2**20  # bytes of waveforms and pictures that are kept
ABOUT = (
    "Words to sound: takes, refinements and edits are jobs; what they make is in the library. "
    'Errors are {"error": {"message", "field"}}. Clients get their turn one after the other; one that names itself in '
    "the header X-Client is told from others at its address."
)


def create_app(settings: Settings, model: SoundCTM, library: Library, workshop: Workshop) -> FastAPI:
    """The server's application. Whoever made the library and the workshop closes them after it."""
    app = FastAPI(
        title="soundctm", version=version("soundctm"), description=ABOUT, docs_url=None, redoc_url=None,
        redirect_slashes=False,
    )  # fmt: skip
    numbers = Metrics(workshop)
    app.state.parts = Parts(
        settings, model, library, workshop, Pulse(library, settings.look), Renderings(library), numbers,
        CapacityLimiter(settings.uploads.parallel), Kept(DRAWINGS), CapacityLimiter(settings.drawn),
    )  # fmt: skip
    for room in VERSIONED:
        app.include_router(room.router, responses={"4XX": {"model": Error}, "5XX": {"model": Error}})
    app.include_router(facts.health_router)
    add_error_handlers(app)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]  # how FastAPI wants it done
    add_page(app, settings.page)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Measured, metrics=numbers)  # outermost: it counts what the guard refuses too
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, without the status 422: wrong values are answered with 400, like all that is wrong."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        for operations in document["paths"].values():
            for operation in operations.values():
                operation["responses"].pop("422", None)
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        app.openapi_schema = document
    return app.openapi_schema
