"""Who may come in: users with passwords from a file, or those whom a reverse proxy vouches for.

Knows names, hashes and headers. Never knows what is behind the door (`web.door`).

A line of a users file is `name:scrypt$16$8$2$salt$hash`: the base-2 logarithm of scrypt's cost,
its block size and parallelism, then salt and hash in base64 (Percival and Josefsson 2016, RFC
7914; the figures are those of OWASP's password storage cheat sheet). Empty lines and those that
begin with # say nothing.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import os
import re
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import anyio.to_thread

from index.errors import InputError

LOG_COST, BLOCK_SIZE, PARALLEL = 16, 8, 2
COSTLIEST = 2**28
"""Most bytes that one check may take, whatever a users file asks for."""

NAME = re.compile(r"[^\s:#$\x00-\x1f\x7f][^:\x00-\x1f\x7f]{0,99}")
LONGEST_PASSWORD = 1000
REMEMBERED = 1000
"""How many sign-ins are remembered, as a check of a password is slow on purpose and a page makes many requests."""
WAITING = 16
"""How many passwords may wait to be checked; they are checked one by one, as each takes a core."""


class TooMany(Exception):
    """More passwords wait to be checked than will be."""


class Access(Protocol):
    """Tells the user of a request."""

    status: int
    """What a request of nobody is answered with."""
    headers: Mapping[str, str]
    """What that answer says of how to come in."""

    async def user(self, headers: Mapping[str, str], peer: str) -> str | None:
        """The name of the user, or None for nobody.

        Args:
            headers: of the request, their names in lower case.
            peer: the address of who is at the other end of the connection.

        Raises:
            TooMany: it cannot be told now.
        """


# ---- users of a file --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hashed:
    """A password as it is stored."""

    log_cost: int
    block_size: int
    parallel: int
    salt: bytes
    hash: bytes

    @classmethod
    def of(cls, password: str) -> "Hashed":
        """With fresh salt, at the cost that is right today."""
        fresh = cls.of_nobody()
        return replace(fresh, hash=fresh._derived(password))

    @classmethod
    def of_nobody(cls) -> "Hashed":
        """One that no password matches, and that takes as long to find out."""
        return cls(LOG_COST, BLOCK_SIZE, PARALLEL, secrets.token_bytes(16), secrets.token_bytes(32))

    @classmethod
    def parse(cls, text: str) -> "Hashed":
        """Raises: ValueError: it is none, or one that would take too much to check."""
        scheme, log_cost, block_size, parallel, salt, stored = text.split("$")
        made = cls(
            int(log_cost),
            int(block_size),
            int(parallel),
            base64.b64decode(salt, validate=True),
            base64.b64decode(stored, validate=True),
        )
        if scheme != "scrypt" or not (1 <= made.log_cost <= 24 and made.parallel >= 1 and made.block_size >= 1):
            raise ValueError(text)
        if made._memory > COSTLIEST or len(made.hash) < 16:
            raise ValueError(text)
        return made

    def __str__(self) -> str:
        salt, stored = (base64.b64encode(part).decode() for part in (self.salt, self.hash))
        return f"scrypt${self.log_cost}${self.block_size}${self.parallel}${salt}${stored}"

    def matches(self, password: str) -> bool:
        """Whether it is the password, in a time that says nothing of how much of it is right."""
        return hmac.compare_digest(self._derived(password), self.hash)

    @property
    def _memory(self) -> int:
        return 128 * self.block_size * ((1 << self.log_cost) + self.parallel + 2)

    def _derived(self, password: str) -> bytes:
        return hashlib.scrypt(
            password.encode(),
            salt=self.salt,
            n=2**self.log_cost,
            r=self.block_size,
            p=self.parallel,
            maxmem=self._memory + 2**20,
            dklen=len(self.hash),
        )


def line(name: str, password: str) -> str:
    """A line of a users file.

    Raises:
        InputError: the name or the password is none that can be used.
    """
    if not NAME.fullmatch(name):
        raise InputError(f"{name!r} is no name for a user: at most 100 letters without a colon, not beginning with #")
    if not 8 <= len(password) <= LONGEST_PASSWORD:
        raise InputError(f"a password has 8 to {LONGEST_PASSWORD:,} characters")
    return f"{name}:{Hashed.of(password)}"


def put_user(path: Path, name: str, password: str) -> None:
    """Write a user into a users file, in place of one of that name; nobody else can read a file that is made.

    Raises:
        InputError: the name, the password or the file is none that can be used.
    """
    new = line(name, password)
    try:
        old = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.touch(mode=0o600)
        beside.write_text("\n".join([*(each for each in old if each.partition(":")[0] != name), new, ""]), "utf-8")
        beside.replace(path)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the users file {path} cannot be written: {error}") from error


def read_users(path: Path) -> dict[str, Hashed]:
    """Raises: InputError: there is no such file, nobody in it, or a line that is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the users file {path} cannot be read: {error}") from error
    users = dict[str, Hashed]()
    for number, each in enumerate(lines, 1):
        if not each.strip() or each.startswith("#"):
            continue
        name, _, stored = each.partition(":")
        try:
            users[name] = Hashed.parse(stored.strip())
        except (ValueError, binascii.Error):
            helps = f"make one with `qa serve --auth {path} --add-user NAME`"
            raise InputError(f"line {number} of the users file {path} is not `name:scrypt$…`: {helps}") from None
    if not users:
        raise InputError(f"the users file {path} names nobody: `qa serve --auth {path} --add-user NAME` adds a user")
    return users


class Users:
    """HTTP Basic authentication (RFC 7617) of the users in a file, which is read again whenever it changes.

    Raises:
        InputError: as `read_users`.
    """

    status = 401
    headers: Mapping[str, str] = {"WWW-Authenticate": 'Basic realm="Ask the articles", charset="UTF-8"'}

    def __init__(self, path: Path) -> None:
        self._path, self._users = path, read_users(path)
        self._version = _version(path)
        self._nobody = Hashed.of_nobody()  # for a name that is not there
        self._key, self._remembered = secrets.token_bytes(32), dict[bytes, str]()
        self._waiting, self._turn, self._lock = 0, anyio.CapacityLimiter(1), threading.Lock()

    async def user(self, headers: Mapping[str, str], peer: str) -> str | None:
        stated = headers.get("authorization", "")
        if not (claim := _basic(stated)):
            return None
        self._read_again()
        known = hmac.digest(self._key, stated.encode("utf-8", "surrogateescape"), "sha256")
        if name := self._remembered.get(known):
            return name
        if self._waiting >= WAITING:
            raise TooMany
        self._waiting += 1
        try:
            users = self._users
            hashed = users.get(claim[0], self._nobody)
            is_right = await anyio.to_thread.run_sync(hashed.matches, claim[1], limiter=self._turn)
        finally:
            self._waiting -= 1
        if not is_right or claim[0] not in users or users is not self._users:
            return None
        if len(self._remembered) >= REMEMBERED:
            self._remembered.clear()
        self._remembered[known] = claim[0]
        return claim[0]

    def _read_again(self) -> None:
        """A file that cannot be read lets nobody in who is not in already: it may be half written."""
        with self._lock:
            if (version := _version(self._path)) == self._version:
                return
            try:
                users = read_users(self._path)
            except InputError:
                return
            self._users, self._version = users, version
            self._remembered.clear()


def _version(path: Path) -> tuple[int, int, int]:
    try:
        facts = path.stat()
    except OSError:
        return 0, 0, 0
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _basic(stated: str) -> tuple[str, str] | None:
    scheme, _, encoded = stated.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, password) if colon and name and len(password) <= LONGEST_PASSWORD else None


# ---- users of a proxy -------------------------------------------------------------------------

LOOPBACK = ("127.0.0.0/8", "::1/128")


class Proxy:
    """Users that a reverse proxy names in a header, which is believed of no one else.

    Args:
        header: its name; the proxy must set or remove it in every request.
        trusted: addresses or networks of proxies.

    Raises:
        InputError: one of them is no such thing.
    """

    status = 403
    headers: Mapping[str, str] = {}

    def __init__(self, header: str, trusted: Sequence[str] = LOOPBACK) -> None:
        if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^`|~-]+", header):
            raise InputError(f"{header!r} is no name of a header; one with an underscore could be forged")
        self._header = header.lower()
        try:
            self._trusted = [ipaddress.ip_network(network, strict=False) for network in trusted]
        except ValueError as error:
            raise InputError(f"--trusted-proxy takes addresses and networks such as 10.0.0.0/8: {error}") from error

    async def user(self, headers: Mapping[str, str], peer: str) -> str | None:
        try:
            address = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return None
        plain = getattr(address, "ipv4_mapped", None) or address
        if not any(plain in network for network in self._trusted if network.version == plain.version):
            return None
        return headers.get(self._header, "").strip() or None
