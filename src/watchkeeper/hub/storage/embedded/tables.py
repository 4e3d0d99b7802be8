"""The tables of records.db. docs/formats/records-db.md says what each one means and what always holds."""

from __future__ import annotations

FORMAT = 1

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    stream BLOB NOT NULL UNIQUE,
    host INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    ranges BLOB NOT NULL,
    crc INTEGER,
    duplicates INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX streams_host ON streams (host);

CREATE TABLE names (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    unit TEXT NOT NULL,
    UNIQUE (name, kind, unit)
);
CREATE TABLE schemas (
    host INTEGER NOT NULL,
    number INTEGER NOT NULL,
    series BLOB NOT NULL,
    PRIMARY KEY (host, number)
) WITHOUT ROWID;

CREATE TABLE journal (id INTEGER PRIMARY KEY, heads BLOB NOT NULL, reports BLOB NOT NULL);
CREATE TABLE newest (
    host INTEGER PRIMARY KEY,
    received REAL NOT NULL,
    schema INTEGER NOT NULL,
    payload BLOB NOT NULL
);
CREATE TABLE watermarks (host INTEGER PRIMARY KEY, journal INTEGER NOT NULL);

CREATE TABLE chunks (
    id INTEGER PRIMARY KEY,
    host INTEGER NOT NULL,
    start INTEGER NOT NULL,
    span INTEGER NOT NULL,
    arrived REAL NOT NULL,
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX chunks_host ON chunks (host, start, span);

CREATE TABLE rollups (
    id INTEGER PRIMARY KEY,
    tier INTEGER NOT NULL,
    series INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    start INTEGER NOT NULL,
    span INTEGER NOT NULL,
    hosts INTEGER NOT NULL,
    arrived REAL NOT NULL,
    data BLOB NOT NULL
);
CREATE INDEX rollups_series ON rollups (tier, series, shard, start);

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    host INTEGER NOT NULL,
    time REAL NOT NULL,
    received REAL NOT NULL,
    type TEXT NOT NULL,
    severity TEXT NOT NULL,
    data BLOB NOT NULL
);
CREATE INDEX events_host ON events (host, time);
CREATE INDEX events_time ON events (time);

CREATE TABLE snapshots (
    id INTEGER PRIMARY KEY,
    host INTEGER NOT NULL,
    kind TEXT NOT NULL,
    first REAL NOT NULL,
    last REAL NOT NULL,
    arrived REAL NOT NULL,
    digest BLOB NOT NULL,
    data BLOB NOT NULL
);
CREATE INDEX snapshots_host ON snapshots (host, kind, first);

CREATE TABLE gaps (
    id INTEGER PRIMARY KEY,
    host INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    stream BLOB NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    batches INTEGER NOT NULL,
    records INTEGER,
    start REAL,
    "end" REAL,
    reason TEXT NOT NULL,
    noted REAL NOT NULL
);
CREATE INDEX gaps_host ON gaps (host, noted);

CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    host INTEGER NOT NULL,
    stream BLOB NOT NULL,
    seq INTEGER NOT NULL,
    idx INTEGER,
    received REAL NOT NULL,
    schema INTEGER,
    reason TEXT NOT NULL,
    data BLOB NOT NULL
);
CREATE INDEX quarantine_host ON quarantine (host, schema);
"""
