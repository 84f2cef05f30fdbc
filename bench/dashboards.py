#!/usr/bin/env python3
"""Every query of the dashboards, asked of a Prometheus that has scraped 60 PBXs once a minute for 30 days."""

import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import history
from processes import cpu_seconds, start, stop_all

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "grafana/dashboards"
PBXS, DAYS, END = 60, 30, 1781013600
WIDTH = 1900
"""Of the screen, in pixels: a chart asks for a point for each."""
OPEN = {"job": ".+", "instance": ".+", "account": ".*", "pbx": ".+", "window": "1h", "few_calls": "20"}


def prometheus(directory):
    """Writes the past, and starts a Prometheus that has it. Returns its address and the process."""
    work, minutes = pathlib.Path(directory), DAYS * history.DAY
    begin = END - 60 * minutes
    labels = 'job="eightxeight",instance="exporter:10888",pbx_id="site-{:02}"'
    pbxs = [history.Pbx(labels.format(i), 20 + 10 * i, begin, minutes, i) for i in range(PBXS)]
    with open(work / "history.om", "w", encoding="ascii") as out:
        # Of `today` the dashboards look a week back.
        keep = {(metric, "today"): 8 * history.DAY for metric in history.METRICS}
        history.write(out, pbxs, begin, minutes, keep=keep)
    load = ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=720h", "openmetrics"]
    subprocess.run([*load, work / "history.om", work / "data"], check=True, stdout=subprocess.DEVNULL)
    (work / "history.om").unlink()
    (work / "prometheus.yml").write_text("scrape_configs: []\n", encoding="ascii")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    options = [f"--config.file={work}/prometheus.yml", f"--storage.tsdb.path={work}/data"]
    process = start(["prometheus", *options, "--storage.tsdb.retention.time=100y", f"--web.listen-address={address}"])
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://{address}/-/ready").close()
            return address, process
        except urllib.error.URLError:
            time.sleep(0.1)
    sys.exit("Prometheus isn't ready after a minute")


def ask(server, panel, target, days):
    """Asks as Grafana does. Returns seconds and the answer's length. The seconds are of the processor, the least of three:
    Prometheus works on one query with one thread, so that is how long it takes on a machine with no other work."""
    address, process = server
    pixels = WIDTH * panel["gridPos"]["w"] / 24
    least = {"30m": 1800, "1h": 3600}.get(target.get("interval", panel.get("interval")), 60)
    step = max(least, round(days * 86400 / pixels))
    values = {**OPEN, "__range": f"{days}d", "__range_s": str(days * 86400), "__interval": f"{step}s"}
    values["__rate_interval"] = f"{step + 180}s"
    query = re.sub(r"\$\{?([a-z_]+)\}?", lambda match: values[match[1]], target["expr"])
    if target["instant"]:
        path, asked = "query", {"query": query, "time": END}
    else:
        path, asked = "query_range", {"query": query, "start": END - days * 86400, "end": END, "step": step}
    body, seconds = urllib.parse.urlencode(asked).encode(), []
    for _ in range(3):
        before = cpu_seconds(process)
        with urllib.request.urlopen(f"http://{address}/api/v1/{path}", body) as answer:
            length = len(answer.read())
        seconds.append(cpu_seconds(process) - before)
    return min(seconds), length


def measure(directory):
    """For each dashboard and time range: the slowest query, its panel, and the length of all answers. Folded rows ask for
    nothing."""
    server = prometheus(directory)
    for name in ("overview", "pbx", "exporter"):
        panels = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))["panels"]
        for days in (1, 7, DAYS):
            asked = [
                (*ask(server, panel, target, days), panel["title"])
                for panel in panels
                for target in panel.get("targets", [])
            ]
            yield name, days, max(asked), sum(length for _, length, _ in asked)


def main():
    directory = tempfile.mkdtemp(prefix="bench-")
    try:
        print("| dashboard | days | slowest query | panel | all answers |\n|---|---|---|---|---|")
        for name, days, (seconds, _, title), length in measure(directory):
            print(f"| {name} | {days} | {seconds:.2f} s | {title} | {length / 1000:.0f} kB |", flush=True)
    finally:
        stop_all()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
