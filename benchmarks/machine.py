"""What a figure was measured on, so that it can be told from one measured elsewhere.

Knows the machine and versions. Never knows what is measured.
"""

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path


def described() -> str:
    """The cores that this process may use, the processor, and versions of what times depend on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = (f"{package} {version(package)}" for package in ("openvino", "faiss-cpu"))
    versions = [f"Python {platform.python_version()}", *packages, f"SQLite {sqlite3.sqlite_version}"]
    return ", ".join([f"{cores} cores", processor(), *versions])


def processor() -> str:
    """What the system calls its processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
