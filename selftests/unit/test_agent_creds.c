// SPDX-License-Identifier: GPL-2.0
/*
 * The credentials process as it is in earnest: libcrypto has been run once, then
 * system calls are filtered, and only then it is told of keys, signs and
 * verifies. In processes of their own, for what libcrypto has done once it does
 * not ask the kernel for again.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/cred.h"
#include "agent/filter.h"
#include "crypto/sig.h"
#include "crypto/util.h"
#include "ike_net.h"
#include "pki.h"

#define NAME "server"
#define MAX_DER 8192
#define URI "http://ocsp.example/"

/* No item, but what a responder says of the certificate. */
#define ITEM_ANSWER ((enum conf_item)99)

static void write_item(int fd, enum conf_item item, struct wire_span der)
{
	const struct msg_cred_item head = { .name = NAME, .item = item };
	const size_t len = sizeof(head) + der.len;

	assert_true(der.len < MAX_DER);
	assert_int_equal(write(fd, &len, sizeof(len)), sizeof(len));
	assert_int_equal(write(fd, &head, sizeof(head)), sizeof(head));
	assert_int_equal(write(fd, der.p, der.len), (ssize_t)der.len);
	pki_free(der);
}

/* Another process makes keys and certificates. */
static void make(const char *kind, int fd)
{
	const struct pki_want ca = { .subject = "root", .ca = true };
	const struct pki_want own = { .subject = "mobile",
				      .san = "DNS:mobile.example" };
	EVP_PKEY *ca_key = pki_key("P-256"), *key = pki_key(kind);
	X509 *root = pki_cert(ca_key, NULL, NULL, &ca);
	X509 *cert = pki_cert(key, root, ca_key, &own);

	write_item(fd, CONF_ITEM_KEY, pki_key_der(key, true));
	write_item(fd, CONF_ITEM_CERT, pki_der(cert));
	write_item(fd, CONF_ITEM_CA, pki_der(root));
	write_item(fd, CONF_ITEM_CRL, pki_crl_der(pki_crl(root, ca_key, NULL)));
	write_item(fd, ITEM_ANSWER, pki_answer(pki_request(cert, root),
					       &(struct pki_answer){
		.from = -60, .to = 3600, .nonce = PKI_NONCE_NONE,
		.signer = root, .signer_key = ca_key }));
}

/* Whole, however it comes; false at the end. */
static bool read_all(int fd, void *buf, size_t len)
{
	uint8_t *at = buf;
	ssize_t n;

	while (len > 0) {
		n = read(fd, at, len);
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* The answer is @said's. */
static void be_told(struct cred_list *l, int fd, struct wire_span *said)
{
	static uint8_t kept[MAX_DER];
	const struct msg_cred_item *item;
	static uint8_t body[sizeof(struct msg_cred_item) + MAX_DER];
	struct msg_cred head = { .name = NAME,
				 .local_auth = IKE_AUTHBY_PUBKEY,
				 .remote_auth = IKE_AUTHBY_PUBKEY,
				 .ocsp = CRYPTO_OCSP_STRICT, .ocsp_uri = URI };
	struct msg_name end = { .name = NAME };
	size_t len;

	cred_list_told(l, MSG_CRED_BEGIN, &head, sizeof(head));
	while (read_all(fd, &len, sizeof(len)) && len <= sizeof(body) &&
	       read_all(fd, body, len)) {
		item = (const struct msg_cred_item *)(const void *)body;
		if (item->item != ITEM_ANSWER) {
			cred_list_told(l, MSG_CRED_ITEM, body, len);
			continue;
		}
		*said = (struct wire_span){ kept, len - sizeof(*item) };
		memcpy(kept, item + 1, said->len);
	}
	cred_list_told(l, MSG_CRED_END, &end, sizeof(end));
}

/* The exit status: 0 when its own signature is genuine. */
static int sign_and_verify(int fd)
{
	const struct wire_span octets = { (const uint8_t *)"octets", 6 };
	struct wire_wr data = { 0 }, certs = { 0 };
	struct msg_auth m = { .conn = NAME, .prf = IKE_PRF_HMAC_SHA2_256,
			      .hashes = CRYPTO_SIG_HASHES };
	struct msg_auth_done done = { 0 };
	struct crypto_ocsp_ask ask = { 0 };
	struct wire_span said = { 0 };
	struct cred_list list = { 0 };

	if (crypto_keep_secrets(1u << 20) == -ENOMEM || crypto_init())
		return 2;
	if (filter_system_calls(FILTER_CREDS))
		return 3;
	be_told(&list, fd, &said);
	cred_sign(&list, &m, octets, &done, &data, &certs);
	if (!done.ok)
		return 4;
	m.method = done.method;
	m.peer_id = (struct ike_id){ .type = IKE_ID_FQDN, .len = 14,
				     .data = "mobile.example" };
	memset(&done, 0, sizeof(done));
	for (int i = 0; i < 2; i++) {
		if (cred_verify(&list, &m, octets,
				(struct wire_span){ data.data, data.len },
				(struct wire_span){ certs.data, certs.len },
				&ask, &done) != i)
			return 5;
		if (!i && strcmp(ask.uri, URI))
			return 6;
		ask.answer = said;
	}
	return done.ok ? 0 : 7;
}

static void one_kind(const char *kind)
{
	int fd[2], status;
	pid_t maker, user;

	assert_int_equal(pipe(fd), 0);
	maker = fork();
	assert_true(maker >= 0);
	if (!maker) {
		make(kind, fd[1]);
		syscall(SYS_exit_group, 0);
	}
	user = fork();
	assert_true(user >= 0);
	if (!user) {
		close(fd[1]);
		/* The sanitizer's own _exit() asks for a signal stack. */
		syscall(SYS_exit_group, sign_and_verify(fd[0]));
	}
	close(fd[0]);
	close(fd[1]);
	assert_int_equal(waitpid(maker, &status, 0), maker);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(waitpid(user, &status, 0), user);
	assert_false(WIFSIGNALED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void filtered(void **state)
{
	static const char *const kinds[] = {
		"rsa", "P-256", "P-384", "P-521", "ed25519",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		one_kind(kinds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filtered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
