"""Feeds the decoders of posts, batches, records and receipts with bytes that no agent sends.

    python -m tests.fuzz.batch_decoder [SECONDS] [SEED]

They may raise FormatError and nothing else, and what they accept must be what they were given.
"""

from __future__ import annotations

import contextlib
import json
import random
import sys
import time

from watchkeeper.base.errors import FormatError
from watchkeeper.uplink import ledger, segment
from watchkeeper.wire import frames, records, series
from watchkeeper.wire.receipt import read_receipt

KINDS = sorted(records.KINDS)
DEEP = b"[" * 100_000


def sample(rng: random.Random) -> bytes:
    """A post as an agent seals it."""
    sealed = []
    for seq in range(1, rng.randint(1, 4) + 1):
        packed = [_record(rng) for _ in range(rng.randint(0, 4))]
        sealed.append(frames.seal(seq, len(packed), b"".join(packed)))
    return frames.post(rng.choice(sorted(frames.LANES)), rng.randbytes(16), sealed)


def _record(rng: random.Random) -> bytes:
    shape = rng.randrange(4)
    if shape == 0:
        return records.pack_report(1.0, 2.0, 3, 4, [rng.random() for _ in range(rng.randrange(5))])
    if shape == 1:
        return records.pack(records.SCHEMA, records.pack_schema([("cpu.percent", "gauge", "%")])[1])
    if shape == 2 and rng.random() < 0.01:
        return records.pack(rng.choice(KINDS), DEEP)
    if shape == 2:
        return records.pack_json(rng.choice(KINDS), {"type": "x", "time": rng.random(), "data": {}})
    return records.pack(rng.choice([*KINDS, 0, 99, 255]), rng.randbytes(rng.randrange(40)))


def mutate(rng: random.Random, data: bytes) -> bytes:
    """`data` with some of it flipped, cut, doubled or overwritten."""
    changed = bytearray(data)
    for _ in range(rng.randrange(4)):
        if not changed:
            break
        at = rng.randrange(len(changed))
        match rng.randrange(5):
            case 0:
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                del changed[at:]
            case 2:
                changed[at:at] = changed[at : at + rng.randrange(40)]
            case 3:
                changed[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"WKf1", rng.randbytes(4)])
            case 4:
                changed += rng.randbytes(rng.randrange(40))
    return bytes(changed)


def reseal(rng: random.Random, data: bytes) -> bytes:
    """A post whose frames are whole and whose records are not: the checksum does not save the reader."""
    payload = mutate(rng, data)
    frame = frames.seal(
        rng.choice([1, 2, frames.MAX_SEQ, 1 << 63]), rng.randrange(5), payload[: frames.MAX_PAYLOAD_BYTES]
    )
    return frames.post(rng.choice(sorted(frames.LANES)), b"s" * 16, [frame])


def check_post(data: bytes) -> bool:
    """Decode all of a post; true when it was accepted. Raises AssertionError when it was misread."""
    try:
        post = frames.read_post(data)
    except FormatError:
        return False
    sealed = [frames.seal(frame.seq, frame.count, bytes(frame.payload)) for frame in post.frames]
    body = frames.post(post.lane, post.stream, sealed)
    assert body[:5] + body[8:] == data[:5] + data[8:], "what was accepted is not what came"
    for frame in post.frames:
        try:
            found = list(records.unpack(frame.payload, frame.count))
        except FormatError:
            continue
        assert sum(records.RECORD_HEADER.size + len(record.payload) for record in found) == len(frame.payload)
        for record in found:
            check_record(record)
    return True


def check_record(record: records.Record) -> None:
    readers = {records.REPORT: records.unpack_report, records.SCHEMA: records.unpack_schema}
    with contextlib.suppress(FormatError):
        readers.get(record.kind, records.unpack_json)(record.payload)


def check_others(rng: random.Random, data: bytes) -> None:
    """The smaller decoders."""
    for decode in (segment.read_header, ledger.read):
        with contextlib.suppress(FormatError):
            decode(data)
    series.parse_series(data.decode("latin-1"))
    value = rng.choice(
        [None, [], {}, {"stream": "00" * 16, "ranges": [[rng.randint(-2, 5), rng.randint(-2, 5)]], "incarnation": "a"}]
    )
    text = mutate(rng, json.dumps(value).encode()).decode("latin-1")
    with contextlib.suppress(FormatError, json.JSONDecodeError):
        read_receipt(json.loads(text))


def run(seconds: float, seed: int, most: int = 1 << 60) -> dict[str, int]:
    """Fuzz for `seconds`, or `most` inputs; gives how many there were, and how many were accepted."""
    rng = random.Random(seed)
    counts = {"inputs": 0, "accepted": 0}
    until = time.monotonic() + seconds
    while counts["inputs"] < most and time.monotonic() < until:
        data = sample(rng)
        data = reseal(rng, data[frames.POST_HEADER.size + frames.FRAME_HEADER.size :]) if rng.random() < 0.4 else data
        data = mutate(rng, data) if rng.random() < 0.8 else data
        counts["accepted"] += check_post(data)
        check_others(rng, data)
        counts["inputs"] += 1
    return counts


if __name__ == "__main__":
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    print(f"seed {seed}: {run(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0, seed)}")
