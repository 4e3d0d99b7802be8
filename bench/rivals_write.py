"""Reports as Prometheus remote write 1.0: protobuf written by hand, compressed as one snappy block.

A message is WriteRequest{1: TimeSeries{1: Label{1: name, 2: value}…, 2: Sample{1: double, 2: varint ms}…}…}, field
numbers after https://prometheus.io/docs/specs/prw/remote_write_spec/. Labels and lengths do not change from
report to report, so that a host's message is a template into which numpy writes values and times.
"""

from __future__ import annotations

import cramjam
import numpy as np
from numpy.typing import NDArray

HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_TIME_BYTES = 6  # 7 bits each: milliseconds since 1970 need 41 bits from 2004 to 2109
_SAMPLE = 2 + 9 + 1 + _TIME_BYTES

Floats = NDArray[np.float64]
Octets = NDArray[np.uint8]


class Template:
    """The message of one host with `steps` samples of each of its series; `labels` one mapping a series."""

    def __init__(self, labels: list[dict[str, str]], steps: int) -> None:
        message = bytearray()
        values: list[int] = []
        for each in labels:
            series = b"".join(_field(1, _field(1, k.encode()) + _field(2, each[k].encode())) for k in sorted(each))
            head = b"\x0a" + _varint(len(series) + steps * _SAMPLE) + series
            start = len(message) + len(head)
            message += head
            for step in range(steps):
                values.append(start + step * _SAMPLE + 3)
                message += bytes((0x12, _SAMPLE - 2, 0x09)) + bytes(8) + b"\x10" + bytes(_TIME_BYTES)
        self._steps = steps
        self._message = np.frombuffer(bytes(message), np.uint8)
        at = np.array(values)[:, None]
        self._value_at = at + np.arange(8)
        self._time_at = at + 9 + np.arange(_TIME_BYTES)

    def requests(self, times: Floats, values: Floats) -> list[bytes]:
        """Compressed bodies: `values` is (reports, series), `times` seconds; each body takes `steps` reports."""
        count = len(times) // self._steps
        bodies = np.tile(self._message, (count, 1))
        series = values.shape[1]
        # A series' samples lie together in the message: (bodies, steps, series) → (bodies, series, steps).
        shaped = values[: count * self._steps].reshape(count, self._steps, series).transpose(0, 2, 1)
        octets = np.ascontiguousarray(shaped, "<f8").view(np.uint8).reshape(count, -1, 8)
        bodies[:, self._value_at] = octets
        stamps = _varints((times[: count * self._steps] * 1000).astype(np.int64)).reshape(count, 1, self._steps, -1)
        bodies[:, self._time_at] = np.broadcast_to(stamps, (count, series, self._steps, _TIME_BYTES)).reshape(
            count, -1, _TIME_BYTES
        )
        return [bytes(cramjam.snappy.compress_raw(body)) for body in bodies]


def _varints(numbers: NDArray[np.int64]) -> Octets:
    shifts = 7 * np.arange(_TIME_BYTES)
    octets = (numbers[:, None] >> shifts) & 0x7F
    octets[:, :-1] |= 0x80
    return octets.astype(np.uint8)


def _field(number: int, data: bytes) -> bytes:
    return bytes((number << 3 | 2,)) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
