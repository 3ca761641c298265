"""Explanations that pages ask for: one at a time, since each takes a processor for a second or more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emospike.clip import Clip
from emospike.server.rest import refuse
from emospike.validation import InputError

if TYPE_CHECKING:
    from starlette.responses import Response

POLICY = "frame-ancestors 'none'"
"""What is left to say of a page that explains: its own policy allows its scripts and nothing else."""

WAITING = 4
"""Explanations that are asked for at once; more are sent away."""


class Explainer:
    """Answers with the pages that explain clips."""

    def __init__(self, explain: Callable[[Clip], str]) -> None:
        from anyio import CapacityLimiter

        self._explain, self._thread, self._asked = explain, CapacityLimiter(1), 0

    async def answer(self, clip: Clip) -> Response:
        """Return the page that explains the decision on a clip, or say why there is none."""
        from anyio import to_thread
        from starlette.responses import HTMLResponse

        if self._asked >= WAITING:
            return refuse(503, "too many explanations wait: try again", {"retry-after": "2"})
        self._asked += 1
        try:
            page = await to_thread.run_sync(self._explain, clip, limiter=self._thread)
        except InputError as error:
            return refuse(422, str(error).replace(str(clip.path), clip.name))
        finally:
            self._asked -= 1
        return HTMLResponse(page, headers={"content-security-policy": POLICY})
