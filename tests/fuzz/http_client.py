"""Feeds the HTTP client with answers that no good server gives, cut into pieces anywhere.

    python -m tests.fuzz.http_client [SECONDS] [SEED]

The reader may raise UnavailableError and nothing else, must end, and must not take more than its limits.
"""

from __future__ import annotations

import random
import sys
import time

from tests.fuzz.batch_decoder import mutate
from watchkeeper.base.errors import UnavailableError
from watchkeeper.uplink.answer import MOST_BODY_BYTES, Reader, read_response

PIECES = [
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"Content-Length: 0x5\r\n",
    b"Content-Length: \xb2\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip\r\n",
    b"Connection: close\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"ffffffffffffffff\r\n",
    b"+5\r\n",
    b"1_0\r\n",
    b": \r\n",
    b"X" * 5000,
    b"\0",
]


def sample(rng: random.Random) -> bytes:
    """An answer that is right, or nearly."""
    body = rng.randbytes(rng.randrange(60))
    head = b"HTTP/1.1 %d Text\r\n" % rng.choice([100, 200, 200, 200, 204, 304, 400, 429, 503, 999])
    shape = rng.randrange(4)
    if shape == 0:
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    if shape == 1:
        at = rng.randrange(len(body) + 1)
        chunks = [part for part in (body[:at], body[at:]) if part]
        packed = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(part), part) for part in chunks)
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + packed + b"0\r\nTrailer: x\r\n\r\n"
    if shape == 2:
        return head + b"\r\n" + body
    return b"".join(rng.choice(PIECES) for _ in range(rng.randrange(6))) + head + rng.choice(PIECES) + b"\r\n" + body


def check(rng: random.Random, data: bytes) -> bool:
    """Read answers from `data` until it ends; true when the first was accepted."""
    left = data
    calls = 0

    def receive() -> bytes:
        nonlocal left, calls
        calls += 1
        assert calls < len(data) + 100, "the reader never ends"
        size = rng.choice([1, 2, 7, 1000])
        part, left = left[:size], left[size:]
        return part

    reader = Reader(receive)
    accepted = False
    while True:
        try:
            response, keep = read_response(reader, rng.choice(["POST", "GET", "HEAD"]))
        except UnavailableError:
            return accepted
        assert 200 <= response.status <= 999
        assert len(response.body) <= min(MOST_BODY_BYTES, len(data))
        accepted = True
        if not keep:
            return accepted


def run(seconds: float, seed: int, most: int = 1 << 60) -> dict[str, int]:
    """Fuzz for `seconds`, or `most` inputs; gives how many there were, and how many were accepted."""
    rng = random.Random(seed)
    counts = {"inputs": 0, "accepted": 0}
    until = time.monotonic() + seconds
    while counts["inputs"] < most and time.monotonic() < until:
        data = sample(rng)
        if rng.random() < 0.7:
            at = rng.randrange(len(data) + 1)
            data = mutate(rng, data[:at] + (rng.choice(PIECES) if rng.random() < 0.5 else b"") + data[at:])
        counts["accepted"] += check(rng, data)
        counts["inputs"] += 1
    return counts


if __name__ == "__main__":
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    print(f"seed {seed}: {run(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0, seed)}")
