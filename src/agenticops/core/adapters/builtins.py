"""What a coding agent calls its own: names that ours must not shadow, as one version of the client has them."""

from __future__ import annotations

# Claude Code, read from the bundle of @anthropic-ai/claude-code: commands, bundled skills and their aliases.
CLAUDE = "2.1.329"
_COMMANDS = """
add-dir advisor agents android ant-trace app artifact-capabilities artifact-design artifact-diagramming artifacts
auto-mode-setup autocompact autofix-pr autopilot background bashes batch bg branch break-reminder breaks brief btw
bug bugfix cd channel checkpoint chrome claude-api claude-in-chrome clawd clear cloud-plugins code-review color
commit commit-push-pr compact config context continue copy cost cowork-plugin daemon dashboard dataviz debug
debug-tool-call design design-consent design-login design-revoke design-sync desktop diff docs doctor downtime
effort env exit experiments explain-usage export extra-usage fast feedback fewer-permission-prompts focus fork goal
heapdump help hooks ide import init input-debug insights install install-github-app install-slack-app investigate
ios issue keybindings keybindings-help limit-reset list-agents login logout loop low-priority marketplace mcp
memory memory-pause mobile mock-limits model name new oauth-refresh onboarding output-style passes pause-memory
peers perf-issue permissions plan plugin plugin-authoring plugins powerup pr privacy-settings pro-trial-expired
project quit radio rate-limit-options rc recap release-notes reload-plugins reload-skills remote remote-control
remote-env rename render-debug reset reset-limits restart resume review rewind run run-skill-generator sandbox
schedule scroll-speed security-review send-to-project session settings settings-review setup-bedrock setup-claude
setup-cowork setup-vertex share simplify simulate-usage skill-doctor skills slides stats status statusline stickers
stop subtask tasks team-onboarding teleport terminal-setup theme thrash toggle-memory tui ultraplan ultrareview
undo update update-config upgrade usage usage-credits use-case verify version vim voice web-setup wellbeing
whiteboard workflow-authoring workflow-launch-exec workflows
"""
COMMANDS = frozenset(_COMMANDS.split())
AGENTS = frozenset(("explore", "plan", "general-purpose", "statusline-setup", "main", "main-session", "subagent"))
