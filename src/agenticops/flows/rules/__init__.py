"""Rules at work: what reacts to events, runs schedules, tries and explains."""
