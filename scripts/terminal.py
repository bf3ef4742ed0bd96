#!/usr/bin/env python3
"""Usage: scripts/terminal.py [--rows N] [--title TEXT] [--replace OLD=NEW]...
           FILE COMMAND...

Run COMMAND on a terminal of 80 columns and draw what it prints as FILE, an
SVG of text.  With --rows, FILE is an animation in a window of that height:
lines come in the order in which they were printed, and each line that begins
with "==" waits until the ones before it can have been read.  --replace puts
the names of another machine in place of this one's.

It knows what the program uses in output that is not live: colours, CR and LF.
The exit code is that of COMMAND.
"""
import argparse
import os
import pty
import re
import struct
import fcntl
import termios
import sys
from xml.sax.saxutils import escape

COLUMNS = 80
CELL, LINE, MARGIN = 8.4, 18, 14
LINE_S, COMMAND_S, READING_S, END_S = 0.12, 0.7, 0.16, 8.0
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341"}
FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace"


def run(command):
    """Everything that the command prints, and its exit code."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("4H", 24, COLUMNS, 0, 0))
    output = b""
    while True:
        try:
            chunk = os.read(fd, 65536)
        except OSError:
            break
        if not chunk:
            break
        output += chunk
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return output.decode("utf-8", "replace"), code


def spans(line, style):
    """[(style, text)], and the style that the next line begins with."""
    result = []
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b["):
            codes = part[2:-1].split(";")
            style = style if codes[-1] not in ("", "0") else ""
            for code in codes:
                if code == "1":
                    style += " font-weight='bold'"
                elif code in COLOURS:
                    style += f" fill='{COLOURS[code]}'"
        elif "\x1b" in part:
            sys.exit(f"unknown escape sequence in: {part!r}")
        elif part:
            result.append((style, part))
    return result, style


def rows(output):
    """Rows of at most 80 columns, as the terminal breaks them."""
    result, style = [], ""
    for line in output.replace("\r\n", "\n").rstrip("\n").split("\n"):
        row, width = [], 0
        pieces, style = spans(line, style)
        for kind, text in pieces:
            while width + len(text) > COLUMNS:
                cut = COLUMNS - width
                row.append((kind, text[:cut]))
                result.append(row)
                row, width, text = [], 0, text[cut:]
            row.append((kind, text))
            width += len(text)
        result.append(row)
    return result


def plain(row):
    return "".join(text for _, text in row)


def draw_row(row, number):
    text = plain(row)
    if not text.strip():
        return ""
    body = "".join(
        f"<tspan{kind}>{escape(part)}</tspan>" if kind else escape(part)
        for kind, part in row
    )
    # With a width, because the reader's font may differ.
    return (
        f"<text y='{number * LINE + 13}' "
        f"textLength='{len(text) * CELL:.0f}'>{body}</text>\n"
    )


def times(lines):
    """When each row appears, and when the animation begins again."""
    now, unread, result = 0.5, 0, []
    for row in lines:
        text = plain(row).strip()
        if text.startswith("=="):
            now += READING_S * unread
            unread = 0
        unread += 1
        result.append(now)
        now += COMMAND_S if text.startswith("$") else LINE_S
    return result, now + END_S


def keyframes(name, points, total):
    """Steps from one value to the next; what repeats is left out."""
    steps, last = [], None
    for when, value in points:
        if value != last:
            steps.append(
                f"{when * 100 / total:.2f}%"
                f"{{transform:translateY({value}px)}}"
            )
        last = value
    return f"@keyframes {name}{{{''.join(steps)}}}\n"


def animation(lines, height):
    """The text moves up, and a cover over what is not printed yet moves down
    with it."""
    starts, total = times(lines)
    shown = [(0, 0)] + [(s, i + 1) for i, s in enumerate(starts)]
    moved = [(s, -LINE * max(0, n - height)) for s, n in shown]
    covered = [(s, LINE * n) for s, n in shown]
    return (
        keyframes("m", moved, total)
        + keyframes("c", covered, total)
        + f".m{{animation:m {total:.1f}s step-end infinite}}\n"
        + f".c{{animation:c {total:.1f}s step-end infinite}}\n"
        + "@media(prefers-reduced-motion:reduce)"
        + "{.m{animation:none}.c{display:none}}\n"
    )


def picture(lines, height, title):
    width = int(COLUMNS * CELL) + 1
    visible = height or len(lines)
    style = animation(lines, height) if height else ""
    text = "".join(draw_row(row, i) for i, row in enumerate(lines))
    cover = (
        f"<rect class='c' width='{width}' height='{len(lines) * LINE}' "
        "fill='#0d1117'/>"
        if height
        else ""
    )
    return f"""<svg xmlns='http://www.w3.org/2000/svg' \
viewBox='0 0 {width + 2 * MARGIN} {visible * LINE + 2 * MARGIN}' \
role='img'>
<title>{escape(title)}</title>
<style>
text{{white-space:pre;font:14px {FONT};fill:#c9d1d9}}
{style}</style>
<rect width='100%' height='100%' rx='8' fill='#0d1117'/>
<svg x='{MARGIN}' y='{MARGIN}' width='{width}' height='{visible * LINE}'>
<g class='m' xml:space='preserve'>
{text}{cover}</g>
</svg>
</svg>
"""


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--title", default="")
    parser.add_argument("--replace", action="append", default=[])
    parser.add_argument("file")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    output, code = run(args.command)
    for pair in args.replace:
        output = output.replace(*pair.split("=", 1))
    lines = rows(output)
    while lines and not plain(lines[0]).strip():
        lines.pop(0)
    with open(args.file, "w", encoding="utf-8") as out:
        out.write(picture(lines, args.rows, args.title))
    sys.exit(code)


main()
