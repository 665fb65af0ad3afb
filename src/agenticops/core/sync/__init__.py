"""In step with the forge: pure functions over what both sides say. Nothing here asks, writes or knows the time."""
