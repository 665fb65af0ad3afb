"""The terminal face: parses, calls one flow, renders."""
