"""What the past says of the flow of work, and of what is still under way. ADR 0041."""
