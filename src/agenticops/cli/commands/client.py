"""`client`: for whom value is delivered."""

from __future__ import annotations

from agenticops.cli.commands.options import group
from agenticops.cli.forms import add_forms, add_views

app = group("Clients: for whom value is delivered, inside or outside.", "agenticops client list")
add_forms(app, "client", '--title "Ward 7" --kind internal')
add_views(app, "client")
