"""A second reading of delimited bytes: one byte at a time, by a small state machine, from the rules alone.

A cell that begins with a quote ends at the next single quote; two quotes in it are one.
A quote elsewhere is an ordinary character. A carriage return outside quotes belongs to a line end.
A line of blanks only is no record.
A record longer than `most` bytes does not exist: its quote was left open.
What cannot be read is one line, and the next record begins after it. So is a record of the wrong
number of cells when a line in the midst of it has the right one.
"""

from __future__ import annotations

from typing import NamedTuple

QUOTE, RETURN, NEWLINE = ord('"'), ord("\r"), ord("\n")

START, PLAIN, QUOTED, CLOSED, ENDING = "start", "plain", "quoted", "closed", "ending"


class Read(NamedTuple):
    """One record as read: its cells, None when it cannot be; where the next begins."""

    cells: list[bytes] | None
    end: int


def plain_records(data: bytes, delimiter: str, width: int, most: int) -> list[list[str] | str]:
    """Every record in order: its cells (blank as ""), or the rule it breaks. The first is source row 1."""
    mark, found, at = ord(delimiter), [], 0
    while at < len(data):
        read = read_record(data, at, mark, most)
        raw = data[at : read.end]
        if is_blank_line(read, raw):
            at = read.end
            continue
        fate, at = settle(data, at, read, mark, width, most)
        found.append(fate)
    return found


def settle(data: bytes, at: int, read: Read, mark: int, width: int, most: int) -> tuple[list[str] | str, int]:
    first_end = line_end(data, at)
    if read.cells is None:
        return unreadable(data[at:first_end], mark, most), first_end
    if len(read.cells) != width and any(
        stands_alone(line, mark, width, most) for line in lines_of(data[first_end : read.end])[:-1]
    ):
        return "unclosed_quote", first_end
    if not is_text(data[at : read.end]):
        return "undecodable", read.end
    if len(read.cells) != width:
        return ("short_row" if len(read.cells) < width else "long_row"), read.end
    return [cell.decode() for cell in read.cells], read.end


def unreadable(line: bytes, mark: int, most: int) -> str:
    if len(line) > most:
        return "record_too_long"
    body = line.rstrip(b"\r\n")
    if b"\r" in body and read_record(body.replace(b"\r", b" "), 0, mark, most).cells is not None:
        return "bare_return"
    return "unclosed_quote"


def stands_alone(line: bytes, mark: int, width: int, most: int) -> bool:
    read = read_record(line, 0, mark, most)
    return read.cells is not None and len(read.cells) == width and not is_blank_line(read, line)


def is_blank_line(read: Read, raw: bytes) -> bool:
    return read.cells is not None and len(read.cells) < 2 and not raw.strip(b" \r\n")


def line_end(data: bytes, at: int) -> int:
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end + 1


def lines_of(data: bytes) -> list[bytes]:
    ends, at = [], 0
    while at < len(data):
        ends.append(data[at : line_end(data, at)])
        at = line_end(data, at)
    return ends


def is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def read_record(data: bytes, at: int, mark: int, most: int) -> Read:
    """The record that begins at a place. Lines count as read only while the record is not too long."""
    start, limit = at, line_end(data, at)
    if limit - start > most:
        return Read(None, limit)
    state, cells, cell = START, [], bytearray()
    while at < limit:
        byte = data[at]
        at += 1
        if state == QUOTED:
            if byte == QUOTE:
                state = CLOSED
            else:
                cell.append(byte)
                if byte == NEWLINE and (longer := line_end(data, at)) - start <= most:
                    limit = longer
        elif state == CLOSED and byte == QUOTE:
            cell.append(byte)
            state = QUOTED
        elif state == ENDING and byte not in (RETURN, NEWLINE):
            return Read(None, at)
        elif byte in (RETURN, NEWLINE):
            if byte == NEWLINE:
                return Read([*cells, bytes(cell)], at)
            state = ENDING
        elif byte == mark:
            cells.append(bytes(cell))
            cell, state = bytearray(), START
        elif state == CLOSED:
            return Read(None, at)
        elif state == START and byte == QUOTE:
            state = QUOTED
        else:
            cell.append(byte)
            state = PLAIN
    return Read(None if state == QUOTED else [*cells, bytes(cell)], at)
