"""From the bytes of a request to what was sealed: bounded decompression, then frames."""

from __future__ import annotations

import zlib

from watchkeeper.base.errors import FormatError, TooLargeError
from watchkeeper.wire.frames import MAX_DECODED_BYTES

_GZIP = 16 + zlib.MAX_WBITS


def gunzip(body: bytes, limit: int = MAX_DECODED_BYTES) -> bytes:
    """Decompress one gzip member of at most `limit` bytes; a bomb costs no more memory than that.

    Raises TooLargeError over the limit, FormatError when the bytes are not gzip or cut short.
    """
    inflate = zlib.decompressobj(_GZIP)
    try:
        data = inflate.decompress(body, limit + 1)
    except zlib.error as error:
        raise FormatError(f"the body is not gzip: {error}") from None
    if len(data) > limit:
        raise TooLargeError(f"the body is over {limit} bytes when decompressed", "send fewer batches a post")
    if not inflate.eof:
        raise FormatError("the gzip body is cut short")
    return data
