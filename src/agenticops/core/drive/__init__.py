"""The auto-pilot, as pure functions: settings, budgets, models, prompts, what an agent's output says, verdicts."""
