#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Rebind torture, ten seconds of it; make torture is the long form.
# rig: timeout=360 alone kernel=6.1
# covers: I1 I2 I3 I7 ES4

# What an emulated machine with two CPUs can do, and with a debug kernel.
rebinds=1000 datagrams=1000
[ ! -e /sys/kernel/debug/kmemleak ] || rebinds=100 datagrams=100
exec "$(dirname "$0")/../torture/run" "${MOBX_TORTURE_SECONDS:-10}" \
	"${MOBX_TORTURE_REBINDS:-$rebinds}" "${MOBX_TORTURE_DATAGRAMS:-$datagrams}"
