"""`mitigation`: what answers risks."""

from __future__ import annotations

from agenticops.cli.commands.options import group
from agenticops.cli.forms import add_forms, add_views

app = group("Mitigations: what answers risks, and the work that brings it about.", "agenticops mitigation list")
add_forms(app, "mitigation", '--title "Two readers a label" --risk r4f2k --item 142')
add_views(app, "mitigation")
