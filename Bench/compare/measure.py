# SPDX-License-Identifier: MIT
"""measure.py PROGRAM [ARGUMENT...]: runs a program and prints, after its output, a line of JSON with its wall time in
seconds and its peak resident memory in MiB.

This is a separate process because Linux includes the memory of the starting process in the peak of the started one.
This process has about 10 MiB; one that has imported PyTorch has hundreds.
"""

import json
import os
import sys
import time

start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
unit = 1 if sys.platform == "darwin" else 1024
code = os.waitstatus_to_exitcode(status)
if code:
    sys.exit(code if code > 0 else 128 - code)
print(json.dumps({"seconds": seconds, "mebibytes": usage.ru_maxrss * unit / 2**20}))
