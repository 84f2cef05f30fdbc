"""Processes that are started, measured, and stopped by their id."""

import os
import signal
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
STARTED = []


def start(command, **options):
    """Starts a program that `stop_all` stops. It says nothing unless `options` let it."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, **{**quiet, **options})
    STARTED.append(process)
    return process


def stop(process):
    """Ends a program and waits for it."""
    if process in STARTED:
        STARTED.remove(process)
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def stop_all():
    """Ends all that still run, the newest first."""
    for process in reversed(STARTED[:]):
        stop(process)


def resident_kib(process):
    """Resident memory."""
    return status(process.pid, "VmRSS")


def peak_kib(process):
    """The most resident memory so far."""
    return status(process.pid, "VmHWM")


def status(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name == key:
                return int(value.split()[0])
    raise KeyError(key)


def cpu_seconds(process):
    """User and system time so far, children not included, in steps of a tick (10 ms)."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_of(command, **options):
    """User and system time of a program that ends by itself, in seconds."""
    process = subprocess.Popen(command, **options)
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def wait_for(what, condition, seconds=60):
    """Returns what `condition` yields once that is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.005)
    raise RuntimeError(f"waited {seconds} s for {what}")
