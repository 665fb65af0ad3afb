"""The face for agents: the train by the Model Context Protocol."""
