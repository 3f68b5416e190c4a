"""The door that every request passes, whichever program is behind it: page, interface, tools, uploads.

Knows HTTP: hosts, origins, paths, sizes, patience and headers. Never knows questions.

It lets through what Gradio's page needs and nothing else that Gradio serves: not what fetches
from other hosts, lists what runs, or reads files that are not the page's own.
"""

import asyncio
import ipaddress
import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.access import Access, TooMany
from web.page_files import held

USER = "qa.user"
"""The key of the user's name in an ASGI scope; absent where everybody may come in."""

VISITOR = "qa.visitor"
"""The key of what tells one visitor from another where everybody may come in: a secret of the browser's own."""

COOKIE = "qa_visitor"
"""Where the browser keeps that; no script can read it, and it comes with the page."""

REMEMBERED = 400 * 24 * 3600
"""Seconds until a browser that does not come again forgets it: as long as browsers keep any."""

OPEN = frozenset({"/healthz", "/readyz"})
"""What who starts and stops the server may ask without a name."""

BODY_BYTES = 2 * 2**20
UPLOAD_BYTES = 256 * 2**20
"""Most bytes of a request, and of one that uploads files."""

FILES_BYTES = 4 * 2**30
"""Most bytes of the page's own files, which are deleted some hours after they came, and of those that are coming."""

PATIENCE = 30.0
"""Seconds that may pass between two parts of a request's body."""

UPLOAD = "/gradio_api/upload"
FILE = "/gradio_api/file="
_PAGE = re.compile(
    r"/|/(config|theme\.css|favicon\.ico|manifest\.json|robots\.txt)/?|/(assets|static|svelte)/.+"
    r"|/gradio_api/(info|queue/join|queue/data|cancel|reset|upload|upload_progress|login_check|user|app_id"
    r"|startup-events|theme\.css)/?"
    r"|/gradio_api/(heartbeat|call|run|api)/[^/]+(/[^/]+)*/?"
)
"""What of Gradio's own is let through."""
_VISITOR = re.compile(rf"(?:^|;)\s*{COOKIE}=([\w-]{{43}})\s*(?:;|$)", re.ASCII)
_OURS = re.compile(r"/(api|mcp)(/.*)?|/healthz|/readyz|/metrics")

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_NOTHING = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The policy of everything that is not the page: should a browser ever show it, nothing in it runs."""


def page_policy(nonce: str) -> str:
    """The page's policy: this host alone, no form, no frame, and of inline scripts only those that bear the nonce.

    Gradio compiles its pieces of script at run time and styles its elements one by one, and so needs
    'unsafe-eval' and inline styles; an event handler or script that article text smuggled in needs an
    inline script, and has no nonce.
    """
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        "manifest-src 'self'; media-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'none'; "
        "frame-src 'none'; frame-ancestors 'none'"
    )


@dataclass(frozen=True, slots=True)
class Hosts:
    """By which names the server may be called: a page of another site that has its own name point here may not.

    An address is no name, and nobody can make it point elsewhere; `localhost` always points here.

    Args:
        names: others that the server has.
        any_name: whether every name is good, as where the server listens to other machines and was told none.
    """

    names: frozenset[str] = frozenset()
    any_name: bool = False

    @classmethod
    def of(cls, listening: str, names: Sequence[str] = ()) -> "Hosts":
        """Those of a server that listens there: without names, all unless that is this machine alone."""
        known = frozenset(name.lower().rstrip(".") for name in names)
        return cls(known | {listening.lower()}, not names and not is_loopback(listening))

    def have(self, host: str) -> bool:
        """Whether a request's `Host` is one."""
        name = _name(host)
        if not name:
            return False
        return self.any_name or name in self.names or name == "localhost" or _address(name) is not None


def is_loopback(host: str) -> bool:
    """Whether who listens there hears this machine alone."""
    address = _address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


class Refused(Exception):
    """A request that is not let through: its status, one line, and what else the answer's headers say."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers or {}


class Door:
    """An ASGI application before another.

    Args:
        inner: what lies behind.
        hosts: by which names it may be called.
        files: the folder of the page's own files, and no others may be fetched through it.
        access: tells users; without it everybody may come in.
        takes_files: whether files may be uploaded.
    """

    def __init__(
        self, inner: ASGIApp, hosts: Hosts, files: Path, access: Access | None = None, takes_files: bool = True
    ) -> None:
        self._inner, self._hosts, self._files = inner, hosts, files.resolve()
        self._access, self._takes_files = access, takes_files
        self._coming = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        if scope["type"] != "http":  # there is nothing here that speaks websocket
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        answer = _Answer(scope["path"], send)
        try:
            self._check_sender(scope, headers)
            await self._check_user(scope, headers)
            self._check_path(scope)
            self._tell_visitor(scope, headers, answer)
            body = _Body(receive, _most(scope["path"]), headers.get("content-length", ""), answer)
            with self._room(scope["path"], body.most):
                await self._pass(scope, body, answer)
        except Refused as refusal:
            await answer.refuse(refusal)

    async def _pass(self, scope: Scope, body: "_Body", answer: "_Answer") -> None:
        try:
            await self._inner(answer.prepared(scope), body.receive, answer.send)
        except Exception:
            if not answer.is_refused:  # else it is the fault that a request has whose client seems to be gone
                raise

    def _check_sender(self, scope: Scope, headers: Mapping[str, str]) -> None:
        host = headers.get("host", "")
        if not self._hosts.have(host):
            raise Refused(421, "this server does not go by that name: name it with --allow-host to use it")
        if scope["method"] in _SAFE:
            return
        # A browser says from which site a request comes, an older one at least its origin; a page of another has
        # nothing to change here.
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        is_ours = site in ("same-origin", "none") if site else origin is None or self._is_own(origin, headers)
        if not is_ours:
            raise Refused(403, "a page of another site may not do this")

    def _is_own(self, origin: str, headers: Mapping[str, str]) -> bool:
        own = headers.get("x-forwarded-host", "").partition(",")[0].strip() or headers["host"]
        return urlsplit(origin).netloc.lower() in (own.lower(), headers["host"].lower())

    async def _check_user(self, scope: Scope, headers: Mapping[str, str]) -> None:
        scope.pop(USER, None)
        if self._access is None or scope["path"] in OPEN:
            return
        try:
            user = await self._access.user(headers, (scope.get("client") or ("",))[0])
        except TooMany:
            raise Refused(429, "too many passwords are being checked: try again", {"Retry-After": "2"}) from None
        if user is None:
            raise Refused(self._access.status, "you must sign in to use this", self._access.headers)
        scope[USER] = user

    def _tell_visitor(self, scope: Scope, headers: Mapping[str, str], answer: "_Answer") -> None:
        """Where there are no users each browser gets a secret with its first page, and brings it from then on."""
        scope.pop(VISITOR, None)
        if self._access is not None:
            return
        known = _VISITOR.search(headers.get("cookie", ""))
        if known:
            scope[VISITOR] = known[1]
        if scope["path"] == "/":
            secret = known[1] if known else secrets.token_urlsafe(32)
            is_secure = "https" in (scope.get("scheme"), headers.get("x-forwarded-proto"))
            about = f"Path=/; Max-Age={REMEMBERED}; HttpOnly; SameSite=Lax{'; Secure' if is_secure else ''}"
            answer.cookie = f"{COOKIE}={secret}; {about}"

    def _check_path(self, scope: Scope) -> None:
        path = scope["path"]
        if path.startswith(FILE):
            self._check_file(path.removeprefix(FILE))
        elif not (_PAGE.fullmatch(path) or _OURS.fullmatch(path)):
            raise Refused(404, "there is nothing here")
        elif _is_upload(path) and not self._takes_files:
            raise Refused(403, "this index is served read-only: nothing can be added to it")

    @contextmanager
    def _room(self, path: str, coming: int) -> Iterator[None]:
        """Room for what is uploaded, kept until it is there: what comes meanwhile must find room beside it."""
        if not _is_upload(path):
            yield
            return
        if held(self._files) + self._coming + coming > FILES_BYTES:
            raise Refused(507, "too much was uploaded of late: try again in some hours")
        self._coming += coming
        try:
            yield
        finally:
            self._coming -= coming

    def _check_file(self, path: str) -> None:
        try:
            wanted = Path(path).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            raise Refused(404, "there is no such file of this page") from None
        if not wanted.is_relative_to(self._files) or not wanted.is_file():
            raise Refused(404, "there is no such file of this page")


class _Body:
    """A request's body, which may have so many bytes and take so long; else its client seems to have gone.

    `most` is how many bytes can come: as many as it says, or as it may have where it does not say.
    """

    def __init__(self, receive: Receive, most: int, stated: str, answer: "_Answer") -> None:
        self._too_large = Refused(413, f"the request is too large: at most {most:,} bytes are read")
        if stated and (not stated.isdecimal() or int(stated) > most):
            raise self._too_large
        self.most = int(stated) if stated else most
        self._receive, self._left, self._is_whole, self._answer = receive, most, False, answer

    async def receive(self) -> Message:
        if self._is_whole:  # from here on it is waited for the client to go
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), PATIENCE)
        except TimeoutError:
            return await self._given_up(Refused(408, "the request did not come to its end"))
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._is_whole = not message.get("more_body", False)
            if self._left < 0:
                return await self._given_up(self._too_large)
        return message

    async def _given_up(self, refusal: Refused) -> Message:
        self._is_whole = True
        await self._answer.refuse(refusal)
        return {"type": "http.disconnect"}


class _Answer:
    """What goes back, with the headers that every answer has; the page's own scripts get their nonce."""

    def __init__(self, path: str, send: Send) -> None:
        self._path, self._send = path, send
        self._nonce = secrets.token_urlsafe(16) if path == "/" else ""
        self._start: Message | None = None
        self._page = bytearray()
        self.is_refused = self._has_begun = False
        self.cookie = ""

    def prepared(self, scope: Scope) -> Scope:
        """The page is asked for as plain text, as its scripts could not be found in what is compressed."""
        if not self._nonce:
            return scope
        headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept-encoding"]
        return {**scope, "headers": headers}

    async def send(self, message: Message) -> None:
        if self.is_refused:
            return
        if message["type"] == "http.response.start":
            self._has_begun = True
            self._start = {**message, "headers": self._headers(message)}
            if not self._nonce:
                await self._send(self._start)
            return
        if not self._nonce or message["type"] != "http.response.body":
            await self._send(message)
            return
        self._page += message.get("body", b"")
        if not message.get("more_body", False):
            await self._send_page()

    async def _send_page(self) -> None:
        assert self._start is not None
        page = bytes(self._page).replace(b"<script", f'<script nonce="{self._nonce}"'.encode())
        length = (b"content-length", str(len(page)).encode())
        headers = [(name, value) for name, value in self._start["headers"] if name != b"content-length"]
        await self._send({**self._start, "headers": [*headers, length]})
        await self._send({"type": "http.response.body", "body": page})

    def _headers(self, message: Message) -> list[tuple[bytes, bytes]]:
        policy = page_policy(self._nonce) if self._nonce else _NOTHING
        fixed = {**_HEADERS, "Content-Security-Policy": policy}
        if not self._path.startswith(("/assets/", "/static/", "/svelte/")):
            fixed["Cache-Control"] = "no-store"
        ours = [(name.lower().encode(), value.encode()) for name, value in fixed.items()]
        names = {name for name, _ in ours} | {b"server"}
        others = [(name.lower(), value) for name, value in message.get("headers", ())]
        # No other site is let in, though Gradio would answer many of them that they are.
        kept = [each for each in others if each[0] not in names and not each[0].startswith(b"access-control-")]
        cookies = [(b"set-cookie", self.cookie.encode())] if self.cookie else []
        return [*kept, *ours, *cookies]

    async def refuse(self, refusal: Refused) -> None:
        """Answer with one line; nothing else is sent after it."""
        if self._has_begun:
            self.is_refused = True
            return
        body = json.dumps({"error": str(refusal)}).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **refusal.headers}
        if refusal.status in (408, 413):  # what is left of the request is not read
            headers["Connection"] = "close"
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._nonce = ""
        await self.send({"type": "http.response.start", "status": refusal.status, "headers": encoded})
        await self.send({"type": "http.response.body", "body": body})
        self.is_refused = True


def _most(path: str) -> int:
    return UPLOAD_BYTES if _is_upload(path) else BODY_BYTES


def _is_upload(path: str) -> bool:
    return path.rstrip("/") == UPLOAD


def _name(host: str) -> str:
    """The host without its port; empty if it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return None
