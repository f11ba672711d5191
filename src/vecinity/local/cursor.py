"""List cursors: index, snapshot and last id under a MAC, so that no state is kept for them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import sqlite3

import msgspec

from vecinity.errors import ExpiredCursor, InvalidCursor
from vecinity.local import graves, store
from vecinity.local.store import StoredMutation

_MAC_BYTES = 16


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a listing stands.

    Attributes:
        index: the index's uuid.
        mutation: the snapshot that the first page fixed.
        last_id: the last id returned.
        expires: seconds since 1970, for all pages of the listing.
    """

    index: str
    mutation: int
    last_id: str
    expires: float


def encode(cursor: Cursor, key: bytes) -> str:
    """`cursor` as text that a client hands back.

    It begins with a letter: a command line would take one that begins with "-" for an option.
    """
    payload = msgspec.msgpack.encode(cursor)
    return _to_text(payload + _mac(payload, key))


def decode(text: str, key: bytes, index: str, now: float) -> Cursor:
    """The cursor of `index` in `text`.

    Raises:
        InvalidCursor: damaged, forged, or of another index.
        ExpiredCursor: its listing began more than 15 minutes before `now`.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise InvalidCursor from error
    if _to_text(raw) != text:
        raise InvalidCursor
    payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(payload, key)):
        raise InvalidCursor
    cursor = msgspec.msgpack.decode(payload, type=Cursor)
    if cursor.index != index:
        raise InvalidCursor
    if cursor.expires <= now:
        raise ExpiredCursor
    return cursor


def snapshot(connection: sqlite3.Connection, cursor: Cursor) -> StoredMutation:
    """The snapshot that a listing shows.

    Raises:
        InvalidCursor: there never was such a snapshot.
        ExpiredCursor: what is known of it was forgotten.
    """
    found = store.mutation(connection, cursor.mutation) if cursor.mutation else None
    if found is None:
        if 0 < cursor.mutation < graves.mark(connection, graves.FORGOTTEN):
            raise ExpiredCursor
        raise InvalidCursor
    return found


def check_listed(connection: sqlite3.Connection, snapshot: StoredMutation) -> None:
    """After a page was read: raises ExpiredCursor if some of its ids may be forgotten."""
    if graves.mark(connection, graves.FORGOTTEN) > snapshot.number:
        raise ExpiredCursor


def _to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _mac(payload: bytes, key: bytes) -> bytes:
    return hmac.new(key, payload, hashlib.sha256).digest()[:_MAC_BYTES]
