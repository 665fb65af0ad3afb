"""`need`: what clients want, and why."""

from __future__ import annotations

from agenticops.cli.commands.options import group
from agenticops.cli.forms import add_forms, add_views

app = group("Needs: what clients want, and by what one would know that it is met.", "agenticops need list")
add_forms(app, "need", '--title "Refills arrive in time" --client c4f2k --item 142')
add_views(app, "need")
