"""Commands: each parses its arguments, calls one flow and renders what it gives."""
