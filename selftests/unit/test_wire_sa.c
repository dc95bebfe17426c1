// SPDX-License-Identifier: GPL-2.0
/* SA payload, and choosing among proposals. */
#include "test_wire.h"

#include <stdbool.h>

#include "wire/sa.h"

static enum wire_err decode(const char *hex, struct wire_sa *sa)
{
	uint8_t data[512];
	size_t len = unhex(hex, data, sizeof(data));
	uint8_t *copy = exact(data, len);
	struct wire_payload pl = { .type = IKE_PL_SA, .body = copy,
				   .len = len };
	enum wire_err err = wire_sa_decode(&pl, sa);

	free(copy);
	return err;
}

/* Every call appends a suite as a proposal of its own. */
static struct wire_proposal *suite(struct wire_sa *sa, uint8_t protocol,
				   uint16_t encr, uint16_t bits, uint16_t integ,
				   uint16_t ke)
{
	struct wire_proposal *p = &sa->p[sa->n++];

	memset(p, 0, sizeof(*p));
	p->protocol = protocol;
	p->spi_len = protocol == IKE_PROTO_ESP ? 4 : 0;
	wire_proposal_add(p, IKE_TT_ENCR, encr, bits);
	if (protocol == IKE_PROTO_IKE)
		wire_proposal_add(p, IKE_TT_PRF, IKE_PRF_HMAC_SHA2_256, 0);
	if (integ)
		wire_proposal_add(p, IKE_TT_INTEG, integ, 0);
	if (ke)
		wire_proposal_add(p, IKE_TT_KE, ke, 0);
	if (protocol == IKE_PROTO_ESP)
		wire_proposal_add(p, IKE_TT_ESN, IKE_ESN_NO, 0);
	return p;
}

static void test_encoding(void **state)
{
	struct wire_sa sa = { 0 }, back;
	struct wire_enc enc;
	struct wire_msg msg;

	(void)state;
	suite(&sa, IKE_PROTO_ESP, IKE_ENCR_AES_GCM_16, 128, 0, 0);
	suite(&sa, IKE_PROTO_ESP, IKE_ENCR_AES_CBC, 128, IKE_INTEG_HMAC_SHA1_96,
	      0);
	memcpy(sa.p[0].spi, "\1\2\3\4", 4);
	memcpy(sa.p[1].spi, "\1\2\3\4", 4);
	wire_enc_start(&enc, &test_hdr);
	wire_sa_encode(&enc, &sa);
	finish_and_parse(&enc, &msg);
	assert_hex(msg.payload[0].body, msg.payload[0].len,
		   "02 00 0020 01 03 04 02 01020304"
		   "03 00 000c 01 00 0014 800e 0080"
		   "00 00 0008 05 00 0000"
		   "00 00 0028 02 03 04 03 01020304"
		   "03 00 000c 01 00 000c 800e 0080"
		   "03 00 0008 03 00 0002"
		   "00 00 0008 05 00 0000");
	assert_int_equal(wire_sa_decode(&msg.payload[0], &back), WIRE_OK);
	assert_int_equal(back.n, 2);
	assert_int_equal(back.p[1].num, 2);
	assert_false(back.p[1].bad);
	assert_same_transforms(&back.p[1], &sa.p[1]);
	assert_memory_equal(back.p[1].spi, "\1\2\3\4", 4);
	wire_enc_free(&enc);
}

/* covers: K14 */
static void test_malformed(void **state)
{
	static const struct {
		const char *hex;
		enum wire_err want;
	} cases[] = {
		{ "", WIRE_E_SHORT },
		{ "00 00 00", WIRE_E_SHORT },
		/* lengths of the proposal */
		{ "00 00 0000 01 01 00 00", WIRE_E_LENGTH },
		{ "00 00 0007 01 01 00 00", WIRE_E_LENGTH },
		{ "00 00 0009 01 01 00 00", WIRE_E_LENGTH },
		{ "00 00 ffff 01 01 00 00", WIRE_E_LENGTH },
		{ "00 00 0008 01 01 00 00 00", WIRE_E_LENGTH },
		{ "00 00 0008 01 01 00 00", WIRE_OK },
		{ "01 00 0008 01 01 00 00", WIRE_E_VALUE },
		/* more promised than there is, and the reverse */
		{ "02 00 0008 01 01 00 00", WIRE_E_LENGTH },
		{ "00 00 0008 01 01 00 00 00 00 0008 02 01 00 00", WIRE_E_LENGTH },
		/* SPI beyond the proposal */
		{ "00 00 0008 01 03 04 00", WIRE_E_LENGTH },
		{ "00 00 0008 01 03 ff 00", WIRE_E_LENGTH },
		/* count of transforms */
		{ "00 00 0008 01 01 00 01", WIRE_E_LENGTH },
		{ "00 00 0010 01 01 00 00 00 00 0008 02 00 0005", WIRE_E_LENGTH },
		{ "00 00 0010 01 01 00 02 00 00 0008 02 00 0005", WIRE_E_LENGTH },
		{ "00 00 0010 01 01 00 ff 00 00 0008 02 00 0005", WIRE_E_LENGTH },
		{ "00 00 0010 01 01 00 01 03 00 0008 02 00 0005", WIRE_E_LENGTH },
		{ "00 00 0010 01 01 00 01 02 00 0008 02 00 0005", WIRE_E_VALUE },
		{ "00 00 0010 01 01 00 01 00 00 0007 02 00 0005", WIRE_E_LENGTH },
		{ "00 00 0010 01 01 00 01 00 00 0009 02 00 0005", WIRE_E_LENGTH },
		{ "00 00 0010 01 01 00 01 00 00 0008 02 00 0005", WIRE_OK },
		{ "00 ff 0010 01 01 00 01 00 ff 0008 02 ff 0005", WIRE_OK },
		/* attributes: cut, TLV beyond the end */
		{ "00 00 0012 01 01 00 01 00 00 000a 01 00 0014 800e", WIRE_E_LENGTH },
		{ "00 00 0014 01 01 00 01 00 00 000c 01 00 0014 000e 0001", WIRE_E_LENGTH },
		{ "00 00 0014 01 01 00 01 00 00 000c 01 00 0014 000e ffff", WIRE_E_LENGTH },
		{ "00 00 0016 01 01 00 01 00 00 000e 01 00 0014 000e 0002 0080", WIRE_OK },
	};
	struct wire_sa sa;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(decode(cases[i].hex, &sa), cases[i].want);
}

/* What mobx does not know is marked, and never chosen (RFC 7296 3.3.6). */
static void test_unknown_marked(void **state)
{
	struct wire_sa sa, ours = { 0 };
	struct wire_proposal chosen;

	(void)state;
	/* transform type 13 */
	assert_int_equal(decode("00 00 0010 01 01 00 01 00 00 0008 0d 00 0005",
				&sa), WIRE_OK);
	assert_true(sa.p[0].bad);
	/* protocol 4, SPI of another length */
	assert_int_equal(decode("00 00 000a 01 04 02 00 0000", &sa), WIRE_OK);
	assert_true(sa.p[0].bad);
	assert_int_equal(decode("00 00 000a 01 03 02 00 0000", &sa), WIRE_OK);
	assert_true(sa.p[0].bad);
	/* an attribute beside the key length, two key lengths, length 0 */
	assert_int_equal(decode("00 00 0018 01 01 00 01 00 00 0010 01 00 0014"
				"800e 0080 800f 0001", &sa), WIRE_OK);
	assert_true(sa.p[0].t[0].bad);
	assert_int_equal(decode("00 00 0018 01 01 00 01 00 00 0010 01 00 0014"
				"800e 0080 800e 0100", &sa), WIRE_OK);
	assert_true(sa.p[0].t[0].bad);
	assert_int_equal(decode("00 00 0014 01 01 00 01 00 00 000c 01 00 0014"
				"800e 0000", &sa), WIRE_OK);
	assert_true(sa.p[0].t[0].bad);

	/* bad transform first, good one second: the second is taken */
	assert_int_equal(decode("00 00 0030 01 03 04 03 01020304"
				"03 00 0010 01 00 0014 800e 0080 800f 0001"
				"03 00 000c 01 00 0014 800e 0100"
				"00 00 0008 05 00 0000", &sa), WIRE_OK);
	suite(&ours, IKE_PROTO_ESP, IKE_ENCR_AES_GCM_16, 128, 0, 0);
	assert_false(wire_sa_choose(&sa, &ours, &chosen));
	suite(&ours, IKE_PROTO_ESP, IKE_ENCR_AES_GCM_16, 256, 0, 0);
	assert_true(wire_sa_choose(&sa, &ours, &chosen));
	assert_int_equal(chosen.t[0].key_bits, 256);
}

static void test_many(void **state)
{
	struct wire_wr wr = { 0 };
	struct wire_payload pl;
	struct wire_sa sa;

	(void)state;
	for (int i = 0; i < 255; i++)
		wire_wr_u64(&wr, i < 254 ? 0x0200000801010000 :
					   0x0000000801010000);
	pl = (struct wire_payload){ .body = wr.data, .len = wr.len };
	assert_int_equal(wire_sa_decode(&pl, &sa), WIRE_OK);
	assert_int_equal(sa.n, WIRE_MAX_PROPOSALS);
	assert_int_equal(sa.skipped, 255 - WIRE_MAX_PROPOSALS);
	wire_wr_free(&wr);

	wire_wr_u64(&wr, 0x00000000010100ff | (uint64_t)(8 + 255 * 8) << 32);
	for (int i = 0; i < 255; i++)
		wire_wr_u64(&wr, i < 254 ? 0x0300000802000005 :
					   0x0000000802000005);
	pl = (struct wire_payload){ .body = wr.data, .len = wr.len };
	assert_int_equal(wire_sa_decode(&pl, &sa), WIRE_OK);
	assert_int_equal(sa.p[0].n, WIRE_MAX_TRANSFORMS);
	assert_true(sa.p[0].bad);
	wire_wr_free(&wr);
}

static void test_choose_prefers_ours(void **state)
{
	struct wire_sa offer = { 0 }, ours = { 0 };
	struct wire_proposal chosen;

	(void)state;
	suite(&offer, IKE_PROTO_IKE, IKE_ENCR_AES_CBC, 128,
	      IKE_INTEG_HMAC_SHA2_256_128, IKE_KE_ECP256)->num = 1;
	suite(&offer, IKE_PROTO_IKE, IKE_ENCR_AES_GCM_16, 256, 0,
	      IKE_KE_ECP256)->num = 2;
	wire_proposal_add(&offer.p[1], IKE_TT_KE, IKE_KE_X25519, 0);
	suite(&ours, IKE_PROTO_IKE, IKE_ENCR_AES_GCM_16, 256, 0, IKE_KE_X25519);
	suite(&ours, IKE_PROTO_IKE, IKE_ENCR_AES_CBC, 128,
	      IKE_INTEG_HMAC_SHA2_256_128, IKE_KE_ECP256);
	assert_true(wire_sa_choose(&offer, &ours, &chosen));
	assert_int_equal(chosen.num, 2);
	assert_int_equal(chosen.n, 3);
	assert_int_equal(wire_proposal_get(&chosen, IKE_TT_KE)->id,
			 IKE_KE_X25519);
	assert_null(wire_proposal_get(&chosen, IKE_TT_INTEG));

	offer.p[1].bad = true;
	assert_true(wire_sa_choose(&offer, &ours, &chosen));
	assert_int_equal(chosen.num, 1);
	assert_int_equal(wire_proposal_get(&chosen, IKE_TT_INTEG)->id,
			 IKE_INTEG_HMAC_SHA2_256_128);
}

static void test_choose_refuses(void **state)
{
	struct wire_sa offer = { 0 }, ours = { 0 };
	struct wire_proposal chosen;

	(void)state;
	suite(&ours, IKE_PROTO_ESP, IKE_ENCR_AES_GCM_16, 128, 0, 0);
	assert_false(wire_sa_choose(&offer, &ours, &chosen));
	assert_int_equal(chosen.n, 0);

	/* other key length, other protocol, integrity beside a combined mode */
	suite(&offer, IKE_PROTO_ESP, IKE_ENCR_AES_GCM_16, 256, 0, 0);
	suite(&offer, IKE_PROTO_ESP, IKE_ENCR_AES_GCM_16, 0, 0, 0);
	suite(&offer, IKE_PROTO_AH, IKE_ENCR_AES_GCM_16, 128, 0, 0);
	suite(&offer, IKE_PROTO_ESP, IKE_ENCR_AES_GCM_16, 128,
	      IKE_INTEG_HMAC_SHA1_96, 0);
	/* PFS asked for, which we do not have */
	suite(&offer, IKE_PROTO_ESP, IKE_ENCR_AES_GCM_16, 128, 0,
	      IKE_KE_X25519);
	assert_false(wire_sa_choose(&offer, &ours, &chosen));

	/* no ESN transform: it is required of a Child SA */
	suite(&offer, IKE_PROTO_ESP, IKE_ENCR_AES_GCM_16, 128, 0, 0)->n = 1;
	assert_false(wire_sa_choose(&offer, &ours, &chosen));
}

static void test_choose_none(void **state)
{
	struct wire_sa offer = { 0 }, ours = { 0 };
	struct wire_proposal chosen;

	(void)state;
	suite(&ours, IKE_PROTO_ESP, IKE_ENCR_AES_GCM_16, 128, 0, 0);
	suite(&offer, IKE_PROTO_ESP, IKE_ENCR_AES_GCM_16, 128, 0,
	      IKE_KE_X25519);
	wire_proposal_add(&offer.p[0], IKE_TT_KE, IKE_KE_NONE, 0);
	wire_proposal_add(&offer.p[0], IKE_TT_INTEG, IKE_INTEG_NONE, 0);
	assert_true(wire_sa_choose(&offer, &ours, &chosen));
	assert_int_equal(wire_proposal_get(&chosen, IKE_TT_KE)->id,
			 IKE_KE_NONE);
	assert_int_equal(wire_proposal_get(&chosen, IKE_TT_INTEG)->id,
			 IKE_INTEG_NONE);

	/* we would like PFS, the peer has none, we allow that */
	offer.n = ours.n = 0;
	suite(&offer, IKE_PROTO_ESP, IKE_ENCR_AES_GCM_16, 128, 0, 0);
	suite(&ours, IKE_PROTO_ESP, IKE_ENCR_AES_GCM_16, 128, 0, IKE_KE_X25519);
	assert_false(wire_sa_choose(&offer, &ours, &chosen));
	wire_proposal_add(&ours.p[0], IKE_TT_KE, IKE_KE_NONE, 0);
	assert_true(wire_sa_choose(&offer, &ours, &chosen));
	assert_null(wire_proposal_get(&chosen, IKE_TT_KE));
}

static void test_answer(void **state)
{
	struct wire_sa offer = { 0 }, answer = { 0 };
	struct wire_proposal *p;

	(void)state;
	suite(&offer, IKE_PROTO_IKE, IKE_ENCR_AES_GCM_16, 128, 0,
	      IKE_KE_ECP256);
	suite(&offer, IKE_PROTO_IKE, IKE_ENCR_AES_CBC, 256,
	      IKE_INTEG_HMAC_SHA2_256_128, IKE_KE_ECP256);
	wire_proposal_add(&offer.p[1], IKE_TT_KE, IKE_KE_X25519, 0);
	assert_false(wire_sa_answer_ok(&offer, &answer));
	p = suite(&answer, IKE_PROTO_IKE, IKE_ENCR_AES_CBC, 256,
		  IKE_INTEG_HMAC_SHA2_256_128, IKE_KE_X25519);
	p->num = 2;
	assert_true(wire_sa_answer_ok(&offer, &answer));

	p->num = 1;
	assert_false(wire_sa_answer_ok(&offer, &answer));
	p->num = 3;
	assert_false(wire_sa_answer_ok(&offer, &answer));
	p->num = 2;
	p->protocol = IKE_PROTO_ESP;
	assert_false(wire_sa_answer_ok(&offer, &answer));
	p->protocol = IKE_PROTO_IKE;
	p->t[0].key_bits = 128;
	assert_false(wire_sa_answer_ok(&offer, &answer));
	p->t[0].key_bits = 256;
	p->t[3].id = IKE_KE_MODP2048;
	assert_false(wire_sa_answer_ok(&offer, &answer));
	p->t[3].id = IKE_KE_X25519;
	p->t[3].bad = true;
	assert_false(wire_sa_answer_ok(&offer, &answer));
	p->t[3].bad = false;
	/* two of a type, one type too few, two proposals */
	wire_proposal_add(p, IKE_TT_KE, IKE_KE_ECP256, 0);
	assert_false(wire_sa_answer_ok(&offer, &answer));
	p->n = 3;
	assert_false(wire_sa_answer_ok(&offer, &answer));
	p->n = 4;
	assert_true(wire_sa_answer_ok(&offer, &answer));
	answer.skipped = 1;
	assert_false(wire_sa_answer_ok(&offer, &answer));
	answer.skipped = 0;
	answer.p[answer.n++] = *p;
	assert_false(wire_sa_answer_ok(&offer, &answer));
}

static void test_full_proposal(void **state)
{
	struct wire_proposal p = { 0 };

	(void)state;
	for (int i = 0; i < WIRE_MAX_TRANSFORMS; i++)
		assert_true(wire_proposal_add(&p, IKE_TT_KE, 14, 0));
	assert_false(wire_proposal_add(&p, IKE_TT_KE, 14, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_unknown_marked),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_choose_prefers_ours),
		cmocka_unit_test(test_choose_refuses),
		cmocka_unit_test(test_choose_none),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_full_proposal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
