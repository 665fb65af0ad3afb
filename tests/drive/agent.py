"""A scripted agent: what it does hangs on its temper, which the bullet's words or the work item's title name.

It is started as the auto-pilot starts any agent: prompt by standard input, the desk as its folder. Run as
`python agent.py [SECONDS]`; it sleeps so long, as an agent that thinks. In the journal it notes when it begins, when
it ends, and whether it is alone at its ticket: a lock says so, which the kernel takes away from the dead.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

TEMPERS = (
    *("good", "slow", "lying", "looping", "crashing", "outside", "spending", "emptying", "ticking", "forging"),
    *("asking", "committing", "switching", "breaking", "flaky", "leaving", "clashing", "tampering", "pruning"),
    *("telling", "linking", "meddling", "leaking", "advancing", "merging", "staging", "careless"),
    *("moving", "rewiring", "hiding"),
)


def main() -> int:
    """Read the prompt and act."""
    prompt = sys.stdin.read()
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0
    found = re.search(r"temper[: ](\w+)", prompt)
    temper = found[1] if found else "good"
    ticket = os.environ["AGENTICOPS_TICKET"]
    bullet = os.environ["AGENTICOPS_BULLET"]
    with open(f"{os.environ['RIG_JOURNAL']}.{ticket}", "a") as only:
        _note("began" if _alone(only.fileno()) else "second", ticket, bullet, temper)
        time.sleep(seconds)
        code = globals()[f"_{temper}"](prompt, ticket, bullet)
        _note("ended", ticket, bullet, temper)
    return code if isinstance(code, int) else 0


def _alone(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _note(what: str, *words: str) -> None:
    with open(os.environ["RIG_JOURNAL"], "a", encoding="utf-8") as journal:
        journal.write(" ".join([what, str(time.time()), str(os.getpid()), *words]) + "\n")


def _good(prompt: str, ticket: str, bullet: str) -> None:
    """Do what is asked: the artifact that the page names, else a note."""
    owed = re.search(r"- `([^`]+)` is there and holds its contract", prompt)
    if owed:
        path = Path(owed[1])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# Report\n\n## Goal\n\nRefills of {ticket} arrive before the box is empty.\n")
    else:
        path = Path("tickets", ticket, "artifacts", "notes.md")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(f"## {bullet}\n\nLooked at by hand, run {os.getpid()}.\n\n")
    print("done\ncost: 0.10\ntokens: 1000")


def _slow(prompt: str, ticket: str, bullet: str) -> None:
    time.sleep(60)
    _good(prompt, ticket, bullet)


def _lying(prompt: str, ticket: str, bullet: str) -> None:
    print("All done, everything works!\ncost: 0.10")


def _looping(prompt: str, ticket: str, bullet: str) -> None:
    while True:
        print("thinking")
        time.sleep(0.005)


def _careless(prompt: str, ticket: str, bullet: str) -> None:
    """Do what is asked, but mend nothing."""
    if bullet not in ("gate", "ci"):
        _good(prompt, ticket, bullet)


def _crashing(prompt: str, ticket: str, bullet: str) -> int:
    Path("tickets", ticket, "half.txt").write_text("half")
    print("Segmentation fault", file=sys.stderr)
    return 139


def _outside(prompt: str, ticket: str, bullet: str) -> None:
    _good(prompt, ticket, bullet)
    Path("config/pipeline.yml").write_text("schema: 1\n\nname: mine\n")
    Path("tickets", "build_other").mkdir(parents=True, exist_ok=True)
    Path("tickets", "build_other", "x.md").write_text("x")


def _spending(prompt: str, ticket: str, bullet: str) -> None:
    _good(prompt, ticket, bullet)
    print("cost: 3.00\ntokens: 900000")


def _emptying(prompt: str, ticket: str, bullet: str) -> None:
    _good(prompt, ticket, bullet)
    Path("README.md").write_text("")


def _ticking(prompt: str, ticket: str, bullet: str) -> None:
    page = Path("tickets", ticket, "checklist.md")
    page.write_text(page.read_text().replace("- [ ]", "- [x]"))
    print("all bullets are ticked")


def _forging(prompt: str, ticket: str, bullet: str) -> None:
    page = Path("tickets", ticket, "ticket.yml")
    page.write_text(page.read_text().replace("status: in_progress", "status: done"))


def _asking(prompt: str, ticket: str, bullet: str) -> None:
    print("I cannot go on.\nNEEDS-PERSON: the key of the drug cabinet")


def _committing(prompt: str, ticket: str, bullet: str) -> None:
    _good(prompt, ticket, bullet)
    subprocess.run(["git", "add", "-A"], check=True)
    subprocess.run(["git", "commit", "-qm", "mine", "--no-verify"], check=True)


def _moving(prompt: str, ticket: str, bullet: str) -> None:
    """Move the default branch to what one committed."""
    _committing(prompt, ticket, bullet)
    subprocess.run(["git", "update-ref", "refs/heads/main", "HEAD"], check=True)


def _rewiring(prompt: str, ticket: str, bullet: str) -> None:
    """Let the desk be the clone itself."""
    _good(prompt, ticket, bullet)
    common = _said("git", "rev-parse", "--path-format=absolute", "--git-common-dir")
    Path(".git").write_text(f"gitdir: {common}")


def _hiding(prompt: str, ticket: str, bullet: str) -> None:
    """Change what is not one's own, and tell git to overlook it."""
    _good(prompt, ticket, bullet)
    Path("README.md").write_text("mine\n")
    subprocess.run(["git", "update-index", "--skip-worktree", "README.md"], check=True)


def _staging(prompt: str, ticket: str, bullet: str) -> int:
    """Stage what one wrote, and fail."""
    _good(prompt, ticket, bullet)
    subprocess.run(["git", "add", "-A"], check=True)
    return 1


def _merging(prompt: str, ticket: str, bullet: str) -> None:
    """Begin a merge, and leave it half done."""
    _good(prompt, ticket, bullet)
    words = ["git", "commit-tree", "-p", "HEAD", "-m", "other", "HEAD^{tree}"]
    other = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run(["git", "merge", "-q", "--no-ff", "--no-commit", other], check=True)


def _switching(prompt: str, ticket: str, bullet: str) -> None:
    _good(prompt, ticket, bullet)
    subprocess.run(["git", "switch", "-qC", "elsewhere-" + ticket], check=True)


def _breaking(prompt: str, ticket: str, bullet: str) -> None:
    Path("tickets", ticket, "checklist.md").write_bytes(b"\xff\xfe\x00broken")


def _flaky(prompt: str, ticket: str, bullet: str) -> int:
    """Fail the first time, and do it the second."""
    if "Attempt 1 failed" not in prompt:
        print("could not reach the model", file=sys.stderr)
        return 1
    _good(prompt, ticket, bullet)
    return 0


def _leaving(prompt: str, ticket: str, bullet: str) -> None:
    """Leave a process behind that would write later."""
    words = "import time, pathlib; time.sleep(3); pathlib.Path('late.txt').write_text('late')"
    subprocess.Popen([sys.executable, "-c", words], start_new_session=True, stdout=subprocess.DEVNULL)
    _good(prompt, ticket, bullet)


def _clashing(prompt: str, ticket: str, bullet: str) -> None:
    """Write into a file that others write too."""
    _good(prompt, ticket, bullet)
    Path("src").mkdir(exist_ok=True)
    Path("src", "shared.txt").write_text(f"mine, says {ticket}\n")


def _tampering(prompt: str, ticket: str, bullet: str) -> None:
    """Write history anew: take lines out of the log."""
    _good(prompt, ticket, bullet)
    for shard in Path(".agenticops", "events").rglob("*.jsonl"):
        shard.write_text("".join(shard.read_text().splitlines(keepends=True)[1:]))


def _pruning(prompt: str, ticket: str, bullet: str) -> None:
    """Take away from the checklist what is still to be done."""
    _good(prompt, ticket, bullet)
    page = Path("tickets", ticket, "checklist.md")
    page.write_text("".join(row for row in page.read_text().splitlines(keepends=True) if not row.startswith("- [ ]")))


def _telling(prompt: str, ticket: str, bullet: str) -> None:
    """Tick by the tool itself, without having done anything."""
    program = Path(sys.executable).with_name("agenticops")
    subprocess.run([program, "checklist", "tick", bullet], check=False, capture_output=True)
    print("ticked")


def _advancing(prompt: str, ticket: str, bullet: str) -> None:
    """Do as if everything was done, by the tool itself."""
    _good(prompt, ticket, bullet)
    program = str(Path(sys.executable).with_name("agenticops"))
    keys = [row["key"] for row in json.loads(_said(program, "checklist", "show", ticket, "--json"))["data"]["bullets"]]
    _said(program, "checklist", "tick", *keys)
    _said(program, "artifact", "record", "--all", "--ticket", ticket)
    _said(program, "ticket", "block", ticket, "--reason", "mine")


def _said(*words: str) -> str:
    return subprocess.run(words, check=False, capture_output=True, text=True).stdout


def _meddling(prompt: str, ticket: str, bullet: str) -> None:
    """Break a page of others, in a folder where one may write."""
    _good(prompt, ticket, bullet)
    Path("docs", "work", "1.md").write_text("---\nid: [\n---\n")


def _leaking(prompt: str, ticket: str, bullet: str) -> int:
    """Tell a secret, and fail."""
    Path("src").mkdir(exist_ok=True)
    Path("src", "key.txt").write_text("AKIA" + "Q3EGRIBK7XW2LTNA")
    print("the key is AKIA" + "Q3EGRIBK7XW2LTNA", file=sys.stderr)
    return 1


def _linking(prompt: str, ticket: str, bullet: str) -> None:
    """Show something that lies elsewhere as one's own work."""
    elsewhere = Path(os.environ["RIG_JOURNAL"] + ".elsewhere")
    elsewhere.write_text("# Report\n\n## Goal\n\nWritten by somebody else.\n")
    path = Path("docs", ticket.partition("_")[2], "report.md")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(elsewhere)


if __name__ == "__main__":
    sys.exit(main())
