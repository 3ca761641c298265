"""The page: one HTML file that holds everything it shows, opens offline and asks for nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from emospike.explain import sections
from emospike.explain.explanation import Explanation
from emospike.explain.wording import verdict


def page(explanation: Explanation, pictures: Mapping[str, bytes]) -> str:
    """Return the HTML of one decision; `pictures` are PNG files by the name of their figure."""
    plots: dict[str, Any] = {}
    body = [
        sections.decision(explanation),
        sections.effects(explanation, plots),
        sections.reel(explanation, plots, pictures.get("reel")),
        sections.encoding(explanation, plots),
        sections.ballot(explanation, pictures.get("ballot")),
        sections.inputs(explanation, pictures.get("inputs")),
        sections.cube(explanation, plots, pictures.get("cube")),
        sections.crossing(explanation, plots),
        sections.synchrony(explanation, plots),
        sections.network(explanation, plots),
        sections.between_regions(explanation, plots),
    ]
    return document(f"{verdict(explanation.decision)}: {explanation.name}", body, plots)


def document(title: str, body: Iterable[str], plots: Mapping[str, Any]) -> str:
    """Return a page of these sections, with its scripts and the data of its plots."""
    from plotly.offline import get_plotlyjs

    scripts = {"plotly": get_plotlyjs(), "script": asset("page.js") + asset("reel.js")}
    return Template(asset("page.html")).substitute(
        scripts,
        policy=_policy(scripts.values()),
        title=escape(title),
        style=asset("page.css"),
        body="\n".join(part for part in body if part),
        plots=json.dumps(plots, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
    )


def asset(name: str) -> str:
    """Return the text of a file beside this one."""
    return (files("emospike.explain") / "assets" / name).read_text(encoding="utf-8")


def _policy(scripts: Iterable[str]) -> str:
    """Return a content security policy: these scripts and no other, inline styles, inline images, no requests."""
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
