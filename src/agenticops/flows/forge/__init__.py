"""In step with the forge: read both sides, plan, apply, decide, adopt. ADR 0032 says what may be done when."""
