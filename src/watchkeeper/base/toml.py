"""TOML as settings files use it: all of TOML 1.0 but dates and times.

Our own reader, because the agent must run on Python 3.9, which has none, and because the standard library's takes
a megabyte of the agent's memory. Source of the grammar: https://toml.io/en/v1.0.0.
"""

from __future__ import annotations

from watchkeeper.base.errors import SettingsError

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_HEXADECIMAL = "0123456789abcdefABCDEF"
_BASES = {"0x": (16, _HEXADECIMAL), "0o": (8, "01234567"), "0b": (2, "01")}
_DEEPEST = 50


def parse(text: str, path: str) -> dict[str, object]:
    """The tables of `text`; raises SettingsError with `path` and the line."""
    reader = _Reader(text.replace("\r\n", "\n"))
    try:
        return reader.document()
    except ValueError as error:
        line = reader.text.count("\n", 0, reader.at) + 1
        raise SettingsError(f"{path}: line {line}: {error}", "mend that line") from None


class _Table(dict):  # type: ignore[type-arg]
    """A table and how it came to be: a finished one cannot be added to."""

    __slots__ = ("closed", "dotted", "headed")

    def __init__(self) -> None:
        super().__init__()
        self.headed = False
        self.dotted = False
        self.closed = False


class _Tables(list):  # type: ignore[type-arg]
    """An array of tables, which `[[name]]` adds to; one that was written as a value cannot be added to."""


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def document(self) -> dict[str, object]:
        root = _Table()
        table = root
        while True:
            self._skip_lines()
            if self.at >= len(self.text):
                return root
            if self._takes("[["):
                table = self._table_of_array(root, self._header("]]"))
            elif self._takes("["):
                table = self._headed(root, self._header("]"))
            else:
                self._pair(table)
            self._end_of_line()

    # Where things are

    def _takes(self, what: str) -> bool:
        if self.text.startswith(what, self.at):
            self.at += len(what)
            return True
        return False

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _blanks(self) -> None:
        while self._peek() in (" ", "\t") and self._peek():
            self.at += 1

    def _comment(self) -> None:
        if self._peek() == "#":
            end = self.text.find("\n", self.at)
            end = len(self.text) if end < 0 else end
            _no_controls(self.text[self.at : end])
            self.at = end

    def _skip_lines(self) -> None:
        while True:
            self._blanks()
            self._comment()
            if not self._takes("\n"):
                return

    def _end_of_line(self) -> None:
        self._blanks()
        self._comment()
        if self.at < len(self.text) and not self._takes("\n"):
            raise ValueError(f"{self._rest()!r} is not expected here")

    def _rest(self) -> str:
        return self.text[self.at : self.at + 20].split("\n", 1)[0]

    # Keys and tables

    def _header(self, end: str) -> list[str]:
        self._blanks()
        keys = self._keys()
        if not self._takes(end):
            raise ValueError(f"the name of a table wants {end!r} behind it")
        return keys

    def _keys(self) -> list[str]:
        keys = [self._key()]
        self._blanks()
        while self._takes("."):
            self._blanks()
            keys.append(self._key())
            self._blanks()
        return keys

    def _key(self) -> str:
        if self._takes('"'):
            return self._basic()
        if self._takes("'"):
            return self._literal()
        begin = self.at
        while self._peek() in _BARE and self._peek():
            self.at += 1
        if begin == self.at:
            raise ValueError(f"a name is expected at {self._rest()!r}")
        return self.text[begin : self.at]

    def _headed(self, root: _Table, keys: list[str]) -> _Table:
        table = _descend(root, keys[:-1])
        found = table.setdefault(keys[-1], _Table())
        if not isinstance(found, _Table) or found.headed or found.dotted or found.closed:
            raise ValueError(f"{'.'.join(keys)} is there already")
        found.headed = True
        return found

    def _table_of_array(self, root: _Table, keys: list[str]) -> _Table:
        table = _descend(root, keys[:-1])
        tables = table.setdefault(keys[-1], _Tables())
        if not isinstance(tables, _Tables):
            raise ValueError(f"{'.'.join(keys)} is there already")  # noqa: TRY004 - what the text says is wrong
        tables.append(_Table())
        tables[-1].headed = True
        return tables[-1]  # type: ignore[no-any-return]

    def _pair(self, table: _Table, depth: int = 0) -> None:
        keys = self._keys()
        if not self._takes("="):
            raise ValueError(f"{'.'.join(keys)} wants = and a value")
        self._blanks()
        for key in keys[:-1]:
            inner = table.setdefault(key, _Table())
            if not isinstance(inner, _Table) or inner.closed or inner.headed:
                raise ValueError(f"{key} is there already, and cannot be added to here")
            inner.dotted = True
            table = inner
        if keys[-1] in table:
            raise ValueError(f"{'.'.join(keys)} is there already")
        table[keys[-1]] = self._value(depth)

    # Values

    def _value(self, depth: int) -> object:
        if depth > _DEEPEST:
            raise ValueError("values lie too deep inside each other")
        if self._takes("["):
            return self._array(depth)
        if self._takes("{"):
            return self._inline(depth)
        return self._text() if self._peek() in ("'", '"') and self._peek() else self._plain()

    def _text(self) -> str:
        for quote in ('"', "'"):
            if self._takes(quote * 3):
                return self._many_lines(quote)
        return self._basic() if self._takes('"') else self._quoted_literal()

    def _quoted_literal(self) -> str:
        self._takes("'")
        return self._literal()

    def _basic(self) -> str:
        parts: list[str] = []
        while not self._takes('"'):
            character = self._peek()
            if character in ("", "\n"):
                raise ValueError("a text has no closing quote")
            parts.append(self._character())
        return "".join(parts)

    def _literal(self) -> str:
        end = self.text.find("'", self.at)
        value = self.text[self.at : end]
        if end < 0 or "\n" in value:
            raise ValueError("a text has no closing quote")
        _no_controls(value)
        self.at = end + 1
        return value

    def _many_lines(self, quote: str) -> str:
        parts: list[str] = []
        self._takes("\n")
        while not self._takes(quote * 3):
            if self.at >= len(self.text):
                raise ValueError("a text of several lines has no closing quotes")
            if quote == '"' and self._joins_lines():
                continue
            if self._takes("\n"):
                parts.append("\n")
            elif quote == '"':
                parts.append(self._character())
            else:
                parts.append(self._peek())
                _no_controls(parts[-1])
                self.at += 1
        for _ in range(2):
            if self._takes(quote):
                parts.append(quote)
        return "".join(parts)

    def _joins_lines(self) -> bool:
        """A backslash at the end of a line takes away all blanks and line ends up to the next character."""
        end = self.at + 1
        if self._peek() != "\\":
            return False
        while self.text[end : end + 1] in (" ", "\t") and end < len(self.text):
            end += 1
        if self.text[end : end + 1] != "\n":
            return False
        while self.text[end : end + 1] in (" ", "\t", "\n") and end < len(self.text):
            end += 1
        self.at = end
        return True

    def _character(self) -> str:
        character = self._peek()
        self.at += 1
        if character != "\\":
            _no_controls(character)
            return character
        letter = self._peek()
        self.at += 1
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        length = {"u": 4, "U": 8}.get(letter, 0)
        digits = self.text[self.at : self.at + length]
        if not length or len(digits) < length or not all(digit in _HEXADECIMAL for digit in digits):
            raise ValueError(f"there is no escape \\{letter}; write \\\\ for a backslash, or use single quotes")
        self.at += length
        code = int(digits, 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise ValueError(f"\\{letter}{digits} is no character")
        return chr(code)

    def _array(self, depth: int) -> list[object]:
        values: list[object] = []
        self._skip_lines()
        while not self._takes("]"):
            values.append(self._value(depth + 1))
            self._skip_lines()
            if not self._takes(",") and self._peek() != "]":
                raise ValueError("a list wants a comma or ] here")
            self._skip_lines()
        return values

    def _inline(self, depth: int) -> _Table:
        table = _Table()
        self._blanks()
        if not self._takes("}"):
            while True:
                self._blanks()
                self._pair(table, depth + 1)
                self._blanks()
                if self._takes("}"):
                    break
                if not self._takes(","):
                    raise ValueError("an inline table wants a comma or } here")
        _close(table)
        return table

    def _plain(self) -> object:
        begin = self.at
        while self._peek() not in ("", " ", "\t", "\n", ",", "]", "}", "#"):
            self.at += 1
        word = self.text[begin : self.at]
        if not word:
            raise ValueError("a value is expected here")
        if word in ("true", "false"):
            return word == "true"
        return _number(word)


def _descend(table: _Table, keys: list[str]) -> _Table:
    for key in keys:
        inner = table.setdefault(key, _Table())
        if isinstance(inner, _Tables):
            inner = inner[-1]
        if not isinstance(inner, _Table) or inner.closed:
            raise ValueError(f"{key} is there already, and is no table")
        table = inner
    return table


def _close(table: _Table) -> None:
    table.closed = True
    for value in table.values():
        if isinstance(value, _Table):
            _close(value)


def _number(word: str) -> object:
    base = _BASES.get(word[:2])
    if base:
        if _grouped(word[2:], base[1]):
            return int(word[2:].replace("_", ""), base[0])
        raise ValueError(f"{word} is no number")
    unsigned = word[1:] if word[0] in "+-" else word
    if unsigned in ("inf", "nan"):
        return float(word)
    if len(unsigned) > 4 and unsigned[:4].isdigit() and (unsigned[4] == "-" or ":" in unsigned):
        raise ValueError(f"{word} is a date or time, which no setting takes; put it in quotes")
    if ":" in unsigned[:3]:
        raise ValueError(f"{word} is a time, which no setting takes; put it in quotes")
    mantissa, mark, exponent = unsigned.replace("E", "e").partition("e")
    whole, point, part = mantissa.partition(".")
    digits = exponent[1:] if exponent[:1] in ("+", "-") else exponent
    ok = _grouped(whole) and (whole == "0" or whole[0] != "0")
    ok = ok and (not point or _grouped(part)) and (not mark or _grouped(digits))
    if not ok:
        raise ValueError(f"{word} is neither a number nor true or false; a text wants quotes")
    plain = word.replace("_", "")
    return float(plain) if point or mark else int(plain)


def _grouped(text: str, digits: str = "0123456789") -> bool:
    """Whether `text` is made of `digits`, in groups that single underscores part."""
    return all(group and all(digit in digits for digit in group) for group in text.split("_"))


def _no_controls(text: str) -> None:
    for character in text:
        if (character < " " and character != "\t") or character == "\x7f":
            raise ValueError(f"the control character {character!r} does not belong here")
