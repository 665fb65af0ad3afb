"""What reports say, a row each. Durations and ages are in days; None is what nobody can say."""

from __future__ import annotations

from msgspec import Struct

from agenticops.core.analytics.forecast import Backtest


class Row(Struct, frozen=True):
    """A row: about workflows or tickets (`of`), of one group; `template` where the group is a state of a template."""

    of: str
    template: str
    group: str


class Took(Row, frozen=True):
    """How long it took."""

    n: int
    median: float | None = None
    p85: float | None = None
    longest: float | None = None


class Ended(Row, frozen=True):
    """What ended in a period that begins at `period`; `well` is None for visits, which only pass."""

    period: str
    ended: int
    well: int | None = None
    value: float | None = None
    needs: int | None = None


class Outcome(Row, frozen=True):
    """How many ended well, and between what the true share lies (95 %)."""

    n: int
    well: int
    cancelled: int
    share: float | None
    low: float
    high: float


class UnderWay(Row, frozen=True):
    """What stands there now: its ages, and how many are older than 85 of 100 ended visits of that place were."""

    n: int
    median: float | None
    oldest: float | None
    usual: float | None
    late: int


class Lost(Row, frozen=True):
    """Where time is lost: days of waiting and their share of all, visits that ended, what stands there, the traffic."""

    waited: float
    share: float
    visits: int
    median: float | None
    p85: float | None
    waiting: int
    came: float
    left: float


class Expected(Row, frozen=True):
    """What is to be expected of one that is under way; `group` is where it stands, `age` since when it stands there."""

    id: str
    name: str
    age: float
    median: float | None
    p85: float | None
    due: str
    late: str
    success: float | None
    note: str


class Tested(Struct, frozen=True):
    """What forecasts of one history were worth, asked of the past; `beyond` stand longer than any before."""

    of: str
    template: str
    ended: int
    beyond: int
    test: Backtest


class Page(Struct, frozen=True):
    """The flow of workflows or tickets at one glance.

    `weekly` is what ended a week in the last twelve weeks, or in as many as there were.
    """

    of: str
    ended: int
    weekly: float
    value: float | None
    needs: int | None
    under_way: int
    oldest: float | None
    cycle: Took
    lead: Took
    success: Outcome
    bottleneck: Lost | None


class Edge(Struct, frozen=True):
    """A way that was taken: how often, and how long the state before it took (median)."""

    of: str
    template: str
    source: str
    to: str
    n: int
    median: float | None


class Flowed(Struct, frozen=True):
    """What had begun and ended by the end of a week, of all kinds, from the first on."""

    of: str
    period: str
    began: int
    ended: int
