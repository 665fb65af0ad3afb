"""A rig for the auto-pilot: a train of many small tickets, and a scripted agent of many tempers."""
