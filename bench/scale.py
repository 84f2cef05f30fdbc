"""Many accounts in one exporter: 500 customers with three PBXs each, scraped once a minute."""

import pathlib
import time

from client import GZIP, OPENMETRICS, get
from exporter import Exporter, Simulator
from processes import resident_kib, stop

ACCOUNTS, PBXS = 500, 3
PERIOD = 60
BUDGET = 10
"""The default of --api.max-requests-per-minute."""


def configure(directory, url, accounts):
    """A configuration file for the simulator's accounts, all else as it is by default but for timer mode."""
    path = pathlib.Path(directory)
    lines = [f"api: {{url: {url}}}", "collect: {mode: timer, window: [1h, today]}", "accounts:"]
    for number in range(1, accounts + 1):
        name = f"account-{number:04}"
        for suffix, text in [("key", f"key-{number:04}"), ("pass", f"password-{number:04}")]:
            (path / f"{name}.{suffix}").write_text(text, encoding="ascii")
        api = f"key_file: {name}.key, username: user-{number:04}@example.com, password_file: {name}.pass"
        lines += [f"  {name}:", f"    api: {{{api}}}"]
    file = path / f"accounts-{accounts}.yml"
    file.write_text("\n".join(lines) + "\n", encoding="ascii")
    return file


def measure(directory, minutes):
    """Scrapes each account once a minute for so many minutes. Returns memory per account in KiB, the simulator's
    report, and how many scrapes went wrong."""
    simulator = Simulator(ACCOUNTS, PBXS)
    exporter = Exporter(f"--config.file={configure(directory, simulator.url, ACCOUNTS)}")
    start, bad = time.monotonic(), 0
    for turn in range(minutes * ACCOUNTS):
        time.sleep(max(0, start + turn * PERIOD / ACCOUNTS - time.monotonic()))
        name = f"account-{turn % ACCOUNTS + 1:04}"
        page = get(exporter.port, f"/probe?account={name}", {**OPENMETRICS, **GZIP})
        # The first answer comes within an interval of the start.
        bad += page is None or (turn >= ACCOUNTS and b"\neightxeight_up 1\n" not in page)
    memory = resident_kib(exporter.process)
    exporter.stop()
    report = simulator.stop()
    stop(simulator.process)
    return memory / ACCOUNTS, report, bad
