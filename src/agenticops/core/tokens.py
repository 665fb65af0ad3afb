"""Tokens: about how many of them a text costs an agent to read, without a tokenizer; and what each text may cost.

The estimate cuts a text as today's tokenizers do (a word with the sign before it, three digits, runs of signs, line
breaks) and adds up what such a piece costs on average. Of pages like ours it says 1.0 to 1.3 times what the tokenizer
of the package `bpe-openai` (o200k_base) counts; a test holds it to that. Of a text in another script it may say half
as much again. The cuts follow that tokenizer's expression; the costs were measured on this project's pages and code,
and on sentences in other scripts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache

# What each text for an agent may cost, in tokens. A text that is over is cut; the number is not raised.
BUDGET = {
    "session start": 1500,
    "session start, short": 500,
    "mode page": 1200,
    "hand-off packet": 1200,
    "prompt line": 80,
    "skill file": 400,
    "MCP core schema": 2500,
}

_UPPER, _LOWER = r"A-Z\u00c0-\u00d6\u00d8-\u00de", r"a-z\u00df-\u00f6\u00f8-\u017f"
_ASCII_SIGN = r"[^\r\nA-Za-z0-9\u00a1-\U0010ffff]"
_PIECE = (
    # An id or a digest: letters and digits mixed, seven or more.
    rf"({_ASCII_SIGN}?(?<![A-Za-z0-9])(?=[A-Za-z]{{0,40}}[0-9])(?=[0-9]{{0,40}}[A-Za-z])[A-Za-z0-9]{{7,}})"
    rf"|({_ASCII_SIGN}?(?:[{_UPPER}]*[{_LOWER}]+|[{_UPPER}]+)(?:'(?:[stdm]|ll|ve|re)\b)?)"
    r"|([0-9]{1,3})"
    r"|[ ]?([\u00a1-\U0010ffff]+)"
    r"|([ ]?[^\sA-Za-z0-9\u00a1-\U0010ffff]+[\r\n/]*)"
    r"|\s*[\r\n]+|\s+(?=\s)|\s+"
)
# In hundredths of a token, by the number of letters: after a space, after another sign, after nothing; capitals.
_AFTER_SPACE = (100, 102, 102, 104, 105, 106, 108, 115, 125, 140, 150, 160)
_AFTER_SIGN = (100, 110, 112, 125, 130, 155, 155, 175, 190, 215, 240, 260)
_ALONE = (100, 102, 105, 107, 110, 120, 130, 145, 165, 190, 210, 230)
_CAPITALS = (100, 102, 115, 155, 165, 200, 220, 245, 280, 330, 370, 400)
_SIGNS = (100, 102, 103, 110, 135, 160, 195, 240, 270)
_MIXED, _ACCENT, _OUR_NAME = 68, 30, 80
# Characters outside of Latin script, from this code on: what one costs in running text, or alone where none is usual.
_SCRIPTS = (
    *((0xA1, 100), (0x180, 120), (0x250, 190), (0x370, 34), (0x400, 28), (0x500, 60), (0x590, 40), (0x600, 32)),
    *((0x700, 36), (0xE00, 45), (0xE80, 260), (0x2000, 110), (0x2070, 150), (0x2190, 120), (0x2300, 250)),
    *((0x2500, 110), (0x25A0, 180), (0x2800, 295), (0x3000, 100), (0x3040, 82), (0x3100, 295), (0x4E00, 84)),
    *((0xA000, 295), (0xAC00, 68), (0xD7A4, 295), (0xFE00, 150), (0xFE10, 250), (0xFF00, 110), (0xFFF0, 250)),
    *((0x10000, 350), (0x1F000, 295), (0x1F300, 200), (0x1F650, 240), (0x1F900, 250), (0x1FA70, 350)),
)
_STARTS = [start for start, _ in _SCRIPTS]
# What is added to the averages, so that a text which is a little dearer than most is not taken for too cheap.
_MARGIN = 106


def estimate(text: str) -> int:
    """Estimate the tokens of a text: rather too many than too few."""
    total = 0
    for mixed, word, _digits, foreign, signs in _pieces().findall(text):
        if word:
            total += _word(word)
        elif mixed:
            total += _MIXED * len(mixed)
        elif foreign:
            total += max(100, sum(map(_letter, foreign)))
        elif signs:
            total += _run(signs)
        else:
            total += 100
    return -(-total * _MARGIN // 10_000)


@cache
def _pieces() -> re.Pattern[str]:
    return re.compile(_PIECE)


def _word(word: str) -> int:
    if word[0].isalpha():
        core, costs = word, _ALONE
    else:
        core, costs = word[1:], _AFTER_SPACE if word[0] == " " else _AFTER_SIGN
    extra = 0 if core.isascii() else _ACCENT * sum(not c.isascii() for c in core)
    size = len(core)
    if size > 1 and core.isupper():
        extra += 60 if costs is _AFTER_SIGN else 0
        costs = _CAPITALS
    elif core == "agenticops":
        extra += _OUR_NAME
    if size < len(costs):
        return costs[size] + extra
    return costs[-1] + 20 * (size - len(costs) + 1) + extra


def _run(signs: str) -> int:
    size = len(signs)
    if size < len(_SIGNS):
        return _SIGNS[size]
    inner = signs.strip()
    same = inner.count(inner[:1]) == len(inner)
    return 150 if same else _SIGNS[-1] + 45 * (size - len(_SIGNS) + 1)


@cache
def _letter(sign: str) -> int:
    return _SCRIPTS[bisect_right(_STARTS, ord(sign)) - 1][1]
