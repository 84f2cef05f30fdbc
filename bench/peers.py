"""What a user would pick instead, and an nginx in place of 8x8, too quick to disturb the measurement."""

import gzip
import http.client
import pathlib
import urllib.request

from client import free_port, get
from processes import start, stop, wait_for

NGINX = """
daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log {directory}/nginx.log;
events {{ worker_connections 256; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; types {{ }}
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    # The day's window begins at midnight.
    map $arg_startTime $window {{ default 1h; "~00(:|%3A)00(:|%3A)00$" today; }}
    server {{
        listen 127.0.0.1:{port};
        root {directory};
        default_type "text/plain; version=0.0.4; charset=utf-8";
        location / {{ gzip_static on; }}
        location ~ ^/(?<pbxes>\\d+)/v1/compsum$ {{
            default_type application/json;
            try_files /answer-$pbxes-$window.json =404;
        }}
        location ~ ^/\\d+/v1/oauth/token$ {{
            default_type application/json;
            return 200 '{{"access_token": "token", "token_type": "bearer", "expires_in": 1800}}';
        }}
    }}
}}
"""


class Nginx:
    """Sends the files of a directory."""

    def __init__(self, directory):
        self.port = free_port()
        path = pathlib.Path(directory)
        path.chmod(0o755)
        conf = path / "nginx.conf"
        conf.write_text(NGINX.format(directory=directory, port=self.port), encoding="ascii")
        self.directory = path
        (path / "ready").write_text("ready")
        self.process = start(["nginx", "-c", str(conf), "-e", f"{directory}/nginx.log"])
        wait_for("nginx", lambda: get(self.port, "/ready"))

    def offer(self, name, page):
        """Puts a page where it is sent from, and beside it what `gzip -6` makes of it."""
        (self.directory / name).write_bytes(page)
        (self.directory / f"{name}.gz").write_bytes(gzip.compress(page, 6))

    def api(self, pbxes):
        """The base URL of an 8x8 that has so many PBXs."""
        return f"http://127.0.0.1:{self.port}/{pbxes}"


def pushgateway(page=None):
    """Debian's Pushgateway, and its port; it holds the page, if there is one."""
    port = free_port()
    process = start(["prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{port}"])
    wait_for("Pushgateway", lambda: get(port, "/-/healthy"))
    if page:
        url = f"http://127.0.0.1:{port}/metrics/job/bench"
        with urllib.request.urlopen(urllib.request.Request(url, data=page, method="PUT"), timeout=120):
            pass
    return process, port


def python_exporter(directory, page):
    """An exporter with Debian's prometheus_client, and its port."""
    file = pathlib.Path(directory) / "series.txt"
    file.write_bytes(page)
    port = free_port()
    script = pathlib.Path(__file__).with_name("python_exporter.py")
    process = start(["/usr/bin/python3", str(script), str(port), str(file)])

    def listens():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            connection.connect()
            return True
        except OSError:
            return False
        finally:
            connection.close()

    wait_for("the Python exporter", listens, 120)
    return process, port
