"""The tables of the index: how they are made, and what they mean to who asks them by SQL. ADR 0007 and 0040."""

from __future__ import annotations

# The layout of the tables; it goes up with every change of what is in them.
VERSION = 9
TABLES = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE watch(path TEXT PRIMARY KEY, stamp TEXT, crc INTEGER, racy INTEGER, hot INTEGER) WITHOUT ROWID;
CREATE INDEX watch_hot ON watch(hot);
CREATE TABLE problem(path TEXT PRIMARY KEY, message TEXT, place TEXT, hint TEXT) WITHOUT ROWID;
CREATE TABLE part(key TEXT PRIMARY KEY, json TEXT) WITHOUT ROWID;
CREATE TABLE item(id TEXT PRIMARY KEY, kind TEXT, title TEXT, priority TEXT, parent TEXT, issue INTEGER,
  json TEXT) WITHOUT ROWID;
CREATE TABLE ticket(id TEXT PRIMARY KEY, item TEXT, phase TEXT, mode TEXT, agent TEXT, status TEXT, closed INTEGER,
  blocked_by TEXT, owed INTEGER, ticked INTEGER, artifacts INTEGER, json TEXT, bullets TEXT);
CREATE INDEX ticket_open ON ticket(closed);
CREATE INDEX ticket_item ON ticket(item, closed);
CREATE INDEX ticket_line ON ticket(id, closed, status, ticked, owed, item);
CREATE TABLE event(id TEXT PRIMARY KEY, lamport INTEGER, at TEXT, kind TEXT, subject TEXT, ticket TEXT, item TEXT,
  prev TEXT, target TEXT, name TEXT, shard INTEGER, json TEXT);
CREATE TABLE shard(n INTEGER PRIMARY KEY, path TEXT UNIQUE, blob TEXT, size INTEGER, doubled INTEGER);
CREATE TABLE instance(id TEXT PRIMARY KEY, template TEXT, version TEXT, state TEXT, status TEXT, success INTEGER,
  name TEXT, started TEXT, entered TEXT, ended TEXT, item TEXT, client TEXT, agent TEXT, parent TEXT, json TEXT);
CREATE TABLE visit(instance TEXT, n INTEGER, template TEXT, state TEXT, entered TEXT, left TEXT,
  PRIMARY KEY(instance, n)) WITHOUT ROWID;
CREATE TABLE entity(id TEXT PRIMARY KEY, kind TEXT, status TEXT, name TEXT, instance TEXT, state TEXT, parent TEXT,
  created TEXT, updated TEXT, deleted INTEGER, json TEXT);
CREATE TABLE firing(id TEXT PRIMARY KEY, rule TEXT, event TEXT, at TEXT, depth INTEGER, cut TEXT) WITHOUT ROWID;
CREATE TABLE outbox(id TEXT PRIMARY KEY, channel TEXT, status TEXT, due TEXT, attempts INTEGER, firing TEXT, json TEXT);
CREATE TABLE notice(id TEXT PRIMARY KEY, who TEXT, at TEXT, read TEXT, json TEXT);
CREATE TABLE meeting(id TEXT PRIMARY KEY, status TEXT, purpose TEXT, starts TEXT, json TEXT);
CREATE TABLE worded(key TEXT PRIMARY KEY, digest TEXT, n INTEGER) WITHOUT ROWID;
CREATE TABLE named(subject TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID;
CREATE TABLE unworded(subject TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE parsed(path TEXT PRIMARY KEY, digest TEXT, json TEXT);
CREATE TABLE verdict(key TEXT PRIMARY KEY, json TEXT) WITHOUT ROWID;
"""
# Kinds that whole trains are asked for, and that few events have.
RARE = "kind IN ('document_created', 'gate_overridden', 'override_repaid')"
# What is remembered is counted on every mode page: all that it takes is in the index, however many notes there are.
NOTED = "kind IN ('remembered', 'forgotten')"
# Made when the log is in: sorting once is faster than keeping the orders while it comes. Tables with long rows have
# row ids, which keep these small; equal Lamport numbers are few, so ids need not be in the order.
LOG_INDEXES = f"""
CREATE INDEX IF NOT EXISTS event_order ON event(lamport);
CREATE INDEX IF NOT EXISTS event_subject ON event(subject);
CREATE INDEX IF NOT EXISTS event_ticket ON event(ticket) WHERE ticket IS NOT NULL;
CREATE INDEX IF NOT EXISTS event_item ON event(item) WHERE item IS NOT NULL;
CREATE INDEX IF NOT EXISTS event_shard ON event(shard);
CREATE INDEX IF NOT EXISTS event_kind ON event(kind);
CREATE INDEX IF NOT EXISTS event_note ON event(subject, name, lamport, id, kind) WHERE {NOTED};
"""
# Nouns of subjects that the tables of records are folded from.
RECORDED = frozenset(("instance", "entity", "firing", "outbox", "inbox", "meeting"))
RECORD_INDEXES = """
CREATE INDEX IF NOT EXISTS instance_state ON instance(template, state, status);
CREATE INDEX IF NOT EXISTS instance_status ON instance(status, started);
CREATE INDEX IF NOT EXISTS instance_template ON instance(template, started);
CREATE INDEX IF NOT EXISTS instance_started ON instance(started);
CREATE INDEX IF NOT EXISTS instance_item ON instance(item);
CREATE INDEX IF NOT EXISTS instance_client ON instance(client);
CREATE INDEX IF NOT EXISTS entity_kind ON entity(kind, status);
CREATE INDEX IF NOT EXISTS entity_made ON entity(kind, created);
CREATE INDEX IF NOT EXISTS entity_created ON entity(created);
CREATE INDEX IF NOT EXISTS entity_instance ON entity(instance);
CREATE INDEX IF NOT EXISTS entity_parent ON entity(parent);
CREATE INDEX IF NOT EXISTS firing_rule ON firing(rule);
CREATE INDEX IF NOT EXISTS firing_event ON firing(event);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox(status, due);
CREATE INDEX IF NOT EXISTS notice_who ON notice(who, read);
"""
# What the planner is told instead of counting: how many rows one value of each index stands for in a long log.
GUESSES = (
    ("event", "event_order", "1000000 1"),
    ("event", "event_subject", "1000000 5"),
    ("event", "event_ticket", "100000 10"),
    ("event", "event_item", "100000 30"),
    ("event", "event_shard", "1000000 200"),
    ("event", "event_kind", "1000000 20000"),
    ("event", "event_note", "1000 20 2 1 1 1"),
    ("instance", "instance_state", "100000 20000 2000 1000"),
    ("instance", "instance_status", "100000 20000 1"),
    ("instance", "instance_template", "100000 20000 1"),
    ("instance", "instance_started", "100000 1"),
    ("instance", "instance_client", "100000 200"),
    ("instance", "instance_item", "100000 200"),
    ("entity", "entity_kind", "300000 50000 10000"),
    ("entity", "entity_made", "300000 50000 1"),
    ("entity", "entity_created", "300000 1"),
    ("entity", "entity_instance", "300000 4"),
    ("entity", "entity_parent", "300000 10"),
)
