"""The page: one file that holds all it shows; only the worklet, which browsers fetch by itself, is beside it."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from emospike.explain.html import name_source
from emospike.explain.html import read_asset as read_shared

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

PAGES = {"live": "Live", "view": "Recordings"}
"""The pages that there are, and their titles."""


SCRIPTS = {
    "live": ("common.js", "timeline.js", "camera.js", "brain.js", "live.js"),
    "view": ("common.js", "timeline.js", "face.js", "view.js"),
}
"""What each page runs."""


def make_page(kind: str, said: str = "", blind: str = "") -> tuple[str, str]:
    """Return a page of `PAGES`, and the policy that lets it run its own scripts and talk to its own server alone.

    The page that listens says what becomes of the sound, and why pictures are not looked at, if so.
    """
    style = read_shared("page.css") + read_asset("page.css")
    script = "".join(map(read_asset, SCRIPTS[kind]))
    body = Template(read_asset(f"{kind}.html")).substitute(said=escape(said), blind=escape(blind))
    page = Template(read_asset("page.html")).substitute(
        title=f"emospike · {escape(PAGES[kind])}", style=style, script=script, body=body
    )
    policy = {
        "default-src": "'none'",
        "script-src": f"{name_source(script)} 'self'",  # the worklet
        "style-src": name_source(style),
        "connect-src": "'self'",
        "media-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return page, "; ".join(f"{name} {value}" for name, value in policy.items())


def read_asset(name: str) -> str:
    """Return a part of a page, by its file's name."""
    return (files("emospike.server") / "assets" / name).read_text(encoding="utf-8")


def make_page_routes(kind: str, said: str = "", blind: str = "") -> list[BaseRoute]:
    """Return what answers for a page and its worklet."""
    from starlette.responses import HTMLResponse
    from starlette.responses import Response as Answer
    from starlette.routing import Route

    page, policy = make_page(kind, said, blind)

    async def show(request: Request) -> Response:
        return HTMLResponse(page, headers={"content-security-policy": policy, "referrer-policy": "no-referrer"})

    async def give_worklet(request: Request) -> Response:
        return Answer(read_asset("worklet.js"), media_type="text/javascript")

    return [Route("/", show), Route("/worklet.js", give_worklet)]
