"""Reports on the flow of work: workflow instances and work items, in one vocabulary. ADR 0041."""
