#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A stateful firewall that was there before mobx, as at every boot: it must
# know the connections that began from here when their answers come out of ESP,
# also when their first packets had to wait for an SA.
# rig: timeout=240
# covers: AR1 I2

. "$(dirname "$0")/esp_lib"
command -v nft >/dev/null || skip "no nft"

firewall() {
	a nft -f - <<-END
	table ip t {
		counter new { }
		chain input {
			type filter hook input priority 0; policy drop;
			ct state established,related accept
			meta l4proto esp accept
		}
		chain output {
			type filter hook output priority 0;
			udp dport 4242 ct state new counter name new
		}
	}
	END
}

# Two datagrams out of one socket; each is answered.
serve() {
	b timeout 60 python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(('$B', 4242))
print('ready', flush=True)
for _ in range(2):
    data, source = sock.recvfrom(2000)
    sock.sendto(data, source)" >"$tmp/served" &
	wait_for 10 grep -q ready "$tmp/served"
}

ask() {
	a timeout 30 python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(5)
sock.connect(('$B', 4242))
for i in range(2):
    sock.send(b'%d' % i)
    assert sock.recv(2000) == b'%d' % i"
}

counts() {
	count=$(a nft -j list counter ip t new |
		sed 's/.*"packets": \([0-9]*\).*/\1/')
	count+=/$(a sysctl -n net.netfilter.nf_conntrack_count)
	[ "$count" = 1/2 ]
	check $? "one new connection, and one of ESP: $count"
}

held() { [ "$(stat a out-held)" -gt 0 ]; }

prepare() {
	world
	firewall
	mobx_b gcm128
	mb policy add order 10 action protect remote $A
	ma policy add order 10 action protect remote $B
	serve
}

prepare
mobx_a gcm128
ask
check $? "answers pass the firewall"
counts
! b ping -qc 1 -W 1 $A >/dev/null
check $? "what nobody asked for does not"

# All is there but the SA to send with.
prepare
ma peer add 1 local $A remote $B
ma sa add dir in spi 0x1001 peer 1 $(suite gcm128 B) force
ask &
client=$!
wait_for 10 held
ma sa add dir out spi 0x2002 peer 1 $(suite gcm128 A) force
wait $client
check $? "answers to a packet that has waited pass the firewall"
counts
finish
