#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Where packets meet the firewall: every packet passes every hook that design
# and users of XFRM expect, clear and as ESP, and connection tracking sees one
# connection of each kind. Without a firewall the short cut is taken, and the
# same arrives.
# rig: timeout=400
# covers: AR1 I2

. "$(dirname "$0")/esp_lib"
N=20
command -v nft >/dev/null || skip "no nft"

# A counter for clear datagrams and one for ESP on each hook.
firewall() {	# NAMESPACE
	local hook

	{
		echo "table ip t {"
		for hook in prerouting input forward output postrouting; do
			cat <<-END
			counter clear-$hook { }
			counter esp-$hook { }
			counter new-$hook { }
			counter new-esp-$hook { }
			chain $hook {
				type filter hook $hook priority 0;
				meta l4proto udp counter name clear-$hook
				meta l4proto udp ct state new counter name new-$hook
				meta l4proto esp counter name esp-$hook
				meta l4proto esp ct state new counter name new-esp-$hook
			}
			END
		done
		echo "}"
	} | in_ns "$1" nft -f -
}

seen() {	# NAMESPACE COUNTER
	in_ns "$1" nft -j list counter ip t "$2" |
		sed 's/.*"packets": \([0-9]*\).*/\1/'
}

# N times there and back, one after the other.
exchange() {
	ip netns exec b timeout 60 python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(('$B', 4242))
print('ready', flush=True)
for _ in range($N):
    data, source = sock.recvfrom(2000)
    sock.sendto(data, source)" >"$tmp/echo" &
	server=$!
	wait_for 10 grep -q ready "$tmp/echo"
	a timeout 60 python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(5)
sock.connect(('$B', 4242))
for i in range($N):
    sock.send(b'%d' % i)
    assert sock.recv(2000) == b'%d' % i"
	result=$?
	kill $server 2>/dev/null
	return $result
}

both() {
	world
	mobx_a gcm128
	mobx_b gcm128
	ma policy add order 10 action protect remote $B
	mb policy add order 10 action protect remote $A
}

# Each short cut has hooks of its own to ask, so a rule on any one alone counts.
alone() {	# HOOK
	local ns kind seen

	both
	for ns in a b; do
		in_ns $ns nft -f - <<-END
		table ip t {
			counter clear-$1 { }
			counter esp-$1 { }
			chain $1 {
				type filter hook $1 priority 0;
				meta l4proto udp counter name clear-$1
				meta l4proto esp counter name esp-$1
			}
		}
		END
	done
	exchange
	check $? "with a rule at $1 alone"
	seen=$(for ns in a b; do for kind in clear esp; do
		seen $ns $kind-$1; done; done | tr '\n' ' ')
	[ "$seen" = "$N $N $N $N " ]
	check $? "it sees all, in clear and as ESP, at both ends: $seen"
}

both
exchange
check $? "without a firewall"
# 29 octets or 30 in clear, 64 as ESP: both count, though ESP did not pass all of IP.
sent=$(a sh -c "awk '/^IpExt:/ && n++ { print \$9 }' /proc/net/netstat")
[ "$sent" -ge $((N * (29 + 64))) ]
check $? "all are in the statistics of IP: $sent octets sent"
for hook in prerouting input output postrouting; do
	alone $hook
done

both
firewall a
firewall b
exchange
check $? "with a rule on every hook"
for ns in a b; do
	# At once, before they expire.
	count=$(in_ns $ns sysctl -n net.netfilter.nf_conntrack_count)
	[ "$count" = 2 ]
	check $? "$ns: connection tracking has one in clear, one of ESP: $count"
done
for ns in a b; do
	for kind in clear esp; do
		for hook in prerouting input output postrouting; do
			seen=$(seen $ns $kind-$hook)
			[ "$seen" = $N ]
			check $? "$ns: $kind at $hook: $seen of $N"
		done
	done
	# The request makes the connection, whoever sends it first.
	[ $ns = a ] && made="output postrouting" || made="prerouting input"
	for hook in $made; do
		seen=$(seen $ns new-$hook)/$(seen $ns new-esp-$hook)
		[ "$seen" = 1/1 ]
		check $? "$ns: one new connection of each kind at $hook: $seen"
	done
	[ "$(seen $ns clear-forward)$(seen $ns esp-forward)" = 00 ]
	check $? "$ns: nothing was forwarded"
done

# Rules act on clear packets in both directions.
b nft add rule ip t input udp dport 4242 drop
! exchange 2>/dev/null
check $? "a rule for clear packets drops what came out of ESP"
b nft flush chain ip t input
a nft add rule ip t output udp dport 4242 drop
! exchange 2>/dev/null
check $? "and keeps others from going in"
a nft flush chain ip t output

# Port translation of what came out of ESP, and of what goes in.
b nft add table ip nat
b nft add chain ip nat prerouting '{ type nat hook prerouting priority -100; }'
b nft add rule ip nat prerouting udp dport 5252 redirect to :4242
b timeout 20 python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(('$B', 4242))
print('ready', flush=True)
data, source = sock.recvfrom(2000)
sock.sendto(data, source)" >"$tmp/echo" &
wait_for 10 grep -q ready "$tmp/echo"
a python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(5)
sock.connect(('$B', 5252))
sock.send(b'x')
assert sock.recv(9) == b'x'"
check $? "a redirected port, inside ESP both ways"
[ "$(stat a in-clear-discarded)$(stat b in-clear-discarded)" = 00 ]
check $? "nothing was taken for clear"

# A rule may spoil a header: less than one, or more than the packet has.
for length in 0 4 15; do
	both
	a nft -f - <<-END
	table ip t {
		chain c {
			type filter hook postrouting priority 0;
			meta l4proto udp @nh,0,8 set $((0x40 + length))
		}
	}
	END
	a python3 -c "
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('$B', 4242))" \
		2>/dev/null
	[ "$(stat a out-discarded)" = 1 ] && [ "$(stat a out-protected)" = 0 ]
	check $? "a header that a rule made $((4 * length)) octets long: discarded"
done

# A queue of packets, of which nobody says what shall become.
queue() {	# NAMESPACE HOOK
	ip netns exec $1 nft -f - <<-END
	table ip q {
		chain c {
			type filter hook $2 priority 0;
			meta l4proto icmp queue num 0
		}
	}
	END
	ip netns exec $1 timeout 120 python3 "$tmp/queue" >"$tmp/queue.log" &
	queue=$!
	wait_for 20 grep -q ready "$tmp/queue.log"
}

# Packets that it has: number, port, length, mode, range, drops, ...
queued() {	# NAMESPACE
	ip netns exec $1 awk '$1 == 0 { print $3 }' \
		/proc/net/netfilter/nfnetlink_queue
}

has_queued() { [ "$(queued $1)" = $2 ]; }

cat >"$tmp/queue" <<-END
import socket, struct, time
sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
sock.bind((0, 0))
# Bind queue 0; have its packets in full.
for kind, data in (1, b'\x01\0\0\x02'), (2, struct.pack('!IB', 0xffff, 2)):
    attr = struct.pack('HH', 4 + len(data), kind) + data
    body = struct.pack('BBH', 0, 0, 0) + attr + bytes(-len(attr) % 4)
    sock.send(struct.pack('IHHII', 16 + len(body), 3 << 8 | 2, 5, kind, 0) + body)
    assert sock.recv(999)[16:20] == bytes(4)
print('ready', flush=True)
time.sleep(100)
END
modprobe nfnetlink_queue 2>/dev/null
both
queue b prerouting
a ping -qc 2 -i 0.1 -W 1 $B >/dev/null
has_queued b 2
check $? "what came out of ESP waits in somebody's queue: $(queued b)"
unprotect
has_queued b 0
check $? "until nothing is protected any more: $(queued b)"
a ping -qc 1 -W 1 $B >/dev/null
has_queued b 1
check $? "what is in clear waits as well: $(queued b)"
modprobe -r mobx
check $? "the module goes"
has_queued b 0
check $? "and leaves nothing in queues that it may have put there: $(queued b)"
kill $queue
modprobe mobx
finish
