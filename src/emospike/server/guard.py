"""What may speak to the server: programs on this machine, and no page of another site in its browser."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from emospike.validation import InputError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LOCAL = ("127.0.0.1", "localhost", "[::1]")
"""Names of this machine."""

HTTP = 80
"""The port that clients do not name."""

HEALTH = "/healthz"
"""Where a server says that it is there, to everybody."""

HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
)
"""What every answer carries, unless it says otherwise itself."""

BEARER = "Bearer "
"""What comes before a token among the headers."""


class TooLargeError(Exception):
    """More was sent than is taken."""


@dataclass(frozen=True)
class Guard:
    """Lets requests pass that name this machine and the port as host, from no page of another site, up to a size.

    A page that a stranger made could else send recordings through the browser of whoever looks at it; one whose name
    is made to point here (DNS rebinding) is known by the host that it asks for.

    Attributes
    ----------
    app : what answers
    port : that the server listens at
    most : bytes of one request
    token : that a request must name in its address (``?token=``) or as a bearer; None where none is asked for
    anywhere : other machines may ask too, by whatever name: those who know the token
    """

    app: App
    port: int
    most: int
    token: str | None = None
    anywhere: bool = False

    def __post_init__(self) -> None:
        if self.anywhere and not self.token:
            raise InputError("a token expected where other machines may ask")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request or open a socket, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        taken = 0

        async def count() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.most:
                raise TooLargeError
            return message

        async def add_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [*message.get("headers", ())]
                names = {name.lower() for name, _ in own}
                message["headers"] = [*own, *((name, value) for name, value in HEADERS if name not in names)]
            await send(message)

        if refused := self.refuse(dict(scope["headers"]), scope["query_string"], scope["path"]):
            from starlette.responses import JSONResponse

            await JSONResponse({"error": refused}, 403)(scope, receive, add_headers)
        else:
            await self.app(scope, count, add_headers)

    def refuse(self, headers: dict[bytes, bytes], query: bytes = b"", path: str = "/") -> str | None:
        """Return why a request with these headers, and this query and path in its address, is not answered, or None.

        >>> guard = Guard(print, 8765, 10)
        >>> guard.refuse({b"host": b"localhost:8765"}), guard.refuse({b"host": b"evil.example:8765"})
        (None, 'asked for another host than this machine')
        """
        if not self.anywhere and (stranger := self._find_stranger(headers)):
            return stranger
        if self.token is None or path == HEALTH:
            return None
        if not hmac.compare_digest(find_token(headers, query), self.token.encode()):
            where = "Authorization: Bearer TOKEN" if self.anywhere else "open the address that emospike printed"
            return f"a wrong token, or none: {where}"
        return None

    def _find_stranger(self, headers: dict[bytes, bytes]) -> str | None:
        """Return why headers are not of a program or page of this machine, or None."""
        hosts = {f"{name}:{self.port}" for name in LOCAL} | ({*LOCAL} if self.port == HTTP else set())
        if headers.get(b"host", b"").decode("latin-1") not in hosts:
            return "asked for another host than this machine"
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1") not in {f"http://{host}" for host in hosts}:
            return "asked by a page of another site"
        return None


def find_token(headers: dict[bytes, bytes], query: bytes) -> bytes:
    """Return the token that a request names, in its address or as a bearer.

    >>> find_token({}, b"token=abc&x=1"), find_token({b"authorization": b"Bearer abc"}, b"")
    (b'abc', b'abc')
    """
    named = parse_qs(query.decode("latin-1")).get("token")
    bearer = headers.get(b"authorization", b"").decode("latin-1")
    return (named[0] if named else bearer.removeprefix(BEARER)).encode()
