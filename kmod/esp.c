// SPDX-License-Identifier: GPL-2.0
/*
 * ESP (RFC 4303): a packet and the cipher.
 *
 * The cipher may finish at once or later, in another context: requests are
 * answered with -EINPROGRESS possibly after they have been completed. So
 * whatever a completion needs is referenced before the request is made, and
 * nothing of it is touched afterwards unless the cipher has said that it is
 * done. Only transforms that may do so pay for it.
 */
#include <crypto/aead.h>
#include <crypto/cryptd.h>
#include <crypto/internal/simd.h>
#include <linux/ip.h>
#include <linux/netdevice.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/esp.h>
#include <net/ip.h>
#include <asm/simd.h>

#include "compat.h"
#include "esp.h"
#include "event.h"
#include "hold.h"
#include "input.h"
#include "layout.h"
#include "netns.h"
#include "pair.h"
#include "sa.h"
#include "send.h"

/* Enough for a packet in one piece with all algorithms known. */
#define MOBX_ESP_OP_SIZE	1024

/**
 * struct mobx_esp_op - one request to the cipher
 * @mnet: namespace
 * @sa: whose key it is
 * @skb: packet
 * @dev: inbound, the device that it came by
 * @req: request, behind @sg
 * @size: octets of memory that this has
 * @layout: outbound, where ESP is in it; kept for requests that complete later
 * @seq: inbound, sequence number
 * @esph: the ESP header
 * @before: what stood before it, while the cipher has an extended number there
 * @async: the request may complete later: references are held
 * @iv: initialisation vector, which some modes write to
 * @sg: where the packet is
 */
struct mobx_esp_op {
	struct mobx_net		*mnet;
	struct mobx_sa		*sa;
	struct sk_buff		*skb;
	struct net_device	*dev;
	struct aead_request	*req;
	unsigned int		size;
	struct mobx_layout	layout;
	u64			seq;
	__be32			*esph;
	__be32			before;
	bool			async;
	u8			iv[MOBX_ALG_MAX_IV];
	struct scatterlist	sg[];
};

/* Of a packet in one piece: all that the cipher covers, and the ICV. */
#define MOBX_ESP_PIECES		2

/* Where the request is, behind so many pieces of the packet. */
#define MOBX_ESP_OP_OFFSET(n_sg)					\
	ALIGN(struct_size((struct mobx_esp_op *)NULL, sg, n_sg),	\
	      crypto_tfm_ctx_alignment())

/*
 * The transform for a packet: the direct one while the vector registers are free
 * and no packet waits before this one. Bottom halves are off, or it might be
 * another CPU's queue that is asked about.
 */
static struct crypto_aead *mobx_esp_tfm(const struct mobx_sa *sa)
{
#if IS_ENABLED(CONFIG_CRYPTO_CRYPTD)
	if (likely(sa->direct) && likely(crypto_simd_usable()) &&
	    likely(!cryptd_aead_queued(__cryptd_aead_cast(sa->tfm))))
		return sa->direct;
#endif
	return sa->tfm;
}

/* One request is kept on each CPU, so that most packets allocate nothing. */
static DEFINE_PER_CPU(struct mobx_esp_op *, mobx_esp_spare);

static struct mobx_esp_op *mobx_esp_op_get(struct mobx_net *mnet,
					   struct mobx_sa *sa,
					   struct sk_buff *skb,
					   unsigned int n_sg)
{
	struct crypto_aead *tfm = mobx_esp_tfm(sa);
	struct mobx_esp_op *op = NULL;
	size_t offset, size;

	offset = likely(n_sg == 1) ? MOBX_ESP_OP_OFFSET(MOBX_ESP_PIECES) :
				     MOBX_ESP_OP_OFFSET(n_sg);
	size = offset + sizeof(struct aead_request) +
	       crypto_aead_reqsize(tfm);
	if (likely(size <= MOBX_ESP_OP_SIZE)) {
		size = MOBX_ESP_OP_SIZE;
		op = this_cpu_xchg(mobx_esp_spare, NULL);
	}
	if (!op)
		op = kmalloc(size, GFP_ATOMIC);
	if (!op)
		return NULL;

	op->mnet = mnet;
	op->sa = sa;
	op->skb = skb;
	op->req = (void *)op + offset;
	op->size = size;
	aead_request_set_tfm(op->req, tfm);
	op->async = tfm != sa->direct &&
		    crypto_aead_alg(tfm)->base.cra_flags & CRYPTO_ALG_ASYNC;
	if (unlikely(op->async)) {
		if (!mobx_sa_tryget(sa)) {
			kfree(op);
			return NULL;
		}
		atomic_inc(&sa->late);
		this_cpu_inc(*mnet->hold->busy);
	}
	return op;
}

/* The last that is done for a request: its namespace may go away then. */
static void mobx_esp_op_put(struct mobx_esp_op *op)
{
	struct mobx_net *mnet = op->mnet;
	bool async = op->async;

	if (async) {
		atomic_dec(&op->sa->late);
		mobx_sa_put(op->sa);
	}
	if (likely(op->size == MOBX_ESP_OP_SIZE))
		op = this_cpu_xchg(mobx_esp_spare, op);
	if (unlikely(op))
		kfree(op);
	if (async)
		this_cpu_dec(*mnet->hold->busy);
}

/**
 * mobx_esp_exit - give the spare requests back
 *
 * Context: module exit; no request is under way any more.
 */
void mobx_esp_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kfree_sensitive(*per_cpu_ptr(&mobx_esp_spare, cpu));
}

/*
 * Extended sequence numbers are authenticated with their upper half between SPI
 * and lower half (RFC 4303, section 2.2.1), where it is not sent. So the SPI
 * gives way to it and takes the place of the four octets before ESP, which
 * belong to what is or will be in front. For as long as the cipher works only.
 */
static void mobx_esp_widen(struct mobx_esp_op *op, u64 seq)
{
	op->before = op->esph[-1];
	op->esph[-1] = op->esph[0];
	op->esph[0] = htonl(upper_32_bits(seq));
}

static void mobx_esp_narrow(struct mobx_esp_op *op)
{
	op->esph[0] = op->esph[-1];
	op->esph[-1] = op->before;
}

/*
 * Scatter list of a packet in one piece from @offset on. The ICV has an entry of
 * its own, or ciphers would make a list to get there, for each packet.
 */
static void mobx_esp_map_linear(struct mobx_esp_op *op, int offset)
{
	unsigned int icv_len = op->sa->alg->icv_len;
	unsigned int len = op->skb->len - offset - icv_len;
	struct scatterlist *sg = op->sg;

	sg[0].page_link = 0;
	sg_set_buf(&sg[0], op->skb->data + offset, len);
	sg[1].page_link = 0;
	sg_set_page(&sg[1], sg_page(&sg[0]), icv_len, sg[0].offset + len);
	sg_mark_end(&sg[1]);
}

/*
 * Scatter list of the packet from its ESP header, at octet @offset, on; with
 * @high octets in front of that.
 */
static int mobx_esp_map(struct mobx_esp_op *op, unsigned int offset,
			unsigned int high, unsigned int n_sg)
{
	struct sk_buff *skb = op->skb;
	int n;

	if (likely(n_sg == 1)) {
		mobx_esp_map_linear(op, (int)offset - (int)high);
		return 0;
	}
	__skb_push(skb, high);
	sg_init_table(op->sg, n_sg);
	n = skb_to_sgvec(skb, op->sg, offset, skb->len - offset);
	__skb_pull(skb, high);
	return n < 0 ? n : 0;
}

/* ESP header and IV of a packet that was laid out (RFC 4303, section 2). */
static void mobx_esp_fill(struct mobx_esp_op *op, u64 seq)
{
	const struct mobx_sa *sa = op->sa;
	struct ip_esp_hdr *esph = (void *)skb_transport_header(op->skb);

	op->esph = &esph->spi;
	esph->spi = sa->spi;
	esph->seq_no = htonl(seq);
	switch (sa->alg->iv) {
	case MOBX_IV_NONE:
		return;
	case MOBX_IV_COUNTER:
		put_unaligned_be64(sa->iv_base + seq, op->iv);
		memcpy(esph->enc_data, op->iv, MOBX_ALG_COUNTER_IV);
		return;
	case MOBX_IV_RANDOM:
		put_unaligned(get_random_u64(), (u64 *)op->iv);
		put_unaligned(get_random_u64(), (u64 *)(op->iv + 8));
		memcpy(esph->enc_data, op->iv, sa->alg->iv_len);
	}
}

static void mobx_esp_drop(struct mobx_net *mnet, struct sk_buff *skb,
			  enum mobx_stat why)
{
	mobx_stat_inc(mnet, why);
	kfree_skb(skb);
}

static void mobx_esp_encrypt_done(mobx_completion_arg arg, int err)
{
	struct mobx_esp_op *op = mobx_completion_data(arg);

	/* Only told that the request has left a queue. */
	if (err == -EINPROGRESS)
		return;
	local_bh_disable();
	rcu_read_lock();
	if (mobx_sa_esn(op->sa))
		mobx_esp_narrow(op);
	/* Its device may have gone meanwhile; of the route we have a reference. */
	op->skb->dev = skb_dst(op->skb)->dev;
	if (likely(!err))
		mobx_send(op->mnet, op->sa, op->skb, &op->layout);
	else
		mobx_esp_drop(op->mnet, op->skb, MOBX_STAT_OUT_CRYPTO_ERROR);
	mobx_esp_op_put(op);
	rcu_read_unlock();
	local_bh_enable();
}

/*
 * Whether a packet in so many pieces can be had done by two calls; not before
 * those that wait in a queue.
 */
static bool mobx_esp_at_once(const struct mobx_sa *sa, int n_sg)
{
	return sa->pair && n_sg == 1 && !atomic_read(&sa->late) &&
	       mobx_pair_usable(sa->pair);
}

/*
 * The next sequence number, which is taken last, when nothing but the cipher can
 * fail, so that numbers have no gaps (RFC 4303, section 2.2) but for those that
 * could not be sent. Return: 0 when there is none left, which was counted
 */
static u64 mobx_esp_next(struct mobx_net *mnet, struct mobx_sa *sa)
{
	u64 seq = atomic64_inc_return(&sa->seq);

	if (likely(seq <= sa->seq_last))
		return seq;
	/* So that it never goes round, however often this happens. */
	atomic64_set(&sa->seq, sa->seq_last);
	mobx_event_overflow(sa);
	mobx_stat_inc(mnet, MOBX_STAT_OUT_SEQ_OVERFLOW);
	return 0;
}

static void mobx_esp_encrypt_pair(struct mobx_net *mnet, struct mobx_sa *sa,
				  struct sk_buff *skb,
				  const struct mobx_layout *l)
{
	struct ip_esp_hdr *esph = (void *)skb_transport_header(skb);
	u64 seq = mobx_esp_next(mnet, sa);
	__be32 high = htonl(upper_32_bits(seq));

	if (unlikely(!seq)) {
		kfree_skb(skb);
		return;
	}
	esph->spi = sa->spi;
	esph->seq_no = htonl(seq);
	/* A nonce: mobx_pair_encrypt() makes the IV of it. */
	if (sa->alg->iv_len) {
		put_unaligned(sa->iv_base, (u64 *)esph->enc_data);
		put_unaligned_be64(seq, esph->enc_data + 8);
	}
	if (likely(!mobx_pair_encrypt(sa->pair, sa->alg, (u8 *)esph,
				      skb->len - mobx_layout_esp(l) -
				      sa->alg->icv_len,
				      mobx_sa_esn(sa) ? &high : NULL)))
		mobx_send(mnet, sa, skb, l);
	else
		mobx_esp_drop(mnet, skb, MOBX_STAT_OUT_CRYPTO_ERROR);
}

/**
 * mobx_esp_encrypt - protect a packet and send it
 * @mnet: namespace
 * @sa: outbound SA
 * @skb: whole packet, no super-packet, at its IP header, with a route; consumed
 * @l: where ESP goes in it
 *
 * Context: RCU section.
 */
void mobx_esp_encrypt(struct mobx_net *mnet, struct mobx_sa *sa,
		      struct sk_buff *skb, const struct mobx_layout *l)
{
	unsigned int high = mobx_sa_esn(sa) ? MOBX_ESN_LEN : 0;
	const struct mobx_alg *alg = sa->alg;
	struct mobx_esp_op *op;
	int n_sg, err;
	u64 seq;

	n_sg = mobx_layout_open(skb, alg, l);
	if (unlikely(n_sg < 0)) {
		mobx_esp_drop(mnet, skb, MOBX_STAT_OUT_NO_MEMORY);
		return;
	}
	if (mobx_esp_at_once(sa, n_sg)) {
		mobx_esp_encrypt_pair(mnet, sa, skb, l);
		return;
	}
	op = mobx_esp_op_get(mnet, sa, skb, n_sg);
	if (unlikely(!op)) {
		mobx_esp_drop(mnet, skb, MOBX_STAT_OUT_NO_MEMORY);
		return;
	}
	/* A route that lives as long as the RCU section may be too short. */
	if ((op->async && !skb_dst_force(skb)) ||
	    mobx_esp_map(op, mobx_layout_esp(l), high, n_sg)) {
		mobx_esp_drop(mnet, skb, MOBX_STAT_OUT_NO_MEMORY);
		goto put;
	}
	seq = mobx_esp_next(mnet, sa);
	if (unlikely(!seq)) {
		kfree_skb(skb);
		goto put;
	}
	mobx_esp_fill(op, seq);
	if (op->async) {
		op->layout = *l;
		op->layout.dst = NULL;
	}
	if (high)
		mobx_esp_widen(op, seq);

	aead_request_set_callback(op->req, 0, mobx_esp_encrypt_done, op);
	aead_request_set_ad(op->req, high + mobx_alg_header(alg));
	aead_request_set_crypt(op->req, op->sg, op->sg,
			       skb->len - mobx_layout_esp(l) -
			       mobx_alg_header(alg) - alg->icv_len, op->iv);
	err = crypto_aead_encrypt(op->req);
	if (err == -EINPROGRESS)
		return;
	if (high)
		mobx_esp_narrow(op);
	if (likely(!err))
		mobx_send(mnet, sa, skb, l);
	else
		mobx_esp_drop(mnet, skb, MOBX_STAT_OUT_CRYPTO_ERROR);
put:
	mobx_esp_op_put(op);
}

static void mobx_esp_decrypt_done(mobx_completion_arg arg, int err)
{
	struct mobx_esp_op *op = mobx_completion_data(arg);

	if (err == -EINPROGRESS)
		return;
	local_bh_disable();
	rcu_read_lock();
	if (mobx_sa_esn(op->sa))
		mobx_esp_narrow(op);
	mobx_input_decrypted(op->mnet, op->sa, op->skb, op->seq, err);
	dev_put(op->dev);
	mobx_esp_op_put(op);
	rcu_read_unlock();
	local_bh_enable();
}

static int mobx_esp_decrypt_pair(const struct mobx_sa *sa, struct sk_buff *skb,
				 u64 seq)
{
	__be32 high = htonl(upper_32_bits(seq));

	return mobx_pair_decrypt(sa->pair, sa->alg, skb->data,
				 skb->len - sa->alg->icv_len,
				 mobx_sa_esn(sa) ? &high : NULL);
}

/**
 * mobx_esp_decrypt - check and decrypt a packet
 * @mnet: namespace
 * @sa: inbound SA
 * @skb: at its ESP header, of which all up to the IV is in the first piece;
 *	long enough and aligned for the algorithm
 * @seq: its sequence number
 *
 * Context: RCU section.
 * Return: 0 when the ICV is right, -EBADMSG when it is not, -ENOMEM; or
 *	-EINPROGRESS: the packet is gone, and mobx_input_decrypted() will be told
 */
int mobx_esp_decrypt(struct mobx_net *mnet, struct mobx_sa *sa,
		     struct sk_buff *skb, u64 seq)
{
	unsigned int high = mobx_sa_esn(sa) ? MOBX_ESN_LEN : 0;
	unsigned int head = mobx_alg_header(sa->alg);
	unsigned long refdst = skb->_skb_refdst;
	struct mobx_esp_op *op;
	struct sk_buff *trailer;
	int n_sg = 1, err;

	/* Pages of a packet may belong to others too, even to files. */
	if (unlikely(skb_cloned(skb) || skb_is_nonlinear(skb))) {
		n_sg = skb_cow_data(skb, 0, &trailer);
		if (n_sg < 0)
			return -ENOMEM;
	}
	if (mobx_esp_at_once(sa, n_sg))
		return mobx_esp_decrypt_pair(sa, skb, seq);
	op = mobx_esp_op_get(mnet, sa, skb, n_sg);
	if (unlikely(!op))
		return -ENOMEM;
	op->seq = seq;
	op->esph = (__be32 *)skb->data;
	/* A length that the compiler knows is a copy without a loop. */
	if (likely(sa->alg->iv == MOBX_IV_COUNTER))
		memcpy(op->iv, skb->data + MOBX_ESP_HDR_LEN,
		       MOBX_ALG_COUNTER_IV);
	else
		memcpy(op->iv, skb->data + MOBX_ESP_HDR_LEN, sa->alg->iv_len);
	if (unlikely(mobx_esp_map(op, 0, high, n_sg))) {
		err = -ENOMEM;
		goto put;
	}
	if (high)
		mobx_esp_widen(op, seq);

	aead_request_set_callback(op->req, 0, mobx_esp_decrypt_done, op);
	aead_request_set_ad(op->req, high + head);
	aead_request_set_crypt(op->req, op->sg, op->sg, skb->len - head,
			       op->iv);
	if (op->async) {
		/* The route may not outlive the RCU section; find it again. */
		if (skb_dst_is_noref(skb))
			skb->_skb_refdst = 0;
		op->dev = skb->dev;
		dev_hold(op->dev);
	}
	err = crypto_aead_decrypt(op->req);
	if (err == -EINPROGRESS)
		return err;
	if (high)
		mobx_esp_narrow(op);
	if (op->async) {
		skb->_skb_refdst = refdst;
		dev_put(op->dev);
	}
put:
	mobx_esp_op_put(op);
	return err;
}
