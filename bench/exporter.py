"""Our exporter, and the simulator whose answers it is given."""

import datetime
import json
import os
import pathlib
import re
import subprocess
import urllib.parse
import urllib.request

from client import free_port, get
from processes import start, stop, wait_for

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
BINARY = RELEASE / "eightxeight-exporter"
SECRETS = {
    "EIGHTXEIGHT_API_KEY": "key-0001",
    "EIGHTXEIGHT_API_USERNAME": "user-0001@example.com",
    "EIGHTXEIGHT_API_PASSWORD": "password-0001",
}


class Simulator:
    """The simulator with so many customers and PBXs."""

    def __init__(self, accounts, pbxes):
        command = [RELEASE / "xtask", "load", str(accounts), str(pbxes)]
        self.process = start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def stop(self):
        """Ends it; returns how the requests came."""
        self.process.stdin.close()
        report = self.process.stdout.readline()
        stop(self.process)
        return json.loads(report)

    def answers(self):
        """Its answers for the last hour and for the day, as bytes."""
        form = urllib.parse.urlencode({"username": SECRETS["EIGHTXEIGHT_API_USERNAME"], "password": SECRETS["EIGHTXEIGHT_API_PASSWORD"]})
        key = {"8x8-apikey": SECRETS["EIGHTXEIGHT_API_KEY"]}
        token = json.loads(fetch(f"{self.url}/v1/oauth/token", key, form.encode()))["access_token"]
        now = datetime.datetime.now(datetime.timezone.utc)
        starts = {"1h": now - datetime.timedelta(hours=1), "today": now.replace(hour=0, minute=0, second=0)}
        answers = {}
        for window, begin in starts.items():
            times = {"startTime": f"{begin:%F %T}", "endTime": f"{now:%F %T}"}
            query = urllib.parse.urlencode({"pbxId": "allpbxes", "timeZone": "UTC", **times})
            answers[window] = fetch(f"{self.url}/v1/compsum?{query}", {**key, "Authorization": f"Bearer {token}"})
        return answers


def fetch(url, headers, body=None):
    with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers), timeout=600) as answer:
        return answer.read()


class Exporter:
    """The exporter, listening."""

    def __init__(self, *options, url=None):
        self.port = free_port()
        command = [BINARY, "serve", f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=error", *options]
        if url:
            command += [f"--api.url={url}", "--api.max-requests-per-minute=100000"]
        self.process = start(command, env={**os.environ, **SECRETS} if url else None)
        wait_for("the exporter", lambda: get(self.port, "/-/healthy"))

    def page(self, headers):
        """A page on which every window stands, taken on a warm cache."""

        def whole():
            page = get(self.port, "/metrics", headers)
            return page if page and b"\neightxeight_up 1\n" in page else None

        return wait_for("a collection", whole, 120)

    def collections(self):
        """How many answers it has had."""
        page = get(self.port, "/metrics").decode()
        return int(re.search(r'eightxeight_api_requests_total\{endpoint="compsum"\} (\d+)', page)[1])

    def stop(self):
        """Ends it."""
        stop(self.process)


def series(page):
    """The company's families of a text page: the exporter's own would clash with a peer's."""
    lines = page.decode().splitlines(keepends=True)
    return "".join(line for line in lines if "eightxeight_company_" in line).encode()
