"""Cuts a script into the statements that move data, also those inside procedures, functions, triggers and blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlglot.dialects.dialect import Dialect
from sqlglot.tokens import Token, TokenType

ROUTINES = {"PROCEDURE", "PROC", "FUNCTION", "TRIGGER", "PACKAGE", "TASK"}
BEFORE_KIND = {
    "CREATE", "ALTER", "OR", "REPLACE", "TEMP", "TEMPORARY", "SECURE", "EDITIONABLE", "NONEDITIONABLE", "CONSTRAINT",
    "DEFINER", "=", "@", "AGGREGATE", "TABLE",
}  # fmt: skip
CONTROL = {
    "BEGIN", "END", "IF", "ELSE", "ELSEIF", "ELSIF", "LOOP", "WHILE", "FOR", "REPEAT", "UNTIL", "EXCEPTION",
    "WHEN", "CASE", "DECLARE", "RETURN", "RETURNS", "LEAVE", "ITERATE", "EXIT", "CONTINUE", "RAISE",
    "RAISERROR", "THROW", "PRINT", "OPEN", "CLOSE", "FETCH", "SIGNAL", "GOTO", "WAITFOR", "NULL", "BREAK",
    "THEN", "DO", "LANGUAGE",
}  # fmt: skip
STARTS = {
    "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "CREATE", "DROP", "ALTER", "TRUNCATE", "COPY",
    "UNLOAD", "CALL", "EXEC", "EXECUTE", "REPLACE", "RENAME", "LOAD",
}  # fmt: skip
OPENERS = {"BEGIN", "THEN", "ELSE", "LOOP", "DO", "AS", "IS", "TRY", "CATCH", "REPEAT", "ATOMIC", "QUERY"}
NESTS = {"IF", "LOOP", "WHILE", "FOR", "REPEAT"}  # their END says so and closes no BEGIN
DOLLARS = re.compile(r"\s*\$(\w*)\$(.*)\$\1\$", re.S)
LANGUAGES = {"SQL", "PLPGSQL", "PLSQL", "SPL", "TSQL"}
TEXTS = {TokenType.STRING, TokenType.HEREDOC_STRING, TokenType.RAW_STRING, TokenType.NATIONAL_STRING}
PHRASES = {"TITLE", "FORMAT", "NAMED"}


@dataclass(frozen=True, slots=True)
class Statement:
    """Tokens of one statement and the text they are of; `in_body`: one of a routine, whose order is not known."""

    tokens: list[Token]
    text: str
    in_body: bool = False
    line: int = 0


def split(tokens: Sequence[Token], text: str, dialect: Dialect) -> Iterator[Statement]:
    """The statements of a script in their order; words that only control which of them run are left out."""
    depth, in_routine, begun = 0, False, False
    for chunk in _chunks(tokens):
        routine = _routine(chunk)
        if routine or chunk[0].text.upper() == "DO":
            bodies = list(_bodies(chunk, dialect))
            if bodies:
                yield from (Statement(one.tokens, one.text, True, chunk[0].line) for one in bodies)
                continue
            in_routine, begun = in_routine or routine, begun and not routine
        controlled = in_routine or depth > 0 or chunk[0].text.upper() in CONTROL
        depth = max(0, depth + _nesting(chunk))
        inside = in_routine or depth > 0
        begun = begun or depth > 0
        kept = _without_control(chunk, force=routine) if controlled else chunk
        if kept or (controlled and _changes_data(chunk)):  # what cannot be taken apart is left to fail
            yield Statement(kept or chunk, text, inside, chunk[0].line)
        in_routine = in_routine and not (begun and depth == 0)


def at_lines(statement: Statement, parses: Callable[[Statement], bool]) -> Iterator[Statement]:
    """A statement that does not parse, cut where a line starts another: T-SQL needs no semicolons.

    Raises ValueError where the pieces do not parse either.
    """
    tokens, start = statement.tokens, 0
    places = [
        place
        for place in range(1, len(tokens))
        if tokens[place].line > tokens[place - 1].line and tokens[place].text.upper() in STARTS | CONTROL
    ]
    if not places or len(places) > 200:
        raise ValueError
    while start < len(tokens):
        for end in [place for place in places if place > start] + [len(tokens)]:
            piece = tokens[start:end]
            if piece[0].text.upper() in CONTROL:
                piece = _without_control(piece)
            cut = Statement(piece, statement.text, statement.in_body, tokens[start].line)
            if not piece or parses(cut):
                if piece:
                    yield cut
                start = end
                break
        else:
            raise ValueError


def adapted(tokens: list[Token], dialect: str) -> list[Token]:
    """Without what says nothing about data and the parser does not know: `+=` of T-SQL, (TITLE '…') of Teradata."""
    if dialect == "tsql":
        pairs = zip(tokens, [*tokens[1:], None], strict=True)
        return [
            token
            for token, after in pairs
            if not (
                token.text in ("+", "-", "*", "/", "%")
                and after
                and after.text == "="
                and after.start == token.end + 1
            )
        ]
    if dialect == "teradata":
        kept: list[Token] = []
        for token in tokens:
            kept.append(token)
            if (
                token.text == ")"
                and len(kept) > 3
                and kept[-4].text == "("
                and kept[-3].text.upper() in PHRASES
            ):
                del kept[-4:]
        return kept
    return tokens


def _chunks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Between semicolons, and between the lines that hold only GO or a slash."""
    chunk: list[Token] = []
    for place, token in enumerate(tokens):
        alone = token.text.upper() in ("GO", "/") and (place == 0 or tokens[place - 1].line < token.line)
        alone = alone and (place + 1 == len(tokens) or tokens[place + 1].line > token.line)
        if token.token_type is TokenType.SEMICOLON or alone:
            if chunk:
                yield chunk
            chunk = []
        else:
            chunk.append(token)
    if chunk:
        yield chunk


def _routine(chunk: list[Token]) -> bool:
    """CREATE PROCEDURE and its kin."""
    words = [token.text.upper() for token in chunk[:12]]
    if words[0] not in ("CREATE", "ALTER"):
        return False
    kind = next((word for word in words if word not in BEFORE_KIND), "")
    return kind in ROUTINES


def _bodies(chunk: list[Token], dialect: Dialect) -> Iterator[Statement]:
    """The statements of a body that is written as a string, where its language is a kind of SQL."""
    words = [token.text.upper() for token in chunk]
    for place, word in enumerate(words[:-1]):
        if word == "LANGUAGE" and words[place + 1].strip("'") not in LANGUAGES:
            return
    for place, token in enumerate(chunk):
        if token.token_type in TEXTS and words[place - 1] in ("AS", "DO"):
            dollars = DOLLARS.match(token.text)
            text = dollars[2] if dollars else token.text
            yield from split(dialect.tokenize(text), text, dialect)
            return


def _without_control(chunk: list[Token], *, force: bool = False) -> list[Token]:
    """From the first word that moves data, if control words lead to it, to before the ENDs that follow."""
    start, parens, inside = 0, 0, not force
    if force or chunk[0].text.upper() not in STARTS:
        start = len(chunk)
        for place, token in enumerate(chunk):
            parens += {"(": 1, ")": -1}.get(token.text, 0)
            before = chunk[place - 1] if place else token
            led = place > 0 and (before.text.upper() in OPENERS or (before.line < token.line and inside))
            if parens == 0 and led and token.text.upper() in STARTS:
                start = place
                break
            inside = inside or (parens == 0 and token.text.upper() in ("AS", "IS", "BEGIN"))
    kept = chunk[start:]
    while kept and kept[-1].text.upper() in ("END", "TRY", "CATCH") and _nesting(kept) < 0:
        kept = kept[:-1]
    return kept


def _nesting(chunk: list[Token]) -> int:
    """How many more blocks it opens than it closes."""
    words = [token.text.upper() for token in chunk]
    nesting = 0
    for place, word in enumerate(words):
        after = words[place + 1] if place + 1 < len(words) else ""
        before = words[place - 1] if place else ""
        if (word == "CASE" and before != "END") or (
            word == "BEGIN" and after not in ("TRAN", "TRANSACTION", "WORK") and len(words) > 1
        ):
            nesting += 1
        elif word == "END" and after not in NESTS:
            nesting -= 1
    return nesting


def _changes_data(chunk: list[Token]) -> bool:
    words = [token.text.upper() for token in chunk]
    return "TRIGGER" not in words and not {"INSERT", "UPDATE", "MERGE"}.isdisjoint(words)
