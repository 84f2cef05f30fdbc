"""The exporter that one would write in Python: gauges of prometheus_client, set once. PORT and a page are given."""

import sys
import time

from prometheus_client import Gauge, start_http_server
from prometheus_client.parser import text_string_to_metric_families

with open(sys.argv[2], encoding="utf-8") as page:
    for family in text_string_to_metric_families(page.read()):
        gauge = Gauge(family.name, family.documentation, ["pbx_id", "window"])
        for sample in family.samples:
            gauge.labels(**sample.labels).set(sample.value)
start_http_server(int(sys.argv[1]), addr="127.0.0.1")
while True:
    time.sleep(60)
