"""The estimate against a real tokenizer."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core.tokens import BUDGET, estimate
from tests.tokenizer import counted

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("docs/**/*.json")])
SOURCES = sorted(
    f for f in (ROOT / "src/agenticops").rglob("*") if f.suffix in (".md", ".py", ".yml", ".yaml") and f.is_file()
)
# Half a page: of a few words no average is true.
ENOUGH = 600
SENTENCES = {
    "Chinese": "药房的补货预测必须在药盒空之前到达护士手中。每个决定都要写明理由、证据以及谁做出了决定。"
    "需求分析阶段完成后，项目经理必须确认所有验收标准，并把会议纪要发送给客户。在發佈之前，請先確認所有測試都已通過。",
    "Japanese": "看護師は薬箱が空になる前に補充の予測を受け取る必要があります。"
    "要件定義が完了したら、受け入れ基準を確認し、議事録を顧客に送付すること。",
    "Korean": "데이터 과학자는 이번 주까지 모든 센서 데이터를 확인하고 각 측정의 출처를 기록해야 합니다. "
    "모델의 재현율이 떨어진 이유를 조사하고 결과를 티켓에 기록하세요.",
    "German": "Die Größe der Übertragungsgeräte müssen wir prüfen, bevor die Prüfstelle öffnet.",
    "French": "Les infirmières reçoivent la prévision avant que la boîte ne soit vide, même en été.",
    "Greek": "Ο αναλυτής πρέπει να ελέγξει όλα τα δεδομένα πριν από το τέλος της εβδομάδας.",
    "Hindi": "डेटा वैज्ञानिक को सप्ताह के अंत तक सभी मापों की जाँच करनी चाहिए और स्रोत लिखना चाहिए।",
    "signs": "→ ✓ ✗ · … — – “so” ≤ ≥ ± × € § ° │ ├── └── ████░░ 🚀 ✅ ⚠️ 🙂",
}


def off(text: str) -> float:
    """How many times what the tokenizer counts the estimate says."""
    return estimate(text) / counted(text)


# Pages are what agents read. Code may be a little off, whatever a module holds.
@pytest.mark.parametrize(("files", "low", "high"), [(PAGES, 1.0, 1.3), (SOURCES, 0.95, 1.4)], ids=["pages", "sources"])
def test_of_our_own_texts_it_says_a_little_too_much(files: list[Path], low: float, high: float) -> None:
    texts = {f.relative_to(ROOT): f.read_text() for f in files}
    found = {path: round(off(text), 3) for path, text in texts.items() if len(text) >= ENOUGH}
    assert len(found) > 60
    assert {path: n for path, n in found.items() if not low <= n <= high} == {}


@pytest.mark.parametrize("script", SENTENCES)
def test_of_other_scripts_too(script: str) -> None:
    assert 1.0 <= off(SENTENCES[script]) <= 1.5


@cache
def words() -> list[str]:
    """Words as they stand in our pages, with their signs; repeated as often as they are used."""
    return (ROOT / "docs/tutorial.md").read_text().split() + (ROOT / "docs/trains.md").read_text().split()


HEX, BASE32 = "0123456789abcdef", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
IDS = st.one_of(
    st.text(BASE32, min_size=26, max_size=26),
    st.text(BASE32.lower(), min_size=8, max_size=8).map(lambda s: f"t{s}"),
    st.text(HEX, min_size=40, max_size=40),
    st.datetimes().map(lambda d: d.isoformat(timespec="milliseconds") + "Z"),
    st.integers(1, 99999).map(lambda n: f"VT{n % 1000} tickets/build_{n}/checklist.md:{n}"),
)
PROSE = st.integers(0, 10**6).map(lambda n: " ".join(words()[n % len(words()) :][:30]))
CODE = st.sampled_from([f for f in SOURCES if f.suffix == ".py"]).map(lambda f: f.read_text()[:400])
JSON = st.dictionaries(st.sampled_from(("id", "ticket", "agent", "at", "data")), IDS, min_size=2).map(
    lambda d: "{" + ", ".join(f'"{k}": "{v}"' for k, v in d.items()) + "}"
)
PIECES = st.one_of(PROSE, PROSE, CODE, JSON, IDS, st.sampled_from(list(SENTENCES.values())))
BULLET = st.tuples(st.sampled_from(("- [ ] ", "- [x] ", "## ", "| a | ", "> ", "")), PIECES).map("".join)


@given(st.lists(BULLET, min_size=8, max_size=20).map("\n\n".join))
def test_of_whatever_a_page_may_mix(text: str) -> None:
    assert 1.0 <= off(text) <= 1.3


@given(st.text(max_size=300))
def test_any_text_has_an_estimate_that_grows_with_it(text: str) -> None:
    assert 0 <= estimate(text) <= 5 * len(text) + 1
    assert estimate(text) <= estimate(text + "\n" + text)
    assert (estimate(text) == 0) == (text == "")


def test_each_text_for_an_agent_has_a_budget() -> None:
    assert BUDGET["session start"] == 1500 and BUDGET["mode page"] == 1200
    assert all(number > 0 for number in BUDGET.values())
