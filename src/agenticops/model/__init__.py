"""The model: what things are. Frozen types; no I/O, no clock."""
