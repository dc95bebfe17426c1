#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mobxd and OpenIKED 7.2, each in both roles: ways to authenticate, modes,
# algorithms, rekeying by either, fragments, and either starting again. OpenIKED
# has no Ed25519, and for ESP, on Linux, only AES-CBC with SHA-1 (openiked_lib).
# rig: timeout=3600
# covers: K1 K18 K30 K33 K36 K45

. "$(dirname "$0")/openiked_lib"

mode=tunnel auth=psk
ike_suite=aes128gcm16-prfsha256-ecp256 esp_suite=aes128-sha1
pki rsa ec256
large_pki
watch
if [ $# -gt 0 ]; then
	"$@"
	finish
fi
authentication psk rsa ec256
in_fragments
rekeys
moves
restarts
ike_algorithms aes256gcm16-prfsha512-x25519 aes256gcm16-prfsha384-ecp384 \
	aes128-sha256-prfsha256-modp2048 aes256-sha512-prfsha512-ecp521 \
	aes256-sha384-prfsha384-modp3072
esp_algorithms aes192-sha1 aes256-sha1
finish
