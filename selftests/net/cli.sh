#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The command mobx against the module: what is added is shown, what is shown
# can be added again, what is refused leaves everything as it was and says why.
#
# rig: timeout=600
# covers: AR7 AR12 I5 I6 I7

top=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$top/build:$PATH
export MOBX_CONTROL=/nonexistent/mobx-control
dir=$(mktemp -d)
ns=mobx-cli-$$ other=mobx-cli-other-$$
n=0 failed=0
gcm=0x000102030405060708090a0b0c0d0e0f10111213
cbc=0x000102030405060708090a0b0c0d0e0f
sha1=0x000102030405060708090a0b0c0d0e0f10111213

skip() {
	echo "1..0 # SKIP $1"
	exit 4
}

cleanup() {
	[ -n "$watcher" ] && kill "$watcher" 2>/dev/null
	[ -n "$squatter" ] && kill "$squatter" 2>/dev/null
	for i in $ns $other; do
		ip netns exec $i mobx policy flush
		ip netns exec $i mobx peer flush
		ip netns del $i
	done >/dev/null 2>&1
	rm -rf "$dir"
}

result() {	# result STATUS NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
		sed 's/^/# /' "$dir/out" "$dir/err"
	fi
}

m() {		# m ARGUMENTS...: mobx in the namespace; leaves out, err, status
	mobx -n $ns "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

does() {	# does NAME ARGUMENTS...: must be done, without a word
	local name=$1

	shift
	m "$@"
	[ $status = 0 ] && [ ! -s "$dir/err" ]
	result $? "$name"
}

refuses() {	# refuses NAME STATUS MESSAGE ARGUMENTS...
	local name=$1 want=$2 message=$3

	shift 3
	m "$@"
	[ $status = "$want" ] && grep -q -- "$message" "$dir/err"
	result $? "refused: $name"
}

shows() {	# shows NAME LINE ARGUMENTS...: a line of the output is this
	local name=$1 line=$2

	shift 2
	m "$@"
	[ $status = 0 ] && grep -qxF -- "$line" "$dir/out"
	result $? "$name"
}

lacks() {	# lacks NAME TEXT ARGUMENTS...
	local name=$1 text=$2

	shift 2
	m "$@"
	[ $status = 0 ] && ! grep -qF -- "$text" "$dir/out"
	result $? "$name"
}

json() {	# json NAME PYTHON ARGUMENTS...: an expression about the list d
	local name=$1 test=$2

	shift 2
	m -j "$@"
	python3 -c "import json,sys; d=json.load(sys.stdin); sys.exit(not ($test))" \
		<"$dir/out" 2>>"$dir/err"
	result $? "$name"
}

[ "$(id -u)" = 0 ] || skip "needs root"
command -v mobx >/dev/null || skip "build/mobx is not built"
modprobe mobx 2>/dev/null || { [ -n "$MOBX_KO" ] && insmod "$MOBX_KO" 2>/dev/null; }
[ -d /sys/module/mobx ] || skip "the module cannot be loaded"
trap cleanup EXIT
ip netns add $ns && ip netns add $other || skip "no network namespaces"

# Peers and bindings
does "peer: cross product" peer add 1 label "two links" \
	local 10.0.0.1,10.0.1.1 remote 10.0.3.2
shows "peer: shown as typed" \
	'peer 1 label "two links" generation 1 \ path local 10.0.0.1 remote 10.0.3.2 state valid primary \ path local 10.0.1.1 remote 10.0.3.2 state valid' \
	-o peer show 1
json "peer: as JSON" 'd[0]["peer"]==1 and d[0]["sas"]==0 and len(d[0]["paths"])==2 and d[0]["paths"][0]["primary"]' \
	peer show
refuses "peer: id is taken" 2 "already" peer add 1 local 10.0.0.1 remote 10.0.0.2
refuses "peer: no path at all" 2 "at least one" peer add 2
refuses "peer: two primaries" 2 "exactly one" peer add 2 \
	path local 10.0.0.1 remote 10.0.0.2 primary \
	path local 10.0.0.1 remote 10.0.0.3 primary
refuses "peer: a pair twice" 2 "twice" peer add 2 \
	local 10.0.0.1,10.0.0.1 remote 10.0.0.2
refuses "peer: multicast" 2 "unicast" peer add 2 local 10.0.0.1 remote 224.0.0.1
refuses "peer: the attribute at fault is named" 2 "paths/mtu" peer add 2 \
	path local 10.0.0.1 remote 10.0.0.2 mtu 20
refuses "peer: there is none to show" 2 "no peer" peer show 2
refuses "peer: there is none to delete" 2 "no peer" peer del 2

# SAs
does "sa: AES-GCM" sa add dir out spi 0x1000 peer 1 mode transport \
	aead aes-gcm-16 $gcm force seq 7 sel proto udp \
	local-port 5-6 remote-port 7000-7010 hard-packets 1000
does "sa: AES-CBC and SHA-1" sa add dir in spi 0x1001 peer 1 \
	enc aes-cbc $cbc auth hmac-sha1-96 $sha1 replay-window 64
echo $sha1 >"$dir/key"
does "sa: key from a file" sa add dir in spi 0x1002 peer 1 \
	enc null auth hmac-sha1-96 file "$dir/key"
m sa add dir in spi 0x1003 peer 1 enc null auth hmac-sha1-96 - <"$dir/key"
result $status "sa: key from standard input"
lacks "sa: keys are hidden" 000102 sa show
shows "sa: keys on request" \
	"sa dir out spi 0x00001000 peer 1 mode transport aead aes-gcm-16 $gcm seq 7 force hard-packets 1000 \\ selector proto udp sport 5-6 dport 7000-7010" \
	-o sa show keys
json "sa: no key in JSON either" 'len(d)==4 and "000102" not in str(d)' sa show
json "sa: one of them" 'len(d)==1 and d[0]["replay_window"]==64' \
	sa show dir in spi 0x1001
json "sa: counters" 'all(x["packets"]==0 and "age" in x for x in d)' -s sa
refuses "sa: manual keys with AES-GCM" 2 "force" sa add dir in spi 0x2000 \
	peer 1 aead aes-gcm-16 $gcm
refuses "sa: SPI is taken" 2 "SPI\|already" sa add dir in spi 0x1001 peer 1 \
	enc aes-cbc $cbc auth hmac-sha1-96 $sha1
refuses "sa: no such peer" 2 "no peer" sa add dir in spi 0x2000 peer 9 \
	enc aes-cbc $cbc auth hmac-sha1-96 $sha1
refuses "sa: key too short" 2 "octets" sa add dir in spi 0x2000 peer 1 \
	enc aes-cbc 0x00 auth hmac-sha1-96 $sha1
refuses "sa: df in transport mode" 2 "tunnel mode only" sa add dir out \
	spi 0x2000 peer 1 df set enc aes-cbc $cbc auth hmac-sha1-96 $sha1
refuses "sa: soft limit beyond the hard one" 2 "soft" sa add dir in spi 0x2000 \
	peer 1 enc aes-cbc $cbc auth hmac-sha1-96 $sha1 soft-bytes 2 hard-bytes 1
refuses "sa: there is none to delete" 2 "no such SA" sa del dir in spi 0x2000
does "sa: deleted" sa del dir in spi 0x1003

# A rebind moves paths and nothing else; what is refused changes nothing.
m -o sa show keys
cp "$dir/out" "$dir/sas"
refuses "set: stale generation" 2 "generation" peer set 1 expect 7 \
	local 10.0.1.1 remote 10.0.3.2
refuses "set: the last address" 2 "at least one\|last" peer set 1
refuses "set: nothing to be primary" 2 "primary" peer set 1 \
	path local 10.0.0.1 remote 10.0.3.2 state removed
shows "set: nothing has changed" \
	'peer 1 label "two links" generation 1 \ path local 10.0.0.1 remote 10.0.3.2 state valid primary \ path local 10.0.1.1 remote 10.0.3.2 state valid' \
	-o peer show
does "set: expected generation" peer set 1 expect 1 \
	path local 10.0.1.1 remote 10.0.3.2 primary \
	path local 10.0.0.1 remote 10.0.3.2 state removed
does "set: whatever the generation" peer set 1 local 10.0.1.1 remote 10.0.3.2
shows "set: the generation counts" \
	'peer 1 label "two links" generation 3 \ path local 10.0.1.1 remote 10.0.3.2 state valid primary' \
	-o peer show
m -o sa show keys
cmp -s "$dir/out" "$dir/sas"
result $? "set: SAs are as they were"

# Policies
does "policy: by peer" policy add order 100 action protect peer 1 \
	proto udp dport 7000
does "policy: for anyone" policy add order 10 action protect peer '*' \
	mode transport remote 10.0.3.0/24 label conn:x
does "policy: bypass" policy add order 50 action bypass proto icmp type 8
m policy show
[ "$(grep -v '^#' "$dir/out")" = "policy order 10 action protect peer * mode transport remote 10.0.3.0/24 label conn:x
policy order 50 action bypass proto icmp type 8
policy order 100 action protect peer 1 mode transport proto udp dport 7000
policy default bypass icmp off uncovered keep" ]
result $? "policy: shown in order, the default last"
json "policy: built-in exemptions are listed" \
	'{"ESP", "DHCP"} <= {x.get("label") for x in d if x.get("builtin")}' policy
refuses "policy: order is taken" 2 "already" policy add order 50 action discard
refuses "policy: no such peer" 2 "no peer" policy add order 51 action protect peer 9
refuses "policy: host bits" 1 "bits set" policy add order 51 action bypass \
	local 10.0.0.1/24
refuses "peer: a policy names it" 2 "policy" peer del 1
refuses "flush: a policy names a peer" 2 "policy" peer flush
does "policy: deleted" policy del order 50
refuses "policy: there is none to delete" 2 "no policy\|no such" policy del order 50
does "policy: default discard" policy default discard
shows "policy: default is told" "policy default discard icmp off uncovered keep" policy default

# What is printed can be typed: save everything, lose it, load it.
save() {
	m -o peer
	cat "$dir/out"
	m -o sa show keys
	cat "$dir/out"
	m policy
	cat "$dir/out"
}
save >"$dir/saved"
does "flush: policies" policy flush
does "flush: peers, and their SAs with them" peer flush
does "flush: default" policy default bypass
json "flush: nothing is left" 'd==[]' sa
does "batch: all of it loaded again" -b "$dir/saved"
save >"$dir/again"
[ "$(sed 's/generation [0-9]*//' "$dir/saved" | sort)" = \
  "$(sed 's/generation [0-9]*//' "$dir/again" | sort)" ]
result $? "batch: what was saved is what is there"
m -b - <<-EOF
	policy add order 200 action discard	# a comment

	policy add order
	policy add order 201 action discard
	sa del dir in spi 0x7777
EOF
[ $status = 2 ] && grep -q '^<stdin>:3: policy add: order is missing' "$dir/err" &&
	grep -q '^<stdin>:5: sa delete: there is no such SA' "$dir/err" &&
	[ "$(wc -l <"$dir/err")" = 2 ]
result $? "batch: errors have their line, the others are done"
json "batch: lines after an error" \
	'{200, 201} <= {x.get("order") for x in d}' policy
does "flush: by label" policy flush label conn:x
json "flush: the other policies stay" \
	'{x["order"] for x in d if "order" in x} == {100, 200, 201}' policy

# Each network namespace is its own.
mobx -n $other -j peer >"$dir/out" 2>"$dir/err" && [ "$(cat "$dir/out")" = "[]" ]
result $? "netns: the other one knows nothing of it"
mobx -n nowhere peer >"$dir/out" 2>"$dir/err"
[ $? = 2 ] && grep -q /run/netns/nowhere "$dir/err"
result $? "netns: unknown name"

# check names who holds the module, and what is in the way.
if rmmod mobx 2>"$dir/err"; then false; else [ -d /sys/module/mobx ]; fi
result $? "rmmod is refused while something is protected"
m check
grep -q "this netns: peers 1, SAs 3, policies 3, default discard" "$dir/out" &&
	grep -q "cure: to unload it: mobx -n $ns policy flush; mobx -n $ns peer flush; mobx -n $ns policy default bypass" "$dir/out"
result $? "check: who holds the module, and the cure"
mobx check >"$dir/out" 2>"$dir/err"
grep -q "netns $ns: peers 1" "$dir/out"
result $? "check: finds it from another network namespace"
ip -n $ns xfrm policy add src 10.0.0.0/8 dst 10.0.3.0/24 proto udp dir out \
	tmpl proto esp mode transport
ip netns exec $ns python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 4500))
time.sleep(600)' &
squatter=$!
for _ in $(seq 100); do
	grep -q :1194 /proc/$squatter/net/udp 2>/dev/null && break
	sleep 0.1
done
m check
[ $status = 2 ] && grep -q "^problem *xfrm .*dir out src 10.0.0.0/8.*order 100" "$dir/out"
result $? "check: an XFRM policy in the way"
grep -q "^problem *ports .*process $squatter) has UDP port 4500" "$dir/out"
result $? "check: somebody else has the port"
m -j check
python3 -c 'import json, sys
seen = {x["check"]: x["result"] for x in json.load(sys.stdin)}
assert {"module", "crypto", "policy", "holds", "agent"} <= set(seen), seen
assert seen["ports"] == seen["xfrm"] == "problem", seen' <"$dir/out" 2>>"$dir/err"
result $? "check: as JSON"
kill $squatter
wait $squatter 2>/dev/null
squatter=
ip -n $ns xfrm policy flush
m check
[ $status = 0 ] && ! grep -q ^problem "$dir/out"
result $? "check: nothing in the way any more"

# Events
ip netns exec $ns mobx -j monitor >"$dir/events" 2>"$dir/watch" &
watcher=$!
sleep 1
m peer add 5 label seen local 10.9.0.1 remote 10.9.0.2
m sa add dir in spi 0x5000 peer 5 enc aes-cbc $cbc auth hmac-sha1-96 $sha1 \
	soft-seconds 1 hard-seconds 2
m peer set 5 local 10.9.0.3 remote 10.9.0.2
for _ in $(seq 100); do
	grep -q '"limit":"hard"' "$dir/events" && break
	sleep 0.1
done
m peer del 5
sleep 0.5
kill $watcher
wait $watcher 2>/dev/null
watcher=
cp "$dir/events" "$dir/out"
python3 -c 'import json, sys
seen = [json.loads(line) for line in sys.stdin]
bound = [e for e in seen if e["event"] == "binding-changed" and e["peer"] == 5]
assert [e.get("generation") for e in bound[:2]] == [1, 2], bound
assert bound[1]["paths"][0]["local"] == "10.9.0.3", bound
assert bound[-1]["gone"], bound
limits = [e["limit"] for e in seen if e["event"] == "sa-expire"]
assert limits == ["soft", "hard"], limits
assert all(e["time"] > 1e9 for e in seen)' <"$dir/events" 2>"$dir/err"
result $? "monitor: a peer comes, moves and goes; an SA expires, soft before hard"
grep -q "the agent does not run" "$dir/watch"
result $? "monitor: says that it hears the kernel only"

# Output that is lost is no success; who may not, is told so.
mobx -n $ns peer >/dev/full 2>"$dir/err"
[ $? = 2 ] && grep -q "cannot write" "$dir/err"
result $? "a full disk is reported"
ip netns exec $ns setpriv --reuid 65534 --clear-groups "$(command -v mobx)" peer \
	>"$dir/out" 2>"$dir/err"
[ $? = 2 ] && grep -q "CAP_NET_ADMIN" "$dir/err"
result $? "without the capability nothing is told"
json "stats: every counter has its name" \
	'len(d) >= 32 and all(x["name"] != "?" for x in d)' stats
m stats rebinds
[ $status = 0 ] && grep -qE "^rebinds [1-9][0-9]*$" "$dir/out"
result $? "stats: one by name"

# The cure that check names is one.
does "cure: policies" policy flush
does "cure: peers" peer flush
does "cure: default" policy default bypass
m check
grep -q "nothing keeps the module loaded" "$dir/out" && rmmod mobx 2>"$dir/err"
result $? "the module is unloaded then"
modprobe mobx 2>/dev/null || insmod "$MOBX_KO"

echo "1..$n"
exit $failed
