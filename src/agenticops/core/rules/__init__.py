"""Rules: reading their files, finding those that an event concerns, and when a schedule is due. Pure functions."""
