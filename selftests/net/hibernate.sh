#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A machine that hibernates may go on twice from its picture: no sequence
# number that it used before is used after. Rehearsed with the kernel's own
# test of hibernation, which goes as far as to freeze all processes.
# rig: timeout=240 kernel=6.1
# covers: I3 I2

. "$(dirname "$0")/esp_lib"

echo freezer >/sys/power/pm_test && [ -w /sys/power/disk ] ||
	skip "this kernel cannot rehearse hibernation"

out_sas() { ma sa show | grep -c 'dir out'; }
gone() { [ "$(out_sas)" = 0 ]; }

world
mobx_a gcm128
mobx_b gcm128
ma policy add order 10 action protect remote $B
mb policy add order 10 action protect remote $A
a ping -qc 2 -i 0.1 -W 2 $B >/dev/null && [ "$(out_sas)" = 1 ]
check $? "a ping before"
"$mobx" -n a monitor >"$tmp/events" 2>/dev/null &
monitor=$!
sleep 0.5
# It sends all the time, also as the last of all before it is frozen.
ip netns exec a ping -qi 0.01 $B >/dev/null &
pinger=$!
echo disk >/sys/power/state
kill $pinger
wait_for 5 gone
check $? "afterwards the outbound SA has gone"
wait_for 5 grep -q expire "$tmp/events"
check $? "which was told"
kill $monitor
before=$(stat a out-protected)
! a ping -qc 1 -W 1 $B >/dev/null && [ "$(stat a out-protected)" = "$before" ]
check $? "nothing leaves without another"
# Both hosts are on this machine, so both have lost theirs.
mb sa add dir in spi 0x2003 peer 1 $(suite gcm256 A) force
ma sa add dir in spi 0x1003 peer 1 $(suite gcm256 B) force
ma sa add dir out spi 0x2003 peer 1 $(suite gcm256 A) force
mb sa add dir out spi 0x1003 peer 1 $(suite gcm256 B) force
a ping -qc 2 -i 0.1 -W 2 $B >/dev/null
check $? "with another all is well"
finish
