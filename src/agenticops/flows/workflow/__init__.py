"""Workflows: templates are found, instances move, entities come to be on the way."""
