"""Memory of one exporter under clients that mean no good, and with several accounts."""

import resource
import socket
import time

from client import OPENMETRICS, get
from exporter import Exporter, Simulator
from processes import peak_kib, resident_kib, wait_for
from scale import configure

HEADS = 4_000
SILENT = 100
ACCOUNTS, PBXS = 200, 100


def measure(table, directory):
    """Adds a row for each attack."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    peak = unfinished_heads()
    table.row(f"memory under {HEADS:,} unfinished heads of 31 kB", "at most 128 MiB", f"{peak:.0f} MiB", peak <= 128)
    more = unread_pages(directory)
    what = f"memory for {SILENT} clients that never read the status page, {ACCOUNTS} accounts of {PBXS} PBXs"
    table.row(what, "at most 96 MiB more", f"{more:.0f} MiB", more <= 96)
    table.head("accounts of three PBXs", "memory")
    for accounts in (1, 10, 200):
        table.line(f"{accounts}", f"{with_accounts(directory, accounts):.1f} MiB")


def connect(port, text):
    """A connection that has sent this, or as much of it as the other side took."""
    stream = socket.socket()
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stream.connect(("127.0.0.1", port))
    stream.setblocking(False)
    try:
        stream.send(text.encode())
    except OSError:
        pass
    return stream


def unfinished_heads():
    """The most memory in MiB."""
    simulator = Simulator(1, 3)
    exporter = Exporter(url=simulator.url)
    exporter.page(OPENMETRICS)
    head = "GET /metrics HTTP/1.1\r\nHost: a\r\nX-Long: " + "x" * 31_000
    streams = [connect(exporter.port, head) for _ in range(HEADS)]
    time.sleep(1)
    peak = peak_kib(exporter.process) / 1024
    close(streams, exporter, simulator)
    return peak


def unread_pages(directory):
    """How much memory is added, in MiB."""
    simulator, exporter = collected(directory, ACCOUNTS, PBXS)
    get(exporter.port, "/")
    before = resident_kib(exporter.process)
    streams = []
    # Over some seconds, in which the page changes.
    for _ in range(SILENT):
        streams.append(connect(exporter.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
        time.sleep(0.1)
    time.sleep(5)
    more = (peak_kib(exporter.process) - before) / 1024
    close(streams, exporter, simulator)
    return more


def with_accounts(directory, accounts):
    """Memory in MiB once each has been collected and scraped."""
    simulator, exporter = collected(directory, accounts, 3)
    memory = resident_kib(exporter.process) / 1024
    close([], exporter, simulator)
    return memory


def collected(directory, accounts, pbxes):
    """A simulator with so many accounts, and an exporter that has collected all of them."""
    simulator = Simulator(accounts, pbxes)
    exporter = Exporter(f"--config.file={configure(directory, simulator.url, accounts)}")
    for number in range(1, accounts + 1):
        path = f"/probe?account=account-{number:04}"
        wait_for(path, lambda: b"\neightxeight_up 1\n" in (get(exporter.port, path, OPENMETRICS) or b""), 120)
    return simulator, exporter


def close(streams, exporter, simulator):
    """Ends all of it."""
    for stream in streams:
        stream.close()
    exporter.stop()
    simulator.stop()
