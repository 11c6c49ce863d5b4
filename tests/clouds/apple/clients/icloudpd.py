#!/usr/bin/env python3
"""Runs icloudpd against the simulator: icloudpd.py PROGRAM AUTHORITY CODE ARGUMENTS…

icloudpd from PyPI is one file that unpacks itself. Most of its requests trust REQUESTS_CA_BUNDLE, those of the text message only the authorities that it
brought along; so it is started with a folder of its own to unpack to, and the test's authority is added there before the first request. It asks for a code
on a terminal, so it gets one. What it says goes to standard output; the last line of standard error is JSON: seconds, seconds of user
and system time, and the most memory of any of its processes, bytes.
"""
import json
import os
import pty
import re
import select
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path


def trust(folder: Path, authority: Path) -> bool:
    """Adds the authority once the unpacked list is whole; says whether it did."""
    for bundle in folder.glob("*/certifi/cacert.pem"):
        # The list ends with the end of a certificate: then it is written to its end.
        if bundle.read_bytes().rstrip().endswith(b"-----END CERTIFICATE-----"):
            with bundle.open("a", encoding="ascii") as file:
                file.write("\n" + authority.read_text("ascii"))
            return True
    return False


def main() -> int:
    program, authority, code, arguments = sys.argv[1], Path(sys.argv[2]).resolve(), sys.argv[3], sys.argv[4:]
    folder = Path(tempfile.mkdtemp(prefix="icloudpd-"))
    began = time.monotonic()
    child, terminal = pty.fork()
    if child == 0:
        os.environ["REQUESTS_CA_BUNDLE"] = str(authority)
        os.environ["TMPDIR"] = str(folder)
        os.execv(program, [program, *arguments])

    def end(*_: object) -> None:
        os.kill(child, signal.SIGTERM)
        sys.exit(143)

    signal.signal(signal.SIGTERM, end)
    said, trusted = "", False
    questions = [
        (re.compile(r"device index \([^)]*\) to send SMS with a code: $"), "a"),
        (re.compile(r"code that you received over SMS: $"), code),
    ]
    while True:
        trusted = trusted or trust(folder, authority)
        ready, _, _ = select.select([terminal], [], [], 60 if trusted else 0.01)
        if not ready:
            continue
        try:
            block = os.read(terminal, 65536)
        except OSError:
            break
        if not block:
            break
        text = block.decode("utf-8", "replace")
        sys.stdout.write(text)
        said = (said + text)[-4096:]
        if questions and questions[0][0].search(said):
            os.write(terminal, questions.pop(0)[1].encode() + b"\n")
    _, status, used = os.wait4(child, 0)
    sys.stdout.flush()
    shutil.rmtree(folder, ignore_errors=True)
    report = {"seconds": time.monotonic() - began, "cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss * 1024}
    print(json.dumps(report), file=sys.stderr)
    return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main())
