"""Shell: takes a command line apart without running anything, as far as that can be known beforehand.

Every simple command is found, also those in subshells and substitutions, and behind `;`, `&&` or `|`. What an
expansion will give is not known: such a word keeps its `$`. Loads nothing, because the guard asks it (ADR 0025).
"""

from __future__ import annotations

DEEPEST = 20
_BEFORE = {"if", "then", "elif", "else", "do", "while", "until", "!", "{", "time", "coproc"}
_NO_COMMAND = {"fi", "done", "esac", "}", "for", "select", "[[", "in"}
_OPERATORS = ("&>>", "<<<", "<<-", "&>", ">>", ">|", ">&", "<<", "<>", "<&", "<", ">")


class Command:
    """One simple command: its words, and the files that it redirects to or from, as (operator, word)."""

    __slots__ = ("redirections", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.redirections: list[tuple[str, str]] = []

    def split(self) -> tuple[list[str], list[str]]:
        """Give the assignments in front, and the words of the command itself."""
        count = 0
        for word in self.words:
            name, equals, _ = word.partition("=")
            if not equals or not name.removesuffix("+").isidentifier():
                break
            count += 1
        return self.words[:count], self.words[count:]


def commands(text: str) -> list[Command]:
    """Give every simple command of a text. Raises ValueError for what cannot be taken apart."""
    reader = _Reader(text, 0)
    reader.read("")
    for command in reader.found:
        while command.words and command.words[0] in _BEFORE:
            del command.words[0]
        if command.words and command.words[0] in _NO_COMMAND:
            command.words = []
    return [c for c in reader.found if c.words or c.redirections]


class _Reader:
    """Reads one text; a substitution in it is read by another of its kind."""

    def __init__(self, text: str, depth: int, at: int = 0) -> None:
        if depth > DEEPEST:
            raise ValueError("it is nested too deeply")
        self.text, self.depth, self.at = text, depth, at
        self.found: list[Command] = []
        self.command = Command()
        self.word: list[str] | None = None
        self.quoted = False
        self.operator = ""
        self.documents: list[tuple[str, bool, bool]] = []

    def read(self, closing: str) -> None:
        """Read to the end, or up to the bracket that closes a substitution."""
        text, opened = self.text, 0
        while self.at < len(text):
            c = text[self.at]
            if c == closing and not opened:
                return self._end()
            if c in "'\"\\$`":
                self._quotation(c)
            elif c in " \t\r":
                self._end_word()
                self.at += 1
            elif c == "#" and self.word is None:
                line = text.find("\n", self.at)
                self.at = len(text) if line < 0 else line
            elif c in "<>" or text.startswith("&>", self.at):
                self._redirection()
            elif c in ";&|\n()":
                opened += (c == "(") - (c == ")" and opened > 0)
                self._separator(c)
            else:
                self._add(c)
        if closing:
            raise ValueError(f"{closing} is missing")
        self._end()

    def _add(self, text: str, step: int = 1) -> None:
        if self.word is None:
            self.word = []
        self.word.append(text)
        self.at += step

    def _end_word(self) -> None:
        if self.word is None:
            return
        word, self.word = "".join(self.word), None
        if not self.operator:
            self.command.words.append(word)
        else:
            self.command.redirections.append((self.operator, word))
            if self.operator in ("<<", "<<-"):
                self.documents.append((word, self.quoted, self.operator == "<<-"))
        self.operator, self.quoted = "", False

    def _end(self) -> None:
        self._end_word()
        if self.operator:
            raise ValueError("a redirection names no file")
        if self.command.words or self.command.redirections:
            self.found.append(self.command)
        self.command = Command()

    def _separator(self, c: str) -> None:
        if c == "(" and self.word is None and self.text.startswith("((", self.at):
            return self._arithmetic(2)
        self._end()
        self.at += 1
        if c == "\n":
            documents, self.documents = self.documents, []
            for delimiter, quoted, tabs in documents:
                self._document(delimiter, quoted, tabs)

    def _document(self, delimiter: str, quoted: bool, tabs: bool) -> None:
        """Skip a here-document; what is substituted in it runs all the same."""
        start = self.at
        while self.at < len(self.text):
            line = self.text.find("\n", self.at)
            line = len(self.text) if line < 0 else line
            row, here = self.text[self.at : line], self.at
            self.at = line + 1
            if (row.lstrip("\t") if tabs else row) == delimiter:
                break
        else:
            here = len(self.text)
        if not quoted:
            self._expanded(self.text[start:here])

    def _expanded(self, text: str) -> None:
        inner = _Reader(text, self.depth + 1)
        inner._double("")
        self.found += inner.found

    def _redirection(self) -> None:
        text = self.text
        if text[self.at + 1 : self.at + 2] == "(" and text[self.at] != "&":
            return self._substitution(2)
        if self.command.words[:1] == ["[["]:
            return self._add(text[self.at])  # it compares
        if self.word is not None and not self.quoted and "".join(self.word).isdecimal():
            self.word = None  # the number of a descriptor
        self._end_word()
        if self.operator:
            raise ValueError("a redirection names no file")
        self.operator = next(o for o in _OPERATORS if text.startswith(o, self.at))
        self.at += len(self.operator)

    def _quotation(self, c: str) -> None:
        text, at = self.text, self.at
        if text.startswith("\\\n", at):
            self.at += 2  # the line goes on
        elif c == "\\":
            self.quoted = True
            self._add(text[at + 1 : at + 2], 2)
        elif c == "'":
            self.quoted = True
            end = _found(text, "'", at + 1)
            self._add(text[at + 1 : end], end + 1 - at)
        elif c == '"':
            self.quoted = True
            self._add("")
            self._double('"')
        else:
            self._expansion(c)

    def _double(self, closing: str) -> None:
        """Read what stands in double quotes: substitutions count, the rest is literal."""
        text = self.text
        while self.at < len(text):
            c = text[self.at]
            if c == closing:
                self.at += 1
                return
            if c == "\\" and text[self.at + 1 : self.at + 2] in ("$", "`", '"', "\\", "\n"):
                self._add(text[self.at + 1].strip("\n"), 2)
            elif c in "$`":
                self._expansion(c, within=True)
            else:
                self._add(c)
        if closing:
            raise ValueError("a quotation mark is missing")

    def _expansion(self, c: str, within: bool = False) -> None:
        text, at = self.text, self.at
        following = text[at + 1 : at + 2]
        if c == "`":
            end = at + 1
            while text[end : end + 1] not in ("`", ""):
                end += 2 if text[end] == "\\" else 1
            inner = _Reader(text[at + 1 : _found(text, "`", end)].replace("\\`", "`"), self.depth + 1)
            inner.read("")
            self.found += inner.found
            self._add("$`", end + 1 - at)
        elif text.startswith("$((", at):
            self._arithmetic(3)
        elif following == "(":
            self._substitution(2)
        elif following == "{":
            self._braces()
        elif following == "'" and not within:
            end = at + 2
            while text[end : end + 1] not in ("'", ""):
                end += 2 if text[end] == "\\" else 1
            self._add("$" + text[at + 2 : _found(text, "'", end)], end + 1 - at)
        else:
            self._add("$")

    def _substitution(self, skipped: int) -> None:
        inner = _Reader(self.text, self.depth + 1, self.at + skipped)
        inner.read(")")
        self.found += inner.found
        self._add("$()", inner.at + 1 - self.at)

    def _arithmetic(self, skipped: int) -> None:
        end = _found(self.text, "))", self.at + skipped)
        self._expanded(self.text[self.at + skipped : end])
        self._add("$", end + 2 - self.at)

    def _braces(self) -> None:
        end, opened = self.at + 2, 1
        while opened and end < len(self.text):
            opened += {"{": 1, "}": -1}.get(self.text[end], 0)
            end += 2 if self.text[end] == "\\" else 1
        if opened:
            raise ValueError("} is missing")
        self._expanded(self.text[self.at + 2 : end - 1])
        self._add("${}", end - self.at)


def _found(text: str, wanted: str, start: int) -> int:
    at = text.find(wanted, start)
    if at < 0:
        raise ValueError(f"{wanted} is missing")
    return at
