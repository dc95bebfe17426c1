#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# No operation loses or leaves anything when memory runs out in the middle. On
# kernels without fault injection this is skipped: see make check-debug.
# rig: timeout=240

cd "$(dirname "$0")/../.." || exit 1
[ -x build/net/faults ] || { echo "1..0 # SKIP no build/net/faults"; exit 4; }
modprobe mobx || { echo "1..0 # SKIP the module does not load"; exit 4; }
exec build/net/faults
