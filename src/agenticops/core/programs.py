"""Programs: what well-known ones do with their arguments, so that a command's writes are known before it runs.

This is a help for who means well: what a program of the repository writes, nobody can read off its command line. The
audit of the diff judges that afterwards (ADR 0025). Loads nothing else, because the guard asks it.
"""

from __future__ import annotations

from itertools import pairwise

from agenticops.core.shell import Command, commands

# What tells the tool that an agent is at work; and what git is told to leave its hooks out.
IDENTITY = ("CLAUDECODE", "AGENTICOPS_AGENT")
_SETTING = {"unset", "export", "declare", "typeset", "readonly", "local", "env", "set"}
_HOOKS = "core.hookspath"

_WRAPPERS = {"timeout", "time", "nice", "nohup", "stdbuf", "command", "builtin", "exec", "env", "sudo", "doas", "xargs"}
# Around a command that a pattern names, these change nothing of what it does.
HARMLESS = {"timeout", "time", "nice", "nohup", "stdbuf"}
_SHELLS = {"sh", "bash", "dash", "zsh", "ksh"}
READING = {
    "[", "basename", "cat", "cd", "column", "comm", "cut", "date", "df", "diff", "dirname", "du", "echo", "egrep",
    "false", "fgrep", "file", "grep", "head", "hostname", "id", "jq", "less", "ls", "md5sum", "more", "nl", "pgrep",
    "printf", "ps", "pwd", "readlink", "realpath", "rg", "sha256sum", "sleep", "stat", "tail", "test", "tr", "tree",
    "true", "type", "uname", "uniq", "wait", "wc", "which", "whoami",
}  # fmt: skip
_READING_GIT = {"blame", "describe", "diff", "grep", "log", "ls-files", "ls-tree", "rev-list", "rev-parse", "show"}
_READING_GIT |= {"cat-file", "merge-base", "shortlog", "status"}
# Options that take a word of their own.
_VALUED = {
    "truncate": {"-s", "--size", "-r", "--reference"},
    "touch": {"-d", "--date", "-t", "-r", "--reference"},
    "install": {"-m", "--mode", "-o", "--owner", "-g", "--group"},
    "cp": {"-S", "--suffix"},
    "mv": {"-S", "--suffix"},
    "ln": {"-S", "--suffix"},
    "git": {"-s", "--source", "-e", "--exclude", "-b", "-B"},
}


class Write:
    """A path that a command writes; `removes` when what stands there goes, with all below it."""

    __slots__ = ("folder", "path", "removes")

    def __init__(self, path: str, removes: bool = False, folder: bool = False) -> None:
        self.path, self.removes, self.folder = path, removes, folder


def bare(words: list[str], wrappers: set[str] = _WRAPPERS) -> list[str]:
    """Take away programs that only start another one, with their options: `timeout 5`, `env A=b`."""
    while words and _name(words[0]) in wrappers:
        at = 1
        while at < len(words) and (words[at].startswith("-") or "=" in words[at] or words[at][:1].isdecimal()):
            at += 1
        words = words[at:]
    return words


def inner(words: list[str]) -> list[Command]:
    """Give the commands that a shell is started with. Raises ValueError when they cannot be taken apart."""
    words = bare(words)
    if words and words[0] == "eval":
        return commands(" ".join(words[1:]))
    if words and _name(words[0]) in _SHELLS:
        flags = [i for i, w in enumerate(words[1:], 1) if w.startswith("-") and not w.startswith("--") and "c" in w]
        if flags and flags[0] + 1 < len(words):
            return commands(words[flags[0] + 1])
    return []


def disguise(command: Command) -> str:
    """Say how a command would hide that an agent is at work, or pass git's hooks by; "" when it does not."""
    assignments, words = command.split()
    for word in assignments:
        if word.partition("=")[0].removesuffix("+") in IDENTITY:
            return f"it sets {word.partition('=')[0]}"
    if words and words[0] in READING:
        return ""  # it only speaks of such things
    for at, word in enumerate(words):
        if _name(word) in _SETTING:
            found = _unsaid(words[at:])
            if found:
                return found
    if any(_name(w) == "git" for w in words):
        return _unhooked(words)
    return ""


def _unsaid(words: list[str]) -> str:
    for word in words[1:]:
        name = word.partition("=")[0].removeprefix("--unset").removeprefix("-u")
        if name in IDENTITY or word.removeprefix("--unset=") in IDENTITY:
            return f"it touches {name or word.removeprefix('--unset=')}"
        if words[0].endswith("env") and word in ("-i", "-", "--ignore-environment"):
            return "it empties the environment"
    return ""


def _unhooked(words: list[str]) -> str:
    for word in words:
        if len(word) > 6 and "--no-verify".startswith(word):
            return "it leaves git's hooks out"
        if _HOOKS in word.lower():
            return "it changes where git finds its hooks"
    if "commit" in words and _short(words[words.index("commit") + 1 :]):
        return "it leaves git's hooks out"
    return ""


def _short(words: list[str]) -> bool:
    """Tell whether `-n` is among the options of a commit, by itself or in a cluster."""
    value = False
    for word in words:
        if value or not word.startswith("-") or word.startswith("--"):
            if word == "--" and not value:
                return False
            value = False
            continue
        letters = _flags(word)
        if "n" in letters:
            return True
        value = len(letters) == len(word) - 1
    return False


def _flags(word: str) -> str:
    """The letters of a cluster of options, up to the one that takes the rest as its value."""
    for at, letter in enumerate(word):
        if letter in "mCcFtSu":
            return word[:at]
    return word


def reads_only(command: Command) -> bool:
    """Tell whether a command is one of the few that are known to write nothing."""
    _, words = command.split()
    words = bare(words, HARMLESS)
    if not words:
        return True
    if words[0] == "git":
        return len(words) > 1 and words[1] in _READING_GIT and not any(w.startswith("--output") for w in words)
    if words[0] == "rg":
        return not any(w.startswith(("--pre", "--hostname-bin")) for w in words)
    return words[0] in READING


def writes(command: Command) -> list[Write]:
    """Give the literal paths that a command writes, as far as its words tell."""
    found = [Write(w) for o, w in command.redirections if ">" in o and not _descriptor(o, w)]
    _, words = command.split()
    words = bare(words)
    if words:
        found += _written(_name(words[0]), words[1:])
    return [w for w in found if w.path and "$" not in w.path]


def _written(name: str, rest: list[str]) -> list[Write]:
    if name == "git":
        return _by_git(rest)
    arguments = _arguments(rest, _VALUED.get(name, set()))
    if name in ("tee", "touch", "truncate"):
        return [Write(a) for a in arguments]
    if name in ("rm", "rmdir", "unlink", "shred"):
        return [Write(a, removes=True) for a in arguments]
    if name in ("cp", "mv", "ln", "install", "rsync"):
        return _copied(name, rest, arguments)
    if name in ("sed", "gsed", "perl", "ruby"):
        return [Write(a) for a in _in_place(rest)]
    if name == "dd":
        return [Write(a[3:]) for a in rest if a.startswith("of=")]
    if name in ("curl", "wget"):
        options = ("-o", "--output") if name == "curl" else ("-O", "--output-document")
        return [Write(b) for a, b in pairwise(rest) if a in options and b != "-"]
    return []


def _copied(name: str, rest: list[str], arguments: list[str]) -> list[Write]:
    folder = [b for a, b in pairwise(rest) if a in ("-t", "--target-directory")]
    folder += [a.partition("=")[2] for a in rest if a.startswith("--target-directory=")]
    if folder:
        sources, target = [a for a in arguments if a != folder[0]], folder[0]
    elif len(arguments) > 1:
        *sources, target = arguments
    else:
        return []
    names = [s.rstrip("/").rpartition("/")[2] for s in sources]
    found = [Write(s, removes=True) for s in sources] if name == "mv" else []
    if folder or len(sources) > 1 or target.endswith("/"):
        return [*found, *(Write(f"{target.rstrip('/')}/{n}") for n in names)]
    # It goes below a folder, if that is one: who knows the files tells.
    return [*found, *(Write(f"{target}/{n}", folder=True) for n in names)]


def _in_place(rest: list[str]) -> list[str]:
    """The files that `sed -i` or `perl -pi` edits: all words but the options and the script."""
    if not any(w.startswith("--in-place") or (w[:1] == "-" and w[:2] != "--" and "i" in w[:4]) for w in rest):
        return []
    valued = {"-e", "-f", "--expression", "--file", "-pe", "-pie", "-ne"}
    scripted = any(w in valued or w.startswith(("-e", "--expression=")) for w in rest)
    found = [a for a in _arguments(rest, valued) if a]
    return found if scripted else found[1:]


def _by_git(rest: list[str]) -> list[Write]:
    base = ""
    while len(rest) > 1 and rest[0] in ("-C", "-c"):
        base = f"{base}{rest[1]}/" if rest[0] == "-C" else base
        rest = rest[2:]
    if not rest:
        return []
    verb, rest = rest[0], rest[1:]
    paths = rest[rest.index("--") + 1 :] if "--" in rest else []
    unstages = "--staged" in rest and "--worktree" not in rest
    if verb in ("rm", "mv") or (verb == "restore" and not unstages):
        paths = paths or _arguments(rest, _VALUED["git"])
    elif verb != "checkout":
        return []
    return [Write(base + p, removes=True) for p in paths]


def _arguments(rest: list[str], valued: set[str]) -> list[str]:
    found: list[str] = []
    skip = literal = False
    for word in rest:
        if skip:
            skip = False
        elif literal or not word.startswith("-") or word == "-":
            found.append(word)
        elif word == "--":
            literal = True
        else:
            skip = word in valued
    return found


def _descriptor(operator: str, word: str) -> bool:
    return operator == ">&" and (word.isdecimal() or word == "-")


def _name(word: str) -> str:
    return word.rpartition("/")[2]
