"""A scraper, and `wrk`."""

import gzip
import http.client
import re
import socket
import subprocess

PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
OPENMETRICS = {"Accept": PROMETHEUS}
TEXT = {"Accept": "text/plain;version=0.0.4"}
GZIP = {"Accept-Encoding": "gzip"}
VARIANTS = [TEXT, {**TEXT, **GZIP}, OPENMETRICS, {**OPENMETRICS, **GZIP}]

CONNECTIONS = 8


def free_port():
    """A port that nobody listened on a moment ago."""
    with socket.socket() as unbound:
        unbound.bind(("127.0.0.1", 0))
        return unbound.getsockname()[1]


def get(port, path, headers=None, timeout=60):
    """The body of an answer with status 200, decompressed; None when there is no such answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            return None
        return gzip.decompress(body) if answer.getheader("Content-Encoding") == "gzip" else body
    except OSError:
        return None
    finally:
        connection.close()


def scrape_many(port, path, headers, count):
    """So many scrapes over one connection, each read whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(count):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"a scrape was answered with {answer.status}")
    connection.close()


class Load:
    """What `wrk` measured."""

    def __init__(self, port, path, headers, seconds):
        command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s"]
        command += ["--timeout", "30s", "--latency"]
        for name, value in headers.items():
            command += ["--header", f"{name}: {value}"]
        command.append(f"http://127.0.0.1:{port}{path}")
        self.text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
        if "Non-2xx" in self.text:
            raise RuntimeError(self.text)
        self.per_second = float(re.search(r"Requests/sec:\s+([\d.]+)", self.text)[1])
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", self.text).groups()
        self.p99_ms = float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
