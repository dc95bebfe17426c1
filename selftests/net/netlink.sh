#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The netlink family with bad input, what holds the module, and what the end of
# a network namespace leaves behind.
# rig: timeout=240
# covers: I5 I6

set -u
cd "$(dirname "$0")/../.." || exit 1
nltest=$PWD/build/net/nltest

[ -x "$nltest" ] || { echo "1..0 # SKIP no build/net/nltest"; exit 4; }
modprobe mobx || { echo "1..0 # SKIP the module does not load"; exit 4; }

n=0 failed=0
check() {
	local result=$1
	shift

	n=$((n + 1))
	[ "$result" = 0 ] || { failed=1; printf 'not '; }
	echo "ok $n $*"
}

cleanup() {
	ip netns del mobx-a 2>/dev/null
	ip netns del mobx-b 2>/dev/null
}
trap cleanup EXIT

# A namespace goes when its last packet has gone; the module can wait for that.
unload() {
	local i

	for i in $(seq 50); do
		rmmod mobx 2>/dev/null && return
		sleep 0.1
	done
	return 1
}

# Every case of the list in turn: it holds the module, and its namespace's end
# lets it go.
for what in peer policy discard; do
	modprobe mobx
	ip netns add mobx-a
	ip netns exec mobx-a "$nltest" make $what
	check $? "$what: made"
	! rmmod mobx 2>/dev/null
	check $? "$what: the module cannot be unloaded"
	ip netns del mobx-a
	unload
	check $? "$what: it can when the namespace is gone"
done

# Peer and SA in two namespaces, of which only one ends.
modprobe mobx
ip netns add mobx-a
ip netns add mobx-b
for ns in mobx-a mobx-b; do
	ip netns exec $ns "$nltest" make peer && ip netns exec $ns "$nltest" make sa
	check $? "$ns: peer and SA made"
done
ip netns del mobx-a
sleep 1
! rmmod mobx 2>/dev/null
check $? "the module serves the namespace that is left"
ip netns del mobx-b
unload
check $? "and can be unloaded after it"

modprobe mobx
ip netns add mobx-a
ip netns exec mobx-a "$nltest" make discard && ip netns exec mobx-a "$nltest" make nothing
check $? "default: to discard and back"
rmmod mobx
check $? "default: the module can be unloaded"

# What happens to others is not for everybody.
modprobe mobx
said=$(timeout 5 setpriv --reuid 65534 --regid 65534 --clear-groups \
	build/mobx monitor 2>&1)
[ $? != 124 ] && [[ $said == *CAP_NET_ADMIN* ]]
check $? "events: only for who has the capability: $said"

# Who owns a network namespace hears of it, and asks nothing.
timeout 2 unshare --user --map-root-user --net build/mobx monitor >/dev/null
[ $? = 124 ] && ! unshare --user --map-root-user --net build/mobx stats 2>/dev/null
check $? "events: also for the owner of a namespace of its own"
rmmod mobx

# Requests with damage; the same seeds each time, and one of today.
modprobe mobx
for seed in 1 2 $((RANDOM)); do
	"$nltest" fuzz $seed 5000
	check $? "fuzz: survived seed $seed"
done
unload
check $? "fuzz: nothing holds the module"
modprobe mobx
"$nltest" >/tmp/nltest.out
check $? "all of the following"
sed -n -e 's/^\(not \)\?ok [0-9]* /\1ok - /p' -e '/^#/p' -e '/^Bail/p' /tmp/nltest.out
n=$((n + $(grep -c '^\(not \)\?ok ' /tmp/nltest.out)))
unload
check $? "the module unloads at the end"
echo "1..$n"
exit $failed
