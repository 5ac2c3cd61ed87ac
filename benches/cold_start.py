#!/usr/bin/env python3
"""Measures how long a program takes from exec to the first 200 of /health/live, and its memory when idle.

usage: cold_start.py RUNS HOST PORT COMMAND...     prints one line of JSON
"""

import json
import socket
import statistics
import subprocess
import sys
import time

GIVE_UP_AFTER = 20.0


def is_live(host, port):
    try:
        with socket.create_connection((host, port), timeout=1) as server:
            server.sendall(f"GET /health/live HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            return server.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def start(command, host, port):
    """Starts the command; gives it and the milliseconds until it was live."""
    if is_live(host, port):
        sys.exit(f"{host}:{port} answers already")
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not is_live(host, port):
        if process.poll() is not None or time.perf_counter() - began > GIVE_UP_AFTER:
            process.kill()
            sys.exit(f"not live: {' '.join(command)}")
        time.sleep(0.0005)
    return process, (time.perf_counter() - began) * 1e3


def resident_megabytes(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        kilobytes = next(line.split()[1] for line in status if line.startswith("VmRSS:"))
    return int(kilobytes) / 1024


def stop(process):
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main():
    runs, host, port, command = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    milliseconds, megabytes = [], 0.0
    for run in range(runs):
        process, took = start(command, host, port)
        try:
            milliseconds.append(took)
            if run == runs - 1:
                time.sleep(5)  # past the work of starting
                megabytes = resident_megabytes(process)
        finally:
            stop(process)
    result = {
        "runs": runs,
        "first_ms": round(milliseconds[0], 1),
        "median_ms": round(statistics.median(milliseconds), 1),
        "worst_ms": round(max(milliseconds), 1),
        "idle_mb": round(megabytes, 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
