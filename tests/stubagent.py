"""A stub of a coding agent that speaks the hook protocol of Claude Code (2.1), and works a ticket by what it is told.

It reads the hooks of `.claude/settings.json`, runs them as the client does (a shell, JSON on stdin, all that match),
heeds what they answer, and uses its tools for real when nobody denies it. It has no model: the next thing to do comes
from the texts that hooks and commands give it. Run as a program it works one ticket and prints what it did as JSON:

    python stubagent.py FOLDER TICKET AGENT
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

# What an event's matcher is held against; events without one always match.
MATCHED = {
    "PreToolUse": "tool_name",
    "PostToolUse": "tool_name",
    "SessionStart": "source",
    "PreCompact": "trigger",
    "SessionEnd": "reason",
    "SubagentStop": "agent_type",
}
# Events whose plain output the model sees, as if it were `additionalContext`.
TOLD = ("SessionStart", "UserPromptSubmit")
RANK = {"allow": 1, "ask": 2, "deny": 3}
TURNS = 60
WORDS = "Measured on ward 7 in March, by two readers."


class Denied(Exception):
    """A hook, or the person who was asked, did not let a tool call through; the model sees the reason."""


class Verdict:
    """What the hooks of one event said together."""

    def __init__(self) -> None:
        self.permission = ""
        self.reason = ""
        self.blocked = ""
        self.context: list[str] = []
        self.messages: list[str] = []
        self.errors: list[str] = []


class StubAgent:
    """One session of the client in a folder. `person` answers what a hook wants asked; a headless session says no."""

    def __init__(
        self,
        folder: Path,
        environment: dict[str, str] | None = None,
        person: Callable[[str], bool] = lambda reason: False,
    ) -> None:
        self.folder = folder
        self.person = person
        self.session = str(uuid.uuid4())
        self.environment = {**os.environ, **(environment or {}), "CLAUDECODE": "1", "CLAUDE_PROJECT_DIR": str(folder)}
        self.denials: list[str] = []
        self.context: list[str] = []
        self.messages: list[str] = []
        self.errors: list[str] = []
        self.todos: list[dict[str, str]] = []

    # What the client does.

    def hooks(self, event: str, subject: str) -> list[str]:
        """Give the commands that an event calls, each once."""
        settings = json.loads((self.folder / ".claude/settings.json").read_text())
        found = (
            hook["command"]
            for entry in settings.get("hooks", {}).get(event, [])
            if event not in MATCHED or matches(entry.get("matcher", ""), subject)
            for hook in entry["hooks"]
            if hook["type"] == "command"
        )
        return list(dict.fromkeys(found))

    def fire(self, event: str, **payload: Any) -> Verdict:
        """Run the hooks of an event at the same time, and gather what they say."""
        call = {
            "session_id": self.session,
            "transcript_path": str(self.folder / "none.jsonl"),
            "cwd": str(self.folder),
            "permission_mode": "default",
            "hook_event_name": event,
            **payload,
        }
        commands = self.hooks(event, str(payload.get(MATCHED.get(event, ""), "")))
        running = [self._start(command) for command in commands]
        for process in running:
            assert process.stdin
            process.stdin.write(json.dumps(call).encode())
            process.stdin.close()
            process.stdin = None
        verdict = Verdict()
        for process in running:
            out, err = process.communicate(timeout=60)
            _take(verdict, event, process.returncode, out.decode(), err.decode())
        self.context += verdict.context
        self.messages += verdict.messages
        self.errors += verdict.errors
        return verdict

    def _start(self, command: str) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            ["sh", "-c", command], cwd=self.folder, env=self.environment, stdin=pipe, stdout=pipe, stderr=pipe
        )

    def use(self, tool: str, **given: Any) -> Any:
        """Use a tool if nobody denies it. Raises Denied with the reason."""
        name = f"toolu_{uuid.uuid4().hex[:12]}"
        verdict = self.fire("PreToolUse", tool_name=tool, tool_input=given, tool_use_id=name)
        refused = verdict.blocked or (verdict.reason if verdict.permission == "deny" else "")
        if not refused and verdict.permission == "ask" and not self.person(verdict.reason):
            refused = f"the person did not allow it: {verdict.reason}"
        if refused:
            self.denials.append(f"{tool}: {refused}")
            raise Denied(refused)
        answer = getattr(self, f"_{tool.lower()}")(**given)
        self.fire("PostToolUse", tool_name=tool, tool_input=given, tool_response=answer, tool_use_id=name)
        return answer

    def _read(self, file_path: str) -> Any:
        return {"type": "text", "file": {"filePath": file_path, "content": (self.folder / file_path).read_text()}}

    def _write(self, file_path: str, content: str) -> Any:
        file = self.folder / file_path
        kind = "update" if file.exists() else "create"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return {"type": kind, "filePath": file_path, "content": content, "structuredPatch": [], "originalFile": None}

    def _edit(self, file_path: str, old_string: str, new_string: str) -> Any:
        file = self.folder / file_path
        before = file.read_text()
        assert before.count(old_string) == 1
        file.write_text(before.replace(old_string, new_string))
        return {"filePath": file_path, "oldString": old_string, "newString": new_string, "originalFile": before}

    def _bash(self, command: str) -> Any:
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        return {"stdout": done.stdout, "stderr": done.stderr, "interrupted": False, "code": done.returncode}

    def _todowrite(self, todos: list[dict[str, str]]) -> Any:
        before, self.todos = self.todos, todos
        return {"oldTodos": before, "newTodos": todos}

    def start(self, source: str = "startup") -> str:
        """Begin the client's session; gives what the model is told."""
        return "\n".join(self.fire("SessionStart", source=source, model="stub").context)

    def prompt(self, words: str) -> str:
        """Send a prompt; gives what the model is told beside it."""
        return "\n".join(self.fire("UserPromptSubmit", prompt=words).context)

    def stop(self, going_on: bool = False) -> str:
        """End a turn; gives the reason when a hook has the agent go on."""
        return self.fire("Stop", stop_hook_active=going_on).blocked

    def compact(self) -> None:
        """Compact the context, as the client does when it is full: what it knew is told again."""
        self.fire("PreCompact", trigger="auto", custom_instructions=None)
        self.start("compact")

    def end(self) -> None:
        """Leave."""
        self.fire("SessionEnd", reason="prompt_input_exit")

    # What a model would do.

    def run(self, command: str) -> str:
        """Run a command in the shell; gives what it prints. It has to succeed."""
        done = self.use("Bash", command=command)
        assert done["code"] == 0, f"{command} → {done['code']}\n{done['stdout']}{done['stderr']}"
        return str(done["stdout"])

    def asked(self, command: str) -> Any:
        """Run a command of the train with --json; gives its data."""
        return json.loads(self.run(f"{command} --json"))["data"]

    def work(self, ticket: str, agent: str, steps: int = TURNS, hurry: bool = False) -> bool:
        """Do the next thing until the ticket can advance; False when the steps did not suffice.

        In a hurry it ticks what is open of a section's required bullets with one command.
        """
        self.note_todos(ticket, "in_progress")
        for _ in range(steps):
            step = self.asked(f"agenticops next {ticket}")
            command = step["command"]
            if command.startswith("agenticops advance"):
                self.note_todos(ticket, "completed")
                return True
            if command.startswith("agenticops begin"):
                command = f"agenticops begin {ticket} --agent {agent}"
            elif command.startswith("agenticops artifact record"):
                self.fill(ticket, command.split()[3])
            elif hurry and command.startswith("agenticops checklist tick"):
                command = command.replace(command.split()[3], " ".join(self.open_bullets(ticket, command.split()[3])))
            self.run(command)
        return False

    def open_bullets(self, ticket: str, key: str) -> list[str]:
        """Give the open required bullets of the section that a bullet stands in."""
        rows = self.asked(f"agenticops checklist show {ticket}")["bullets"]
        section = next(row["section"] for row in rows if row["key"] == key)
        return [r["key"] for r in rows if r["section"] == section and r["required"] and not r["checked"]]

    def note_todos(self, ticket: str, status: str) -> None:
        """Keep a list of its own, as models do."""
        self.use("TodoWrite", todos=[{"content": f"Work {ticket}", "status": status, "activeForm": "Working"}])

    def fill(self, ticket: str, artifact: str) -> None:
        """Write what a template asks for below each of its headings."""
        rows = self.asked(f"agenticops artifact list {ticket}")["artifacts"]
        path = next(row["path"] for row in rows if row["name"] == artifact)
        before = self.use("Read", file_path=path)["file"]["content"]
        if path.endswith(".md") and WORDS not in before:
            self.use("Write", file_path=path, content=re.sub(r"(?m)^(## .*)$", rf"\1\n\n{WORDS}", before))


def matches(matcher: str, subject: str) -> bool:
    """Hold a matcher against a name as the client does: all, a list of names, or an expression."""
    if matcher in ("", "*"):
        return True
    if re.fullmatch(r"[A-Za-z0-9_|, -]+", matcher):
        return subject in re.split(r"[|,]\s*", matcher)
    return re.search(matcher, subject) is not None


def _take(verdict: Verdict, event: str, code: int, out: str, err: str) -> None:
    """Read what one hook said: exit code 2 blocks with the error stream, 0 is read as JSON or as plain words."""
    if code == 2:
        verdict.blocked = verdict.blocked or err.strip() or "blocked"
        return
    if code or err:
        verdict.errors.append(f"{event} → {code}: {err.strip()}")
    if code or not out.strip():
        return
    if not out.lstrip().startswith("{"):
        verdict.context += [out.strip()] if event in TOLD else []
        return
    answer = json.loads(out)
    assert set(answer) <= {"decision", "reason", "systemMessage", "hookSpecificOutput", "continue", "suppressOutput"}
    if answer.get("decision") == "block":
        verdict.blocked = verdict.blocked or answer["reason"]
    if "systemMessage" in answer:
        verdict.messages.append(answer["systemMessage"])
    own = answer.get("hookSpecificOutput", {})
    assert not own or own["hookEventName"] == event
    if own.get("additionalContext"):
        verdict.context.append(own["additionalContext"])
    decision = own.get("permissionDecision", "")
    if RANK.get(decision, 0) > RANK.get(verdict.permission, 0):
        verdict.permission, verdict.reason = decision, own.get("permissionDecisionReason", "")


def main() -> int:
    """Work one ticket as an agent."""
    folder, ticket, agent = sys.argv[1:]
    client = StubAgent(Path(folder))
    told = client.start()
    client.prompt(f"Work {ticket}.")
    client.run(f"agenticops begin {ticket} --agent {agent}")
    done = client.work(ticket, agent, hurry=True)
    if done:
        client.run(f"agenticops advance {ticket} --commit")
    client.stop()
    client.end()
    print(json.dumps({"done": done, "told": told, "denials": client.denials, "errors": client.errors}))
    return 0 if done and not client.errors else 1


if __name__ == "__main__":
    sys.exit(main())
