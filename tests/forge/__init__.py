"""A stateful fake GitHub on loopback, every request and answer of which is held against GitHub's own description.

It proves shape and logic, not GitHub's behaviour: what GitHub does not document is a guess here (see below).

    with Forge() as forge:                      # leaving it fails on any violation; `forge.violations`, `forge.check()`
        forge.url                               # base_url of a client; Forge(enterprise=True) serves below /api/v3
        access.WRITE, access.READ, access.APP   # tokens: of ada, of a reader, of an app; forge.gate.tokens for more
        forge.repo, forge.state                 # what is kept: acme/train and all else, as plain values (state.py)
        forge.issue(3), forge.labels_of(3)      # an issue as it is kept, and the names of its labels
        forge.create("Title", labels=["now"])   # as somebody else (grace), past HTTP, faults, limits and the log
        forge.edit(3, title="New", state="closed")
        forge.call("POST", "REPO/issues/3/comments", {"body": "Hi"}, login="grace")   # any path of the API
        forge.seed(10_000)                      # many issues at once
        forge.move(3, "acme/other"); forge.delete(4)   # transferred (301), deleted (410)
        forge.board("Backlog", "Ready")         # a board (Projects v2) of acme with a Status
        forge.use_git(bare)                     # branches, commits and merges of a real bare repository
        forge.requests, forge.writes            # the log: number, method, path, query, writes, status, fault
        forge.faults.at(2, "502 after")         # the 2nd request from now; the kinds: faults.BEFORE + faults.AFTER
        forge.faults.when(lambda request: request.writes, "reset before", times=3)
        forge.faults.randomly(seed=7, rate=0.2, kinds=faults.BEFORE[:3]); forge.faults.clear()
        forge.faults.at(5, "call after", lambda request: client.kill())               # kill a client at a request
        forge.limits.core = 10                  # the primary limit; `window` is its length in seconds
        forge.state.clock.step = 0              # all further changes in one second
        forge.state.relations_touch = False     # relations do not change updated_at (GitHub tells neither)
        forge.state.graph_follows = False       # GraphQL does not find an issue that was moved (GitHub tells neither)
        forge.webhooks.listen()                 # then .deliveries (signed), .post_all(url); webhooks.examples()
        kept = forge.state.snapshot(); forge.state.restore(kept)

Without the npm packages (`python -m tests.forge.fetch`, or a folder in TRAIN_FORGE_NODE) it works without validation.
`Forge(validate=False)` leaves it out. GraphQL documents are held against `schema.graphql`, a part of GitHub's schema.
"""

from tests.forge.server import Forge

__all__ = ["Forge"]
