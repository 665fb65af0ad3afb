"""AgenticOps Value Train: a git-native toolkit for delivering value with people and AI agents."""

__version__ = "0.1.0"
