"""The core: what is true of things. Pure functions."""
