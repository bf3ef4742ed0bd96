#!/usr/bin/env python3
"""Usage: scripts/dashboard.py DASHBOARD.json FILE

Draw a Grafana dashboard as FILE, an SVG, from its JSON: each panel in its
place, with its title, unit, thresholds and legend.  The numbers are made up,
a day of three recorders with an outage; Grafana itself is not asked, and its
own rendering looks different in detail.
"""
import json
import math
import re
import sys
from xml.sax.saxutils import escape

UNIT_W, UNIT_H, GAP, MARGIN, HEAD = 40, 26, 8, 12, 40
HOURS = 24
POINTS = 97
OUTAGE = (9.0, 10.5)
PALETTE = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#b877d9"]
NAMED = {"green": "#299c46", "orange": "#d0660c", "red": "#c4162a",
         "text": "#22252b"}
FONT = "Inter,Roboto,Helvetica,Arial,DejaVu Sans,sans-serif"


def outage(hour, rise, fall):
    """0 without an outage, up to 1 in it, and back with what is made good."""
    begin, end = OUTAGE
    if hour < begin:
        return 0.0
    if hour < end:
        return min(1.0, (hour - begin) / rise)
    return max(0.0, 1 - (hour - end) / fall)


def noise(hour, seed):
    return math.sin(hour * 3.1 + seed) * math.sin(hour * 1.7 + seed * 2.3)


def sawtooth(hour, period, shift=0.0):
    return ((hour + shift) % period) / period


# Panel title: (now, [(legend, hour -> value)]).  Two panels share a title;
# the time series has lines, the stat has the number of now.
SAMPLES = {
    "On their way": 3,
    "Need an operator": 1,
    "Oldest pending": 540,
    "Last delivery": 95,
    "Last sweep": 140,
    "Free disk": 0.62,
    "Recordings": {
        "settling": lambda h: max(0, round(3 + 2 * noise(h, 1))),
        "waiting": lambda h: round(11 * outage(h, 1.5, 1.2)),
        "held": lambda h: 1 if h > 14 else 0,
    },
    "Undelivered and free": {
        f"jibri-{n} {what}": f
        for n in (1, 2)
        for what, f in (
            ("undelivered", lambda h, n=n: (1.2 + 9 * outage(h, 1.5, 1.2)
                                            + 0.6 * noise(h, n)) * 2**30),
            ("free", lambda h, n=n: (62 - 9 * n - 9 * outage(h, 1.5, 1.2)
                                     - 2 * sawtooth(h, 6, n)) * 2**30),
        )
    },
    "Failed runs in the last hour": {
        "temporary": lambda h: round(14 * outage(h, 0.8, 0.9)),
        "permanent": lambda h: 1 if 14 < h < 15 else 0,
    },
    "Runs in the last hour": {
        "attempts": lambda h: round(9 + 3 * noise(h, 2)
                                    + 14 * outage(h, 0.8, 0.9)),
        "ambiguous repeats": lambda h: 1 if 9 < h < 10 else 0,
    },
    "Oldest pending by host": {
        f"jibri-{n}": lambda h, n=n: 240 + 200 * noise(h, n)
        + 5400 * outage(h, 1.5, 0.6) * (1 - 0.2 * n)
        for n in (1, 2, 3)
    },
    "Duration of a sweep": {
        f"jibri-{n}": lambda h, n=n: 12 + 9 * noise(h, n + 3)
        + 80 * outage(h + 0.4, 0.3, 1.0)
        for n in (1, 2, 3)
    },
    "Time to available": {
        "half of them": lambda h: 9 + 2 * noise(h, 5)
        + 900 * outage(h, 1.5, 4),
        "95 %": lambda h: 24 + 5 * noise(h, 6) + 5200 * outage(h, 1.5, 6),
    },
    "Requests that failed": {
        "file-service 503": lambda h: 0.09 * outage(h, 0.2, 0.1),
        "webhook none": lambda h: 0.02 if 9.6 < h < 9.9 else 0,
    },
}


def sample(panel):
    title = panel["title"]
    if panel["type"] == "timeseries" and title == "Oldest pending":
        title += " by host"
    if title not in SAMPLES:
        sys.exit(f"no sample data for the panel: {panel['title']}")
    data = SAMPLES[title]
    if panel["type"] == "timeseries":
        check_legends(panel, data)
    return data


def check_legends(panel, data):
    """The sample's series must be some that the panel's targets can have."""
    forms = [t["legendFormat"] for t in panel["targets"]]
    for name in data:
        if not any(re.fullmatch(re.sub(r"\\\{\\\{\w+\\\}\\\}", ".+",
                                       re.escape(form)), name)
                   for form in forms):
            sys.exit(f"{panel['title']}: no target draws '{name}'")


def amount(value, unit):
    if unit == "s":
        for size, name in ((3600, "h"), (60, "min")):
            if value >= size:
                return f"{value / size:.3g} {name}"
        return f"{value:.3g} s"
    if unit == "bytes":
        return f"{value / 2**30:.3g} GiB"
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "reqps":
        return f"{value:.2g} req/s"
    return f"{value:.3g}"


def ceiling(value, unit):
    """A round number that is larger, for the top of an axis."""
    if unit == "s":
        steps = [60, 120, 300, 600, 1200, 3600, 7200, 14400]
        return next((s for s in steps if s > value), value)
    scale = 2**30 if unit == "bytes" else 1
    power = 10 ** math.floor(math.log10(value / scale))
    return next(n * power * scale for n in (1, 2, 4, 6, 8, 10)
                if n * power * scale > value)


def place(panel):
    at = panel["gridPos"]
    return (MARGIN + at["x"] * UNIT_W, HEAD + at["y"] * UNIT_H,
            at["w"] * UNIT_W - GAP, at["h"] * UNIT_H - GAP)


def text(x, y, size, words, more=""):
    return (f"<text x='{x:.0f}' y='{y:.0f}' font-size='{size}' {more}>"
            f"{escape(words)}</text>\n")


def draw_stat(panel):
    x, y, w, h = place(panel)
    defaults = panel["fieldConfig"]["defaults"]
    value = sample(panel)
    colour = "text"
    for step in defaults["thresholds"]["steps"]:
        if not step["value"] or value >= step["value"]:
            colour = step["color"]
    return (
        f"<rect x='{x}' y='{y}' width='{w}' height='{h}' rx='3' "
        f"fill='{NAMED[colour]}'/>\n"
        + text(x + 8, y + 18, 12, panel["title"], "fill='#fff'")
        + text(x + w / 2, y + h / 2 + 22, 26, amount(value, defaults["unit"]),
               "fill='#fff' font-weight='600' text-anchor='middle'")
    )


def stacked(lines):
    total = [0.0] * POINTS
    result = []
    for name, values in lines:
        total = [a + b for a, b in zip(total, values)]
        result.append((name, total, values[-1]))
    return result


def draw_series(panel):
    x, y, w, h = place(panel)
    defaults = panel["fieldConfig"]["defaults"]
    unit = defaults["unit"]
    hours = [HOURS * i / (POINTS - 1) for i in range(POINTS)]
    lines = [(name, [max(0.0, f(t)) for t in hours])
             for name, f in sample(panel).items()]
    if defaults["custom"]["stacking"]["mode"] == "normal":
        lines = stacked(lines)
    else:
        lines = [(name, values, values[-1]) for name, values in lines]
    top = ceiling(max(max(values) for _, values, _ in lines) * 1.05, unit)
    left, right = x + 62, x + w - 150
    low, high = y + h - 24, y + 34
    opacity = defaults["custom"]["fillOpacity"] / 100
    out = (f"<rect x='{x}' y='{y}' width='{w}' height='{h}' rx='3' "
           "fill='#181b1f'/>\n"
           + text(x + 8, y + 18, 12, panel["title"], "font-weight='600'"))
    for part in range(3):
        at = low + (high - low) * part / 2
        out += (f"<path d='M{left} {at:.0f}H{right}' stroke='#2c3235'/>\n"
                + text(left - 6, at + 4, 10, amount(top * part / 2, unit),
                       "text-anchor='end' fill='#8e9297'"))
    for hour in range(0, HOURS + 1, 6):
        at = left + (right - left) * hour / HOURS
        out += text(at, y + h - 8, 10, f"{hour:02}:00",
                    "text-anchor='middle' fill='#8e9297'")
    for i, (name, values, last) in reversed(list(enumerate(lines))):
        colour = PALETTE[i % len(PALETTE)]
        path = "L".join(
            f"{left + (right - left) * k / (POINTS - 1):.0f} "
            f"{low + (high - low) * v / top:.0f}"
            for k, v in enumerate(values))
        out += (f"<path d='M{path}' fill='none' stroke='{colour}'/>\n"
                f"<path d='M{left} {low}L{path}L{right} {low}z' "
                f"fill='{colour}' fill-opacity='{opacity}'/>\n")
    for i, (name, _, last) in enumerate(lines):
        at = y + 40 + 30 * i
        out += (f"<rect x='{right + 10}' y='{at - 8}' width='10' height='3' "
                f"fill='{PALETTE[i % len(PALETTE)]}'/>\n"
                + text(right + 24, at, 10, name)
                + text(right + 24, at + 13, 10, amount(last, unit),
                       "fill='#8e9297'"))
    return out


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as source:
        dashboard = json.load(source)
    draw = {"stat": draw_stat, "timeseries": draw_series}
    panels = dashboard["panels"]
    width = 24 * UNIT_W + 2 * MARGIN - GAP
    height = HEAD + MARGIN + UNIT_H * max(
        p["gridPos"]["y"] + p["gridPos"]["h"] for p in panels)
    body = "".join(draw[p["type"]](p) for p in panels)
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write(
            f"<svg xmlns='http://www.w3.org/2000/svg' "
            f"viewBox='0 0 {width} {height}' role='img' "
            f"font-family='{FONT}' fill='#ccccdc'>\n"
            f"<title>{escape(dashboard['title'])}, with sample data</title>\n"
            f"<rect width='100%' height='100%' fill='#111217'/>\n"
            + text(MARGIN, 26, 16, dashboard["title"])
            + text(width - MARGIN, 26, 12, "sample data, last 24 hours",
                   "text-anchor='end' fill='#8e9297'")
            + body + "</svg>\n")


main()
