"""By the package `transitions`: machines in memory; nothing of them is stored. Prints the seconds that steps take."""

import json
import sys
from time import perf_counter

from transitions import Machine


class Instance:
    """What a machine moves."""

    def __init__(self, name: str) -> None:
        self.name = name


def main() -> None:
    """Read the graphs, then the moves; time the moves alone."""
    asked = json.load(sys.stdin)
    machines = {
        code: Machine(
            states=list(states),
            transitions=[
                {"trigger": f"to_{to}", "source": at, "dest": to} for at, ways in states.items() for to in ways
            ],
            auto_transitions=False,
            initial=next(iter(states)),
        )
        for code, states in asked["templates"].items()
    }
    instances = {}
    for row in asked["moves"]:
        if row["id"] not in instances:
            instances[row["id"]] = Instance(row["id"])
            machines[row["template"]].add_model(instances[row["id"]], initial=row["from"])
    begun = perf_counter()
    for row in asked["moves"]:
        instances[row["id"]].trigger(f"to_{row['to']}")
    print(perf_counter() - begun)


if __name__ == "__main__":
    main()
