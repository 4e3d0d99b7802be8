"""Receipts as the hub writes and the agent reads them."""

from __future__ import annotations

import json

import pytest

from watchkeeper.base.errors import FormatError
from watchkeeper.wire.ranges import Ranges
from watchkeeper.wire.receipt import Receipt, read_receipt

GOOD = {"stream": "ab" * 16, "ranges": [[1, 4], [7, 9]], "incarnation": "x", "check": 5, "through": 4}


def test_a_receipt_reads_back() -> None:
    receipt = Receipt(b"\xab" * 16, Ranges([(1, 4), (7, 9)]), "x", 5)
    assert json.loads(json.dumps(receipt.as_json())) == GOOD
    found = read_receipt(GOOD)
    assert (found.stream, found.ranges, found.incarnation, found.check) == (b"\xab" * 16, receipt.ranges, "x", 5)
    assert found.through == 4


def test_an_empty_receipt_covers_nothing() -> None:
    receipt = read_receipt({"stream": "ab" * 16, "ranges": [], "incarnation": "x", "check": None})
    assert receipt.through == 0
    assert receipt.check is None


@pytest.mark.parametrize(
    "change",
    [
        {"stream": "ab"},
        {"stream": "zz" * 16},
        {"stream": None},
        {"ranges": None},
        {"ranges": [[0, 3]]},
        {"ranges": [[4, 3]]},
        {"ranges": [[1]]},
        {"ranges": [[1.0, 2.0]]},
        {"ranges": [["1", "2"]]},
        {"ranges": [[1, 1 << 70]]},
        {"ranges": [[True, 3]]},
        {"incarnation": None},
        {"check": "5"},
        {"check": -1},
    ],
)
def test_a_receipt_that_says_nonsense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(FormatError):
        read_receipt({**GOOD, **change})


@pytest.mark.parametrize("value", [None, [], "receipt", 7, {}])
def test_what_is_no_receipt_is_refused(value: object) -> None:
    with pytest.raises(FormatError):
        read_receipt(value)
