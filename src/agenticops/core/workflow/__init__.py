"""Workflows, as pure functions: templates are read and judged, instances move, records are folded."""
