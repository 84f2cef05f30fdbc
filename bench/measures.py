"""What is measured of one exporter, and the targets."""

import re
import statistics
import subprocess
import threading
import time

import peers
from client import GZIP, OPENMETRICS, TEXT, VARIANTS, Load, get, scrape_many
from exporter import ROOT, Exporter, Simulator, series
from processes import cpu_of, cpu_seconds, peak_kib, resident_kib, stop

SECONDS = 3
"""For which each load lasts."""

ROUNDS = 3
"""Of what is compared by turns; the median counts, so that a burst of other work on the machine doesn't."""


def record_answers(nginx):
    """Lets nginx answer as the simulator does, without the simulator's work for it."""
    for pbxes in (2, 100, 1_000, 10_000):
        simulator = Simulator(1, pbxes)
        for window, answer in simulator.answers().items():
            (nginx.directory / f"answer-{pbxes}-{window}.json").write_bytes(answer)
        simulator.stop()


def by_turns(*measurements):
    """The medians of measurements that are made one after the other, several times."""
    results = [[measure() for measure in measurements] for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*results)]


def throughput(table, nginx, directory):
    """Scrapes a second beside nginx at three sizes, and beside the others where the targets name them."""
    rows = []
    for pbxes in (2, 100, 1_000):
        exporter = Exporter(url=nginx.api(pbxes))
        page = exporter.page(TEXT)
        name = f"page-{pbxes}"
        nginx.offer(name, page)
        row = [f"{pbxes:,}"]
        for encoding, headers in (("gzip", GZIP), ("plain", {})):
            ours, files = by_turns(
                lambda: Load(exporter.port, "/metrics", {**TEXT, **headers}, SECONDS).per_second,
                lambda: Load(nginx.port, f"/{name}", headers, SECONDS).per_second,
            )
            row += [f"{ours:,.0f}", f"{ours / files:.2f}"]
            target = {(100, "gzip"): 0.5, (1_000, "plain"): 0.8}.get((pbxes, encoding))
            if target:
                what = f"{encoding} scrapes per second, {pbxes:,} PBXs, of nginx's"
                figure = f"{ours / files:.2f} ({ours:,.0f} / {files:,.0f})"
                table.row(what, f"at least {target}", figure, ours / files >= target)
                beside_peers(table, directory, (pbxes, encoding), ours, series(page), headers)
        rows.append([*row, f"{resident_kib(exporter.process) / 1024:.1f} MiB"])
        exporter.stop()
    return rows


def beside_peers(table, directory, case, ours, page, headers):
    """The same load on Pushgateway and on a Python exporter."""
    pbxes, encoding = case
    for name, (process, port) in (
        ("Pushgateway", peers.pushgateway(page)),
        ("a Python exporter", peers.python_exporter(directory, page)),
    ):
        # Several seconds, since they answer few.
        theirs = Load(port, "/metrics", headers, 2 * SECONDS).per_second
        memory = resident_kib(process) / 1024
        stop(process)
        times = f"{ours / theirs:,.0f} times" if theirs else "it answered none"
        what = f"{encoding} scrapes per second, {pbxes:,} PBXs, of {name}'s"
        figure = f"{times} ({theirs:.0f} a second, {memory:.0f} MiB)"
        if (name, pbxes) == ("Pushgateway", 100):
            table.row(what, "at least 100 times", figure, not theirs or ours / theirs >= 100)
        else:
            table.line(what, "", figure, "")


def latency(table, nginx):
    """The 99th percentile while one collection follows the other, and without any."""
    hourly = Exporter("--collect.interval=1h", "--collect.max-staleness=2h", url=nginx.api(1_000))
    always = Exporter("--collect.interval=100ms", "--collect.mode=timer", url=nginx.api(1_000))
    for exporter in (hourly, always):
        exporter.page({**OPENMETRICS, **GZIP})
    before = always.collections()
    load = lambda exporter: Load(exporter.port, "/metrics", {**OPENMETRICS, **GZIP}, SECONDS).p99_ms
    without, during = by_turns(lambda: load(hourly), lambda: load(always))
    collections = always.collections() - before
    hourly.stop()
    always.stop()
    table.row(
        "p99 of a scrape during collections of 1,000 PBXs",
        "at most 3 times that without",
        f"{during / without:.1f} times ({during:.1f} / {without:.1f} ms, {collections} collections)",
        during <= 3 * without,
    )


def collection(table, nginx):
    """CPU of collections of two windows, each with its scrape, and that of `gzip -6` of their page."""
    figures = {}
    for pbxes, count in ((1_000, 40), (10_000, 5)):
        exporter = Exporter("--collect.interval=100ms", url=nginx.api(pbxes))
        asked = {**OPENMETRICS, **GZIP}
        page = exporter.page(asked)
        answers, before = exporter.collections(), cpu_seconds(exporter.process)
        for _ in range(count):
            time.sleep(0.11)
            get(exporter.port, "/metrics", asked)
        figures[pbxes] = (cpu_seconds(exporter.process) - before) / ((exporter.collections() - answers) / 2)
        if pbxes == 1_000:
            file = nginx.directory / "page.om"
            file.write_bytes(page)
            compress = ["gzip", "-6", "--stdout", str(file)]
            squeezed = statistics.median(cpu_of(compress, stdout=subprocess.DEVNULL) for _ in range(7))
        exporter.stop()
    small, large = figures[1_000], figures[10_000]
    table.row(
        "CPU of a collection, 1,000 PBXs, two windows",
        "at most 2.5 times `gzip -6`",
        f"{small / squeezed:.2f} times ({small * 1000:.0f} / {squeezed * 1000:.0f} ms)",
        small <= 2.5 * squeezed,
    )
    table.row(
        "CPU of a collection, 10,000 against 1,000 PBXs",
        "at most 11 times",
        f"{large / small:.1f} times",
        large <= 11 * small,
    )
    return figures


def memory(table, nginx):
    """Resident memory after many scrapes, while collections replace the page."""
    for pbxes, variants, limit in ((2, [{**OPENMETRICS, **GZIP}], 12), (1_000, VARIANTS, 64)):
        exporter = Exporter("--collect.interval=1s", url=nginx.api(pbxes))
        exporter.page(TEXT)
        # All forms at the same time: the worst that can be asked of it.
        count = 10_000 // len(variants)
        scrapers = [
            threading.Thread(target=scrape_many, args=(exporter.port, "/metrics", headers, count))
            for headers in variants
        ]
        for scraper in scrapers:
            scraper.start()
        for scraper in scrapers:
            scraper.join()
        mebibytes, peak = resident_kib(exporter.process) / 1024, peak_kib(exporter.process) / 1024
        answers = exporter.collections()
        exporter.stop()
        table.row(
            f"memory, {pbxes:,} PBXs, after 10,000 scrapes" + (" in all four forms" if len(variants) > 1 else ""),
            f"at most {limit} MiB",
            f"{mebibytes:.1f} MiB (peak {peak:.1f}, {answers} answers)",
            mebibytes <= limit,
        )


def start_up(table, nginx):
    """From the start of the program to the first answer of `/-/healthy`."""

    def ours():
        begin = time.monotonic()
        exporter = Exporter(url=nginx.api(2))
        took = time.monotonic() - begin
        exporter.stop()
        return took

    def theirs():
        begin = time.monotonic()
        process, _ = peers.pushgateway()
        took = time.monotonic() - begin
        stop(process)
        return took

    pairs = [(ours(), theirs()) for _ in range(7)]
    mine, other = (statistics.median(column) * 1000 for column in zip(*pairs))
    table.row("start to the first answer", "at most Pushgateway's", f"{mine:.0f} / {other:.0f} ms", mine <= other)


def allocations(table):
    """What the test of allocations counts."""
    command = ["cargo", "test", "--quiet", "--locked", "--test", "allocations", "--", "--nocapture"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    counts = re.findall(r"(\w+) ([\d,]+) PBXs: (\d+) allocations", run.stdout)
    figure = ", ".join(f"{encoding} {pbxes}: {count}" for encoding, pbxes, count in counts)
    what = "allocations of a scrape, unchanged page"
    table.row(what, "constant in the number of PBXs", figure, run.returncode == 0 and bool(counts))
