"""The page, and a description of the API that needs nothing from elsewhere."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from soundctm.server.api.errors import Refusal

INDEX, ASSETS = "index.html", "assets"
READ = ["GET", "HEAD"]
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "code{font-size:.95em}dt{margin-top:1rem}dd{margin:0;white-space:pre-line;opacity:.85}b{display:inline-block;"
    "min-width:4.5rem}"
)


class _Assets(StaticFiles):
    """Files whose names change with their contents."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be kept for a year."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def add_page(app: FastAPI, folder: Path | None) -> None:
    """Serve the built page; without one, its address leads to the description of the API."""
    router = APIRouter(include_in_schema=False)
    built = folder is not None and (folder / INDEX).is_file()
    files: dict[str, Path] = {}
    if folder is not None and built:
        files = {file.name: file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")}

    @router.api_route("/", methods=READ, response_class=Response)
    async def index() -> Response:
        if folder is None or not built:
            return RedirectResponse("/docs", 307)
        return FileResponse(folder / INDEX, headers={"Cache-Control": "no-cache"})

    @router.api_route("/docs", methods=READ, response_class=Response)
    async def docs(request: Request) -> Response:
        style = f"'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
        policy = f"default-src 'none'; style-src {style}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        headers = {"Cache-Control": "no-cache", "Content-Security-Policy": policy}
        return HTMLResponse(described(request.app.openapi()), headers=headers)

    @router.api_route("/{name}", methods=READ, response_class=Response)
    async def beside(name: str) -> Response:
        """Icons and the like, which lie beside the index."""
        found = files.get(name)
        if found is None:
            raise Refusal(404, "there is nothing at this address; see /docs for what there is")
        return FileResponse(found, headers={"Cache-Control": "no-cache"})

    if folder is not None and (folder / ASSETS).is_dir():
        app.mount(f"/{ASSETS}", _Assets(directory=folder / ASSETS))
    app.include_router(router)


def described(document: dict[str, Any]) -> str:
    """An OpenAPI document for people: every address, what it does and what it takes."""
    lines = [
        f"<dt><b>{escape(method.upper())}</b> <code>{escape(path)}</code></dt>\n"
        f"<dd>{escape(operation.get('description', operation.get('summary', '')))}{_takes(operation, document)}</dd>"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(document["info"]["title"])}</title>'
        f"<style>{_STYLE}</style><h1>{escape(document['info']['title'])} {escape(document['info']['version'])}</h1>"
        f"<p>{escape(document['info'].get('description', ''))} The whole is in "
        f'<a href="/openapi.json">/openapi.json</a>.</p><dl>{"".join(lines)}</dl></html>'
    )


def _takes(operation: dict[str, Any], document: dict[str, Any]) -> str:
    """The names of an operation's parameters and of the fields of its body."""
    names = [parameter["name"] for parameter in operation.get("parameters", ())]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = content.get("schema", {})
        name = schema.get("$ref", "").rpartition("/")[2]
        names += (document["components"]["schemas"].get(name, {}) if name else schema).get("properties", {})
    return "\n" + ", ".join(f"<code>{escape(name)}</code>" for name in names) if names else ""
