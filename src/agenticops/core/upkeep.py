"""Upkeep: what becomes of one installed file. What the user changed stays; what is ours goes out as it came in."""

from __future__ import annotations

from msgspec import Struct

from agenticops.core import jsonmerge, markers
from agenticops.core.adapters.kit import Block, Grafts, Part, Whole
from agenticops.core.insertions import Span, without
from agenticops.core.jsonmerge import Graft
from agenticops.model.digest import sha256
from agenticops.model.plan import Change

CHANGED = "you changed it"
BEFORE = "it was there before"


class Entry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One file in the manifest.

    `digest` is of the file as we left it. In a user's file `spans` say what we put in, as long as that digest holds;
    `grafts` and `block` (a digest) say what is ours when it does not. `made`: there was no such file before.
    """

    digest: str
    made: bool = False
    spans: tuple[Span, ...] = ()
    grafts: tuple[Graft, ...] = ()
    block: str = ""


class Outcome(Struct, frozen=True):
    """What becomes of a file: its entry in the manifest (None: it is ours no longer), and the change, if any."""

    entry: Entry | None
    change: Change | None = None


def settle(path: str, part: Part | None, entry: Entry | None, now: bytes | None) -> Outcome:
    """Decide about one file: `part` is what it should hold of ours (None: nothing), `now` what stands there."""
    if part is None:
        return _removed(path, entry, now) if entry else Outcome(None)
    if isinstance(part, Whole):
        return _whole(path, part.text.encode(), entry, now)
    text = None if now is None else _text(now)
    if isinstance(part, Block):
        return _block(path, part, entry, text)
    return _grafts(path, part, entry, text)


def _whole(path: str, wanted: bytes, entry: Entry | None, now: bytes | None) -> Outcome:
    fresh = Entry(sha256(wanted), made=True)
    if now is None:
        return Outcome(fresh, Change("create", path, wanted))
    if entry is None:
        return Outcome(None, Change("keep", path, why=BEFORE))
    if now == wanted:
        return Outcome(fresh)
    if sha256(now) == entry.digest:
        return Outcome(fresh, Change("update", path, wanted))
    return Outcome(entry, Change("keep", path, why=CHANGED))


def _block(path: str, part: Block, entry: Entry | None, text: str | None) -> Outcome:
    made = text is None or (entry is not None and entry.made)
    span = markers.find(text or "", path)
    if text is None or span is None:
        base = text or ""
    elif entry and entry.spans and _sha(text) == entry.digest:
        base = without(text, entry.spans)
    else:
        # It stands where somebody put it: only the lines between the markers change.
        start, size = span
        if entry and _sha(text[start : start + size]) != entry.block:
            return Outcome(entry, Change("keep", path, why=f"{CHANGED} between the markers"))
        block = markers.block(part.text, text)
        fresh = text[:start] + block + text[start + size :]
        known = entry and fresh == text
        return Outcome(entry if known else Entry(_sha(fresh), made, block=_sha(block)), _change(path, text, fresh))
    found = markers.add(base, part.text)
    block = markers.block(part.text, base)
    entry = Entry(_sha(found.text), made, tuple(found.spans), block=_sha(block))
    return Outcome(entry, _change(path, text, found.text))


def _grafts(path: str, part: Grafts, entry: Entry | None, text: str | None) -> Outcome:
    ours = entry.grafts if entry and text is not None else ()
    now = text if text and text.strip() else "{}"
    jsonmerge.refuse_broken(now, path, part.grafts)
    # What the user made of ours is theirs: it is not put in a second time.
    lost = [_place(g) for g in ours if jsonmerge.standing(now, g, path) != "there"]
    theirs = [_place(g) for g in part.grafts if jsonmerge.standing(now, g, path) == "theirs"]
    wanted = [g for g in part.grafts if _place(g) not in (*lost, *theirs)]
    why = f"left as you have it: {', '.join(dict.fromkeys((*lost, *theirs)))}" if lost or theirs else ""
    missing = text is None or any(jsonmerge.standing(now, g, path) != "there" for g in wanted)
    if not missing and all(g in part.grafts or _place(g) in lost for g in ours):
        return Outcome(entry, Change("keep", path, why=why) if why else None)
    untouched = entry is not None and text is not None and _sha(text) == entry.digest
    base = (
        without(text or "", entry.spans) if entry and untouched else jsonmerge.remove(now, ours, path) if ours else text
    )
    merged = jsonmerge.merge(base or "", wanted, path)
    found = (*merged.ours, *(g for g in ours if _place(g) in lost))
    fresh, made = merged.text.text, text is None or (entry is not None and entry.made)
    change = _change(path, text, fresh)
    if change and why:
        change = Change(change.verb, path, change.content, why)
    return Outcome(Entry(_sha(fresh), made, tuple(merged.text.spans), found) if found else None, change)


def _removed(path: str, entry: Entry, now: bytes | None) -> Outcome:
    if now is None:
        return Outcome(None)
    text, untouched = _text(now), sha256(now) == entry.digest
    if not (entry.block or entry.grafts):
        return Outcome(None, Change("delete", path) if untouched else Change("keep", path, why=CHANGED))
    if untouched and entry.spans:
        return Outcome(None, _back(path, entry, text, without(text, entry.spans)))
    if entry.block:
        span = markers.find(text, path)
        if span and _sha(text[span[0] : sum(span)]) != entry.block:
            return Outcome(None, Change("keep", path, why=f"{CHANGED} between the markers"))
        return Outcome(None, _back(path, entry, text, markers.cut(text, span) if span else text))
    lost = [_place(g) for g in entry.grafts if jsonmerge.standing(text, g, path) != "there"]
    change = _back(path, entry, text, jsonmerge.remove(text, entry.grafts, path))
    if lost:
        why = f"{CHANGED}: {', '.join(dict.fromkeys(lost))}"
        change = Change(change.verb, path, change.content, why) if change else Change("keep", path, why=why)
    return Outcome(None, change)


def _back(path: str, entry: Entry, text: str, back: str) -> Change | None:
    """The change that takes ours out; a file that we made, and that holds nothing else, goes."""
    if entry.made and back.strip() in ("", "{}"):
        return Change("delete", path)
    return None if back == text else Change("update", path, _bytes(back))


def _change(path: str, text: str | None, fresh: str) -> Change | None:
    if text == fresh:
        return None
    return Change("create" if text is None else "update", path, _bytes(fresh))


def _place(graft: Graft) -> str:
    return ".".join(graft.path)


def _sha(text: str) -> str:
    return sha256(_bytes(text))


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
