"""The layout: where things are in a user's repository. Plain strings, so that hot reads load nothing for them."""

PIPELINE = "config/pipeline.yml"
WORK = "docs/work"
TICKETS = "tickets"
CHECKLISTS = "docs/rules/checklists"
TEMPLATES = "docs/templates"
EVENTS = ".agenticops/events"
MANIFEST = ".agenticops/manifest.json"
ROOT_SESSION = "docs/session-context/ACTIVE_SESSION.md"
ARCHIVE = "docs/session-context/archive"
LEGACY = "docs/session-context/_legacy"
# In the worktree's git dir:
JOURNAL = "journal.json"
