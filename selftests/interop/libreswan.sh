#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mobxd and libreswan 4.10, each in both roles: ways to authenticate, modes,
# algorithms, rekeying by either, moves, fragments, and either starting again.
# libreswan has no Ed25519.
# rig: timeout=3600
# covers: K1 K18 K30 K33 K36 K45 MB11 MB15

. "$(dirname "$0")/libreswan_lib"

mode=tunnel auth=psk
ike_suite=aes128gcm16-prfsha256-ecp256 esp_suite=aes128gcm16
# Its database has one name for all certificates of a subject.
unit=1
pki rsa ec256 ec384
large_pki
nss
watch
if [ $# -gt 0 ]; then
	"$@"
	finish
fi
authentication psk rsa ec256
auth=ec384 cell_in_turn "ec384, tunnel mode"
in_fragments
rekeys
moves
peer_moves
restarts
ike_algorithms aes256gcm16-prfsha512-x25519 aes256gcm16-prfsha384-ecp384 \
	aes128-sha256-prfsha256-modp2048 aes256-sha512-prfsha512-ecp521 \
	aes256-sha384-prfsha384-modp3072 chacha20poly1305-prfsha256-x25519
esp_algorithms aes256gcm16 chacha20poly1305 aes128-sha256 aes256-sha512 \
	aes128gcm16-esn aes128gcm16-ecp256 null-sha256
finish
