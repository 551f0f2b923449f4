"""The HTTP API: the library, the jobs and the model, for programs and for the page."""

from soundctm.server.api.app import create_app
from soundctm.server.api.settings import Settings

__all__ = ["Settings", "create_app"]
