// SPDX-License-Identifier: GPL-2.0
/*
 * Self-test of the table of algorithms, run when the module loads: what others
 * have published as right must come out, with keys, salts, nonces, associated
 * data and ICV lengths as the data path uses them, and a wrong bit must be seen.
 * covers: ES7 ES13 ES15
 */
#ifdef DEBUG
#include <crypto/aead.h>
#include <linux/crypto.h>
#include <linux/kernel.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "alg.h"
#include "compat.h"
#include "pair.h"
#include "selftest.h"

/* More than any key, packet or result below has. */
#define MOBX_ALG_TEST_MAX	256

/**
 * struct mobx_alg_case - a known answer
 * @enc: enum mobx_enc
 * @auth: enum mobx_auth
 * @esn: with an extended sequence number in @assoc
 * @enc_key: the cipher's key with its salt
 * @enc_key_len: octets of it
 * @auth_key: integrity key
 * @auth_key_len: octets of it
 * @assoc: SPI, sequence number (of an extended one the upper half first), IV
 * @assoc_len: octets of it
 * @text: payload, padding, pad length, next header
 * @text_len: octets of it
 * @result: what becomes of @text, and the ICV; with neither of them when the
 *	source says nothing about it
 * @result_len: octets of it
 */
struct mobx_alg_case {
	u8		enc;
	u8		auth;
	bool		esn;
	const char	*enc_key;
	unsigned int	enc_key_len;
	const char	*auth_key;
	unsigned int	auth_key_len;
	const char	*assoc;
	unsigned int	assoc_len;
	const char	*text;
	unsigned int	text_len;
	const char	*result;
	unsigned int	result_len;
};

static const struct mobx_alg_case mobx_alg_cases[] = {
	{
		/* draft-mcgrew-gcm-test-01, section 4 */
		.enc = MOBX_ENC_AES_GCM_16,
		.auth = MOBX_AUTH_NONE,
		.enc_key =
			"\xfe\xff\xe9\x92\x86\x65\x73\x1c\x6d\x6a\x8f\x94\x67"
			"\x30\x83\x08\xca\xfe\xba\xbe",
		.enc_key_len = 20,
		.assoc =
			"\x00\x00\xa5\xf8\x00\x00\x00\x0a\xfa\xce\xdb\xad\xde"
			"\xca\xf8\x88",
		.assoc_len = 16,
		.text =
			"\x45\x00\x00\x3e\x69\x8f\x00\x00\x80\x11\x4d\xcc\xc0"
			"\xa8\x01\x02\xc0\xa8\x01\x01\x0a\x98\x00\x35\x00\x2a"
			"\x23\x43\xb2\xd0\x01\x00\x00\x01\x00\x00\x00\x00\x00"
			"\x00\x03\x73\x69\x70\x09\x63\x79\x62\x65\x72\x63\x69"
			"\x74\x79\x02\x64\x6b\x00\x00\x01\x00\x01\x00\x01",
		.text_len = 64,
		.result =
			"\xde\xb2\x2c\xd9\xb0\x7c\x72\xc1\x6e\x3a\x65\xbe\xeb"
			"\x8d\xf3\x04\xa5\xa5\x89\x7d\x33\xae\x53\x0f\x1b\xa7"
			"\x6d\x5d\x11\x4d\x2a\x5c\x3d\xe8\x18\x27\xc1\x0e\x9a"
			"\x4f\x51\x33\x0d\x0e\xec\x41\x66\x42\xcf\xbb\x85\xa5"
			"\xb4\x7e\x48\xa4\xec\x3b\x9b\xa9\x5d\x91\x8b\xd1\x83"
			"\xb7\x0d\x3a\xa8\xbc\x6e\xe4\xc3\x09\xe9\xd8\x5a\x41"
			"\xad\x4a",
		.result_len = 80,
	},
	{
		/* draft-mcgrew-gcm-test-01, section 4 */
		.enc = MOBX_ENC_AES_GCM_16,
		.auth = MOBX_AUTH_NONE,
		.enc_key =
			"\xfe\xff\xe9\x92\x86\x65\x73\x1c\x6d\x6a\x8f\x94\x67"
			"\x30\x83\x08\xfe\xff\xe9\x92\x86\x65\x73\x1c\xca\xfe"
			"\xba\xbe",
		.enc_key_len = 28,
		.assoc =
			"\x00\x00\xa5\xf8\x00\x00\x00\x0a\xfa\xce\xdb\xad\xde"
			"\xca\xf8\x88",
		.assoc_len = 16,
		.text =
			"\x45\x00\x00\x28\xa4\xad\x40\x00\x40\x06\x78\x80\x0a"
			"\x01\x03\x8f\x0a\x01\x06\x12\x80\x23\x06\xb8\xcb\x71"
			"\x26\x02\xdd\x6b\xb0\x3e\x50\x10\x16\xd0\x75\x68\x00"
			"\x01",
		.text_len = 40,
		.result =
			"\xa5\xb1\xf8\x06\x60\x29\xae\xa4\x0e\x59\x8b\x81\x22"
			"\xde\x02\x42\x09\x38\xb3\xab\x33\xf8\x28\xe6\x87\xb8"
			"\x85\x8b\x5b\xfb\xdb\xd0\x31\x5b\x27\x45\x21\x44\xcc"
			"\x77\x95\x45\x7b\x96\x52\x03\x7f\x53\x18\x02\x7b\x5b"
			"\x4c\xd7\xa6\x36",
		.result_len = 56,
	},
	{
		/* draft-mcgrew-gcm-test-01, section 4 */
		.enc = MOBX_ENC_AES_GCM_16,
		.auth = MOBX_AUTH_NONE,
		.enc_key =
			"\xab\xbc\xcd\xde\xf0\x01\x12\x23\x34\x45\x56\x67\x78"
			"\x89\x9a\xab\xab\xbc\xcd\xde\xf0\x01\x12\x23\x34\x45"
			"\x56\x67\x78\x89\x9a\xab\x11\x22\x33\x44",
		.enc_key_len = 36,
		.assoc =
			"\x4a\x2c\xbf\xe3\x00\x00\x00\x02\x01\x02\x03\x04\x05"
			"\x06\x07\x08",
		.assoc_len = 16,
		.text =
			"\x45\x00\x00\x30\x69\xa6\x40\x00\x80\x06\x26\x90\xc0"
			"\xa8\x01\x02\x93\x89\x15\x5e\x0a\x9e\x00\x8b\x2d\xc5"
			"\x7e\xe0\x00\x00\x00\x00\x70\x02\x40\x00\x20\xbf\x00"
			"\x00\x02\x04\x05\xb4\x01\x01\x04\x02\x01\x02\x02\x01",
		.text_len = 52,
		.result =
			"\xff\x42\x5c\x9b\x72\x45\x99\xdf\x7a\x3b\xcd\x51\x01"
			"\x94\xe0\x0d\x6a\x78\x10\x7f\x1b\x0b\x1c\xbf\x06\xef"
			"\xae\x9d\x65\xa5\xd7\x63\x74\x8a\x63\x79\x85\x77\x1d"
			"\x34\x7f\x05\x45\x65\x9f\x14\xe9\x9d\xef\x84\x2d\x8e"
			"\xb3\x35\xf4\xee\xcf\xdb\xf8\x31\x82\x4b\x4c\x49\x15"
			"\x95\x6c\x96",
		.result_len = 68,
	},
	{
		/* draft-mcgrew-gcm-test-01, section 4 */
		.enc = MOBX_ENC_AES_GCM_16,
		.auth = MOBX_AUTH_NONE,
		.esn = true,
		.enc_key =
			"\x4c\x80\xcd\xef\xbb\x5d\x10\xda\x90\x6a\xc7\x3c\x36"
			"\x13\xa6\x34\x2e\x44\x3b\x68",
		.enc_key_len = 20,
		.assoc =
			"\x00\x00\x43\x21\x87\x65\x43\x21\x00\x00\x00\x00\x49"
			"\x56\xed\x7e\x3b\x24\x4c\xfe",
		.assoc_len = 20,
		.text =
			"\x45\x00\x00\x48\x69\x9a\x00\x00\x80\x11\x4d\xb7\xc0"
			"\xa8\x01\x02\xc0\xa8\x01\x01\x0a\x9b\xf1\x56\x38\xd3"
			"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04\x5f\x73"
			"\x69\x70\x04\x5f\x75\x64\x70\x03\x73\x69\x70\x09\x63"
			"\x79\x62\x65\x72\x63\x69\x74\x79\x02\x64\x6b\x00\x00"
			"\x21\x00\x01\x01\x02\x02\x01",
		.text_len = 72,
		.result =
			"\xfe\xcf\x53\x7e\x72\x9d\x5b\x07\xdc\x30\xdf\x52\x8d"
			"\xd2\x2b\x76\x8d\x1b\x98\x73\x66\x96\xa6\xfd\x34\x85"
			"\x09\xfa\x13\xce\xac\x34\xcf\xa2\x43\x6f\x14\xa3\xf3"
			"\xcf\x65\x92\x5b\xf1\xf4\xa1\x3c\x5d\x15\xb2\x1e\x18"
			"\x84\xf5\xff\x62\x47\xae\xab\xb7\x86\xb9\x3b\xce\x61"
			"\xbc\x17\xd7\x68\xfd\x97\x32\x45\x90\x18\x14\x8f\x6c"
			"\xbe\x72\x2f\xd0\x47\x96\x56\x2d\xfd\xb4",
		.result_len = 88,
	},
	{
		/* draft-mcgrew-gcm-test-01, section 4 */
		.enc = MOBX_ENC_AES_GMAC,
		.auth = MOBX_AUTH_NONE,
		.enc_key =
			"\x4c\x80\xcd\xef\xbb\x5d\x10\xda\x90\x6a\xc7\x3c\x36"
			"\x13\xa6\x34\x22\x43\x3c\x64",
		.enc_key_len = 20,
		.assoc =
			"\x00\x00\x43\x21\x00\x00\x00\x07\x00\x00\x00\x00\x00"
			"\x00\x00\x00",
		.assoc_len = 16,
		.text =
			"\x45\x00\x00\x30\xda\x3a\x00\x00\x80\x01\xdf\x3b\xc0"
			"\xa8\x00\x05\xc0\xa8\x00\x01\x08\x00\xc6\xcd\x02\x00"
			"\x07\x00\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b"
			"\x6c\x6d\x6e\x6f\x70\x71\x72\x73\x74\x01\x02\x02\x01",
		.text_len = 52,
		.result =
			"\x45\x00\x00\x30\xda\x3a\x00\x00\x80\x01\xdf\x3b\xc0"
			"\xa8\x00\x05\xc0\xa8\x00\x01\x08\x00\xc6\xcd\x02\x00"
			"\x07\x00\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b"
			"\x6c\x6d\x6e\x6f\x70\x71\x72\x73\x74\x01\x02\x02\x01"
			"\xf2\xa9\xa8\x36\xe1\x55\x10\x6a\xa8\xdc\xd6\x18\xe4"
			"\x09\x9a\xaa",
		.result_len = 68,
	},
	{
		/* RFC 7634, appendix A */
		.enc = MOBX_ENC_CHACHA20_POLY1305,
		.auth = MOBX_AUTH_NONE,
		.enc_key =
			"\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c"
			"\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99"
			"\x9a\x9b\x9c\x9d\x9e\x9f\xa0\xa1\xa2\xa3",
		.enc_key_len = 36,
		.assoc =
			"\x01\x02\x03\x04\x00\x00\x00\x05\x10\x11\x12\x13\x14"
			"\x15\x16\x17",
		.assoc_len = 16,
		.text =
			"\x45\x00\x00\x54\xa6\xf2\x00\x00\x40\x01\xe7\x78\xc6"
			"\x33\x64\x05\xc0\x00\x02\x05\x08\x00\x5b\x7a\x3a\x08"
			"\x00\x00\x55\x3b\xec\x10\x00\x07\x36\x27\x08\x09\x0a"
			"\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17"
			"\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\x21\x22\x23\x24"
			"\x25\x26\x27\x28\x29\x2a\x2b\x2c\x2d\x2e\x2f\x30\x31"
			"\x32\x33\x34\x35\x36\x37\x01\x02\x02\x04",
		.text_len = 88,
		.result =
			"\x24\x03\x94\x28\xb9\x7f\x41\x7e\x3c\x13\x75\x3a\x4f"
			"\x05\x08\x7b\x67\xc3\x52\xe6\xa7\xfa\xb1\xb9\x82\xd4"
			"\x66\xef\x40\x7a\xe5\xc6\x14\xee\x80\x99\xd5\x28\x44"
			"\xeb\x61\xaa\x95\xdf\xab\x4c\x02\xf7\x2a\xa7\x1e\x7c"
			"\x4c\x4f\x64\xc9\xbe\xfe\x2f\xac\xc6\x38\xe8\xf3\xcb"
			"\xec\x16\x3f\xac\x46\x9b\x50\x27\x73\xf6\xfb\x94\xe6"
			"\x64\xda\x91\x65\xb8\x28\x29\xf6\x41\xe0\x76\xaa\xa8"
			"\x26\x6b\x7f\xb0\xf7\xb1\x1b\x36\x99\x07\xe1\xad\x43",
		.result_len = 104,
	},
	{
		/* RFC 3602, section 4, case 5; it has no ICV */
		.enc = MOBX_ENC_AES_CBC,
		.auth = MOBX_AUTH_HMAC_SHA1_96,
		.enc_key =
			"\x90\xd3\x82\xb4\x10\xee\xba\x7a\xd9\x38\xc4\x6c\xec"
			"\x1a\x82\xbf",
		.enc_key_len = 16,
		.auth_key =
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
		.auth_key_len = 20,
		.assoc =
			"\x00\x00\x43\x21\x00\x00\x00\x01\xe9\x6e\x8c\x08\xab"
			"\x46\x57\x63\xfd\x09\x8d\x45\xdd\x3f\xf8\x93",
		.assoc_len = 24,
		.text =
			"\x08\x00\x0e\xbd\xa7\x0a\x00\x00\x8e\x9c\x08\x3d\xb9"
			"\x5b\x07\x00\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11"
			"\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e"
			"\x1f\x20\x21\x22\x23\x24\x25\x26\x27\x28\x29\x2a\x2b"
			"\x2c\x2d\x2e\x2f\x30\x31\x32\x33\x34\x35\x36\x37\x01"
			"\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e"
			"\x0e\x01",
		.text_len = 80,
		.result =
			"\xf6\x63\xc2\x5d\x32\x5c\x18\xc6\xa9\x45\x3e\x19\x4e"
			"\x12\x08\x49\xa4\x87\x0b\x66\xcc\x6b\x99\x65\x33\x00"
			"\x13\xb4\x89\x8d\xc8\x56\xa4\x69\x9e\x52\x3a\x55\xdb"
			"\x08\x0b\x59\xec\x3a\x8e\x4b\x7e\x52\x77\x5b\x07\xd1"
			"\xdb\x34\xed\x9c\x53\x8a\xb5\x0c\x55\x1b\x87\x4a\xa2"
			"\x69\xad\xd0\x47\xad\x2d\x59\x13\xac\x19\xb7\xcf\xba"
			"\xd4\xa6",
		.result_len = 80,
	},
	{
		/* RFC 2202, section 3, case 1 */
		.enc = MOBX_ENC_NULL,
		.auth = MOBX_AUTH_HMAC_SHA1_96,
		.auth_key =
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
		.auth_key_len = 20,
		.assoc = "\x48\x69\x20\x54\x68\x65\x72\x65",
		.assoc_len = 8,
		.result =
			"\xb6\x17\x31\x86\x55\x05\x72\x64\xe2\x8b\xc0\xb6",
		.result_len = 12,
	},
	{
		/* RFC 4868, section 2.7.2.1, AUTH256-1 */
		.enc = MOBX_ENC_NULL,
		.auth = MOBX_AUTH_HMAC_SHA2_256_128,
		.auth_key =
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			"\x0b\x0b\x0b\x0b\x0b\x0b",
		.auth_key_len = 32,
		.assoc = "\x48\x69\x20\x54\x68\x65\x72\x65",
		.assoc_len = 8,
		.result =
			"\x19\x8a\x60\x7e\xb4\x4b\xfb\xc6\x99\x03\xa0\xf1\xcf"
			"\x2b\xbd\xc5",
		.result_len = 16,
	},
	{
		/* RFC 4868, section 2.7.2.2, AUTH384-1 */
		.enc = MOBX_ENC_NULL,
		.auth = MOBX_AUTH_HMAC_SHA2_384_192,
		.auth_key =
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
		.auth_key_len = 48,
		.assoc = "\x48\x69\x20\x54\x68\x65\x72\x65",
		.assoc_len = 8,
		.result =
			"\xb6\xa8\xd5\x63\x6f\x5c\x6a\x72\x24\xf9\x97\x7d\xcf"
			"\x7e\xe6\xc7\xfb\x6d\x0c\x48\xcb\xde\xe9\x73",
		.result_len = 24,
	},
	{
		/* RFC 4868, section 2.7.2.3, AUTH512-1 */
		.enc = MOBX_ENC_NULL,
		.auth = MOBX_AUTH_HMAC_SHA2_512_256,
		.auth_key =
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
		.auth_key_len = 64,
		.assoc = "\x48\x69\x20\x54\x68\x65\x72\x65",
		.assoc_len = 8,
		.result =
			"\x63\x7e\xdc\x6e\x01\xdc\xe7\xe6\x74\x2a\x99\x45\x1a"
			"\xae\x82\xdf\x23\xda\x3e\x92\x43\x9e\x59\x0e\x43\xe7"
			"\x61\xb3\x3e\x91\x0f\xb8",
		.result_len = 32,
	},
	{
		/* RFC 2202, section 3, case 3 */
		.enc = MOBX_ENC_NULL,
		.auth = MOBX_AUTH_HMAC_SHA1_96,
		.esn = true,
		.auth_key =
			"\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
			"\xaa\xaa\xaa\xaa\xaa\xaa\xaa",
		.auth_key_len = 20,
		.assoc =
			"\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd",
		.assoc_len = 12,
		.text =
			"\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
			"\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
			"\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd",
		.text_len = 38,
		.result =
			"\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
			"\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
			"\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\x12"
			"\x5d\x73\x42\xb9\xac\x11\xcd\x91\xa3\x9a\xf4",
		.result_len = 50,
	},
	{
		/* RFC 4868, section 2.7.2.1, AUTH256-2 */
		.enc = MOBX_ENC_NULL,
		.auth = MOBX_AUTH_HMAC_SHA2_256_128,
		.esn = true,
		.auth_key =
			"\x4a\x65\x66\x65\x4a\x65\x66\x65\x4a\x65\x66\x65\x4a"
			"\x65\x66\x65\x4a\x65\x66\x65\x4a\x65\x66\x65\x4a\x65"
			"\x66\x65\x4a\x65\x66\x65",
		.auth_key_len = 32,
		.assoc =
			"\x77\x68\x61\x74\x69\x6e\x67\x3f\x20\x64\x6f\x20",
		.assoc_len = 12,
		.text =
			"\x79\x61\x20\x77\x61\x6e\x74\x20\x66\x6f\x72\x20\x6e"
			"\x6f\x74\x68",
		.text_len = 16,
		.result =
			"\x79\x61\x20\x77\x61\x6e\x74\x20\x66\x6f\x72\x20\x6e"
			"\x6f\x74\x68\x16\x7f\x92\x85\x88\xc5\xcc\x2e\xef\x8e"
			"\x30\x93\xca\xa0\xe8\x7c",
		.result_len = 32,
	},
	{
		/* RFC 4868, section 2.7.2.2, AUTH384-2 */
		.enc = MOBX_ENC_NULL,
		.auth = MOBX_AUTH_HMAC_SHA2_384_192,
		.esn = true,
		.auth_key =
			"\x4a\x65\x66\x65\x4a\x65\x66\x65\x4a\x65\x66\x65\x4a"
			"\x65\x66\x65\x4a\x65\x66\x65\x4a\x65\x66\x65\x4a\x65"
			"\x66\x65\x4a\x65\x66\x65\x4a\x65\x66\x65\x4a\x65\x66"
			"\x65\x4a\x65\x66\x65\x4a\x65\x66\x65",
		.auth_key_len = 48,
		.assoc =
			"\x77\x68\x61\x74\x69\x6e\x67\x3f\x20\x64\x6f\x20",
		.assoc_len = 12,
		.text =
			"\x79\x61\x20\x77\x61\x6e\x74\x20\x66\x6f\x72\x20\x6e"
			"\x6f\x74\x68",
		.text_len = 16,
		.result =
			"\x79\x61\x20\x77\x61\x6e\x74\x20\x66\x6f\x72\x20\x6e"
			"\x6f\x74\x68\x2c\x73\x53\x97\x4f\x18\x42\xfd\x66\xd5"
			"\x3c\x45\x2c\xa4\x21\x22\xb2\x8c\x0b\x59\x4c\xfb\x18"
			"\x4d",
		.result_len = 40,
	},
	{
		/* RFC 4868, section 2.7.2.3, AUTH512-2 */
		.enc = MOBX_ENC_NULL,
		.auth = MOBX_AUTH_HMAC_SHA2_512_256,
		.esn = true,
		.auth_key =
			"\x4a\x65\x66\x65\x4a\x65\x66\x65\x4a\x65\x66\x65\x4a"
			"\x65\x66\x65\x4a\x65\x66\x65\x4a\x65\x66\x65\x4a\x65"
			"\x66\x65\x4a\x65\x66\x65\x4a\x65\x66\x65\x4a\x65\x66"
			"\x65\x4a\x65\x66\x65\x4a\x65\x66\x65\x4a\x65\x66\x65"
			"\x4a\x65\x66\x65\x4a\x65\x66\x65\x4a\x65\x66\x65",
		.auth_key_len = 64,
		.assoc =
			"\x77\x68\x61\x74\x69\x6e\x67\x3f\x20\x64\x6f\x20",
		.assoc_len = 12,
		.text =
			"\x79\x61\x20\x77\x61\x6e\x74\x20\x66\x6f\x72\x20\x6e"
			"\x6f\x74\x68",
		.text_len = 16,
		.result =
			"\x79\x61\x20\x77\x61\x6e\x74\x20\x66\x6f\x72\x20\x6e"
			"\x6f\x74\x68\xcb\x37\x09\x17\xae\x8a\x7c\xe2\x8c\xfd"
			"\x1d\x8f\x47\x05\xd6\x14\x1c\x17\x3b\x2a\x93\x62\xc1"
			"\x5d\xf2\x35\xdf\xb2\x51\xb1\x54\x54",
		.result_len = 48,
	},
};

/* What the crypto API works on, which must not be a stack. */
struct mobx_alg_test {
	u8	packet[MOBX_ALG_TEST_MAX];
	u8	copy[MOBX_ALG_TEST_MAX];
	u8	iv[MOBX_ALG_MAX_IV];
};

/* En- or decrypt @packet, with the IV that it holds. */
static int __init mobx_alg_test_crypt(struct mobx_alg_test *t,
				      struct crypto_aead *tfm, bool encrypt,
				      u8 *packet, unsigned int assoc,
				      unsigned int len)
{
	struct aead_request *req = aead_request_alloc(tfm, GFP_KERNEL);
	unsigned int iv_len = crypto_aead_ivsize(tfm);
	struct scatterlist sg;
	DECLARE_CRYPTO_WAIT(wait);
	int err;

	if (!req)
		return -ENOMEM;
	memcpy(t->iv, packet + assoc - iv_len, iv_len);
	sg_init_one(&sg, packet, MOBX_ALG_TEST_MAX);
	aead_request_set_callback(req, CRYPTO_TFM_REQ_MAY_BACKLOG,
				  crypto_req_done, &wait);
	aead_request_set_ad(req, assoc);
	aead_request_set_crypt(req, &sg, &sg, len, t->iv);
	err = crypto_wait_req(encrypt ? crypto_aead_encrypt(req) :
					crypto_aead_decrypt(req), &wait);
	aead_request_free(req);
	return err;
}

static int __init mobx_alg_test_run(struct mobx_alg_test *t,
				    const struct mobx_alg_case *c,
				    const struct mobx_alg *alg,
				    struct crypto_aead *tfm)
{
	unsigned int assoc = c->assoc_len, text = c->text_len;
	unsigned int len = text + alg->icv_len, i;
	int err;

	if (crypto_aead_ivsize(tfm) != alg->iv_len)
		return -EILSEQ;
	memcpy(t->packet, c->assoc, assoc);
	memcpy(t->packet + assoc, c->text, text);
	err = mobx_alg_test_crypt(t, tfm, true, t->packet, assoc, text);
	if (err)
		return err;
	if (memcmp(t->packet, c->assoc, assoc) ||
	    memcmp(t->packet + assoc, c->result, c->result_len))
		return -EILSEQ;
	for (i = 0; i < assoc + len; i++) {
		memcpy(t->copy, t->packet, sizeof(t->copy));
		t->copy[i] ^= BIT(i % 8);
		err = mobx_alg_test_crypt(t, tfm, false, t->copy, assoc, len);
		if (err != -EBADMSG)
			return err ?: -EILSEQ;
	}
	err = mobx_alg_test_crypt(t, tfm, false, t->packet, assoc, len);
	if (!err && memcmp(t->packet + assoc, c->text, text))
		err = -EILSEQ;
	return err;
}

/* A packet has no upper half of its sequence number; the AEAD wants it there. */
static void __init mobx_alg_test_narrow(u8 *packet, unsigned int len, u8 *high)
{
	memcpy(high, packet + 4, MOBX_ESN_LEN);
	memmove(packet + 4, packet + 4 + MOBX_ESN_LEN, len - 4 - MOBX_ESN_LEN);
}

static void __init mobx_alg_test_widen(u8 *packet, unsigned int len,
				       const u8 *high)
{
	memmove(packet + 4 + MOBX_ESN_LEN, packet + 4, len - 4);
	memcpy(packet + 4, high, MOBX_ESN_LEN);
}

/* What the AEAD has encrypted comes out of the pair; the packet is as sent. */
static int __init mobx_alg_test_pair_open(struct mobx_alg_test *t,
					  const struct mobx_alg *alg,
					  const struct mobx_pair *pair,
					  unsigned int len, const __be32 *high)
{
	unsigned int i;
	int err;

	for (i = 0; i < len + alg->icv_len; i++) {
		memcpy(t->copy, t->packet, sizeof(t->copy));
		t->copy[i] ^= BIT(i % 8);
		err = mobx_pair_decrypt(pair, alg, t->copy, len, high);
		if (err != -EBADMSG)
			return err ?: -EILSEQ;
	}
	return mobx_pair_decrypt(pair, alg, t->packet, len, high);
}

/*
 * The pair against the AEAD, whose answers are known to be right: each opens what
 * the other one has sealed, and the IV is not the nonce that it was made of.
 */
static int __init mobx_alg_test_pair(struct mobx_alg_test *t,
				     const struct mobx_alg_case *c,
				     const struct mobx_alg *alg,
				     struct crypto_aead *tfm,
				     const struct mobx_pair *pair)
{
	unsigned int wide = c->assoc_len + c->text_len + alg->icv_len;
	unsigned int skip = c->esn ? MOBX_ESN_LEN : 0;
	unsigned int len = wide - skip - alg->icv_len;
	unsigned int head = mobx_alg_header(alg);
	__be32 high;
	int err;

	memcpy(t->packet, c->assoc, c->assoc_len);
	memcpy(t->packet + c->assoc_len, c->text, c->text_len);
	err = mobx_alg_test_crypt(t, tfm, true, t->packet, c->assoc_len,
				  c->text_len);
	if (err)
		return err;
	if (skip)
		mobx_alg_test_narrow(t->packet, wide, (u8 *)&high);
	err = mobx_alg_test_pair_open(t, alg, pair, len, skip ? &high : NULL);
	if (!err && memcmp(t->packet + head, c->text, c->text_len))
		err = -EILSEQ;
	if (err)
		return err;

	memcpy(t->copy, t->packet, sizeof(t->copy));
	err = mobx_pair_encrypt(pair, alg, t->packet, len, skip ? &high : NULL);
	if (err)
		return err;
	if (alg->iv_len && !memcmp(t->packet + MOBX_ESP_HDR_LEN,
				   t->copy + MOBX_ESP_HDR_LEN, alg->iv_len))
		return -EILSEQ;
	if (skip)
		mobx_alg_test_widen(t->packet, wide - skip, (u8 *)&high);
	err = mobx_alg_test_crypt(t, tfm, false, t->packet, c->assoc_len,
				  c->text_len + alg->icv_len);
	if (!err && memcmp(t->packet + c->assoc_len, c->text, c->text_len))
		err = -EILSEQ;
	return err;
}

static int __init mobx_alg_test_one(struct mobx_alg_test *t,
				    const struct mobx_alg_case *c)
{
	const struct mobx_alg *alg = mobx_alg_find(c->enc, c->auth, NULL);
	struct crypto_aead *tfm;
	struct mobx_pair *pair;
	int err;

	if (!alg || mobx_alg_check_keys(alg, c->enc_key_len, c->auth_key_len, NULL))
		return -EINVAL;
	tfm = mobx_alg_alloc(alg, c->esn, c->enc_key, c->enc_key_len,
			     c->auth_key, c->auth_key_len, NULL);
	/* What the kernel was built without cannot be tested. */
	if (IS_ERR(tfm))
		return PTR_ERR(tfm) == -ENOENT ? 0 : PTR_ERR(tfm);
	err = mobx_alg_test_run(t, c, alg, tfm);
	pair = mobx_pair_alloc(alg, tfm, c->enc_key, c->enc_key_len,
			       c->auth_key, c->auth_key_len);
	if (!err && pair && mobx_pair_usable(pair))
		err = mobx_alg_test_pair(t, c, alg, tfm, pair);
	mobx_pair_free(pair);
	mobx_alg_free(tfm);
	return err;
}

/**
 * mobx_alg_selftest - known answers
 *
 * Return: 0, or a negative error with the reason in the log
 * Context: process; may load modules.
 */
int __init mobx_alg_selftest(void)
{
	struct mobx_alg_test *t;
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(mobx_alg_cases) && !err; i++) {
		t = kzalloc(sizeof(*t), GFP_KERNEL);
		if (!t)
			return -ENOMEM;
		err = mobx_alg_test_one(t, &mobx_alg_cases[i]);
		if (err)
			pr_err("mobx: self-test: algorithms: case %u: %d\n", i,
			       err);
		kfree(t);
	}
	return err;
}
#endif
