"""The layout: where things are in a user's repository. Plain strings, so that hot reads load nothing for them."""

PIPELINE = "config/pipeline.yml"
SIGNERS = "config/allowed_signers"
WORK = "docs/work"
TICKETS = "tickets"
CHECKLISTS = "docs/rules/checklists"
TEMPLATES = "docs/templates"
EVENTS = ".agenticops/events"
PAST_EVENTS = ".agenticops/archive"
WORKFLOWS = "config/workflows"
RULES = "config/rules"
AUTOMATION = "config/automation.yml"
RETENTION = "config/retention.yml"
MANIFEST = ".agenticops/manifest.json"
# What was installed for agents, with digests; and what they have at hand.
AGENTS_MANIFEST = ".agenticops/agents.json"
ASSETS = "config/assets.yml"
ROOT_SESSION = "docs/session-context/ACTIVE_SESSION.md"
ARCHIVE = "docs/session-context/archive"
LEGACY = "docs/session-context/_legacy"
# What gives reasons: risks and mitigations, clients and needs, decisions, records.
REASONS = ("docs/risks", "docs/value", "docs/decisions", "docs/architecture/adr")
# In the worktree's git dir:
JOURNAL = "journal.json"
# In git's common dir: the local log.
LOCAL = "local"
# A branch of one ticket.
PHASE_BRANCH = "phase/"


def foreign(own: str, path: str) -> bool:
    """Tell whether the branch of one ticket must leave a path alone, so that two of them merge (rule 4)."""
    other = path.startswith("tickets/") and not path.startswith(f"tickets/{own}/")
    return other or path == ROOT_SESSION or path.startswith("config/")
