#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Audit what the demo left behind: logs of both streams, captures, events.

usage: report.py DIRECTORY

Exit status 0 only if the soft handovers lost nothing, nothing was in clear on
any link, every capture is complete and the file arrived whole.
"""
import hashlib
import json
import os
import re
import subprocess
import sys

BARS = " ▁▂▃▄▅▆▇█"
NSEC = 1e9
LINKS = ("radio", "wlan", "core")
# What may pass between the mobile and the server: ESP and IKE, nothing else.
# In the benchmark of handovers the first address changes to 10.0.1.3, and what
# goes through tunnels is between addresses of 10.9.0.0/16.
CLEAR = ("((host 10.0.3.2 and (host 10.0.1.2 or host 10.0.1.3 or "
         "host 10.0.2.2)) or net 10.9.0.0/16) "
         "and not esp and not (udp and (port 500 or port 4500))")


def read_flow(path):
    """Return {seq: sent time} and [(received time, seq)] of one log."""
    sent, received = {}, []
    with open(path) as log:
        for line in log:
            f = line.split()
            if f[0] == "S":
                sent[int(f[1])] = int(f[2]) / NSEC
            elif f[0] == "R":
                received.append((int(f[2]) / NSEC, int(f[1])))
    return sent, received


def read_marks(path):
    with open(path) as marks:
        rows = [line.split() for line in marks]
    return [(float(r[0]), " ".join(r[1:])) for r in rows]


def read_events(path):
    events = []
    with open(path) as lines:
        for line in lines:
            try:
                events.append(json.loads(line))
            except ValueError:
                continue
    return events


class Direction:
    """Datagrams of one direction: what one end sent, the other received."""

    def __init__(self, sender_log, receiver_log):
        self.sent = read_flow(sender_log)[0]
        self.received = sorted(read_flow(receiver_log)[1])
        self.count = {}
        for _, seq in self.received:
            self.count[seq] = self.count.get(seq, 0) + 1

    def window(self, begin, end):
        """(sent, lost, duplicated, largest gap in ms) of what was sent then."""
        seqs = [s for s, t in self.sent.items() if begin <= t < end]
        lost = sum(1 for s in seqs if s not in self.count)
        dup = sum(self.count[s] - 1 for s in seqs if s in self.count)
        times = [t for t, _ in self.received if begin <= t < end]
        gap = max((b - a for a, b in zip(times, times[1:])), default=0)
        return len(seqs), lost, dup, gap * 1000


def handovers(marks, end):
    """[(name, begin, end)] of each handover, up to the next mark."""
    found = []
    for i, (when, what) in enumerate(marks):
        if what.split()[0] in ("soft", "hard"):
            stop = marks[i + 1][0] if i + 1 < len(marks) else end
            # What was on the wire when the change came counts for it.
            found.append((what.split()[0], when - 0.1, stop - 0.1))
    return found


def clear_datagrams(directory, link):
    """Count of packets in clear in a capture; None if it is not whole."""
    with open(os.path.join(directory, link + ".tcpdump")) as said:
        m = re.search(r"(\d+) packets? dropped by kernel", said.read())
    if not m or int(m.group(1)):
        return None
    out = subprocess.run(
        ["tcpdump", "-nn", "-r", os.path.join(directory, link + ".pcap"),
         CLEAR], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return len(out.stdout.splitlines())


def esp_datagrams(directory, link):
    out = subprocess.run(
        ["tcpdump", "-nn", "-r", os.path.join(directory, link + ".pcap"),
         "esp"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return len(out.stdout.splitlines())


def strip(label, samples, begin, step, columns, unit):
    """One row of the throughput picture; samples are (time, amount)."""
    bins = [0.0] * columns
    for when, amount in samples:
        i = int((when - begin) / step)
        if 0 <= i < columns:
            bins[i] += amount / step
    top = max(bins) or 1
    bars = "".join(BARS[min(8, int(round(8 * b / top)))] for b in bins)
    print(f"  {label:<10} {bars}  max {top:,.0f} {unit}")


def picture(directory, up, down, marks, begin, end):
    step = 0.2
    columns = int((end - begin) / step)
    with open(os.path.join(directory, "sctp.log")) as log:
        sctp = [(int(a) / NSEC, int(b) / 1000)
                for a, b in (line.split() for line in log)]
    rule = [" "] * columns
    for when, what in marks:
        kind = what.split()[0]
        i = int((when - begin) / step)
        if kind in ("soft", "hard") and 0 <= i < columns:
            rule[i:i + 5] = "^" + kind
    print(f"What arrived, every {step:g} s (^ marks a handover):\n")
    strip("SCTP file", sctp, begin, step, columns, "kB/s")
    for label, way in (("UDP up", up), ("UDP down", down)):
        strip(label, [(t, 1) for t, _ in way.received], begin, step, columns,
              "datagrams/s")
    print(f"  {'':<10} {''.join(rule)[:columns]}\n")


def times_of(events, begin, end):
    """T_UPDATE and T_RRC in ms as the agent told them in this window."""
    found = {}
    for e in events:
        if begin <= e.get("time", 0) < end:
            for key in ("t_update_us", "t_rrc_us"):
                if key in e:
                    found.setdefault(key, int(e[key]) / 1000)
    return found


def ms(value):
    return f"{value:.1f}" if value is not None else "-"


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def t_ike(directory):
    with open(os.path.join(directory, "conn.json")) as f:
        conns = json.load(f)
    return conns[0]["ike"]["t_ike_ms"] if conns else None


def main(directory):
    def path(name):
        return os.path.join(directory, name)

    marks = read_marks(path("marks"))
    events = read_events(path("events"))
    up = Direction(path("mobile.flow"), path("server.flow"))
    down = Direction(path("server.flow"), path("mobile.flow"))
    begin = marks[0][0] - 0.2
    end = max(max(up.sent.values()), max(down.sent.values()))
    bad, rows = [], []

    print()
    picture(directory, up, down, marks, begin, end)
    if t_ike(directory) is not None:
        print("T_IKE, until the first keys were in use: "
              f"{ms(t_ike(directory))} ms\n")
    print("  handover  way    sent  lost  twice  largest gap"
          "   T_UPDATE    T_RRC")
    for kind, first, last in handovers(marks, end):
        told = times_of(events, first, last)
        for name, way in (("up", up), ("down", down)):
            sent, lost, dup, gap = way.window(first, last)
            update = ms(told.get("t_update_us")) if name == "up" else ""
            rrc = ms(told.get("t_rrc_us")) if name == "up" else ""
            print(f"  {kind:<8}  {name:<5}{sent:>6}{lost:>6}{dup:>7}"
                  f"{gap:>10.1f} ms{update:>11}{rrc:>9}")
            rows.append({"demo": "handover", "kind": kind, "way": name,
                         "sent": sent, "lost": lost, "dup": dup,
                         "gap_ms": round(gap, 2)})
            if kind == "soft" and (lost or dup):
                bad.append(f"a soft handover lost {lost} and doubled {dup} "
                           f"datagrams on the way {name}")
    with open(path("handovers.json"), "w") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    print("\n  link    encrypted   in clear")
    for link in LINKS:
        clear = clear_datagrams(directory, link)
        esp = esp_datagrams(directory, link)
        print(f"  {link:<6}{esp:>11}{'unknown' if clear is None else clear:>11}")
        if clear is None:
            bad.append(f"the capture on {link} is not complete")
        elif clear:
            bad.append(f"{clear} datagrams in clear on {link}")
        if not esp:
            bad.append(f"nothing was seen on {link}: the demo did not run")
    ends = [sha256(path("file.sent")), sha256(path("file.received"))]
    print(f"\n  SHA-256 of the file, mobile  {ends[0]}"
          f"\n                       server  {ends[1]}\n")
    if ends[0] != ends[1]:
        bad.append("the file did not arrive whole")
    if not any(kind == "soft" for kind, _, _ in handovers(marks, end)):
        bad.append("no soft handover took place")
    for reason in bad:
        print(f"FAILED: {reason}")
    if not bad:
        print("Nothing lost in a soft handover, nothing in clear on any link,"
              " the file is whole.")
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
