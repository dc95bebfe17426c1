// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets of key management daemons. What they send, and what is sent to them,
 * is exempt from policy: the socket, and not whoever uses its port.
 *
 * A socket is known by its cookie, a number that no other socket ever has. A
 * reference to the socket would keep its namespace alive for ever, and its
 * address may be another socket's one day; the cookie of a closed socket is
 * just a number that matches nothing.
 */

#include <linux/file.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <net/sock.h>

#include "ikesock.h"
#include "netns.h"

/* The kernel counts its own up from 1; these are never met. */
#define MOBX_COOKIE_FIRST	BIT_ULL(63)

static atomic64_t mobx_cookie_next = ATOMIC64_INIT(MOBX_COOKIE_FIRST);

/* The cookie of a socket, given one if nobody has asked for it before. */
static u64 mobx_sock_cookie(struct sock *sk)
{
	if (!atomic64_read(&sk->sk_cookie))
		atomic64_cmpxchg(&sk->sk_cookie, 0,
				 atomic64_inc_return(&mobx_cookie_next));
	return atomic64_read(&sk->sk_cookie);
}

static int mobx_ikesock_check(struct mobx_net *mnet, const struct sock *sk,
			      struct netlink_ext_ack *extack)
{
	if ((sk->sk_family != AF_INET && sk->sk_family != AF_INET6) ||
	    sk->sk_type != SOCK_DGRAM || sk->sk_protocol != IPPROTO_UDP) {
		NL_SET_ERR_MSG(extack, "an IKE socket must be a UDP socket");
		return -EPROTOTYPE;
	}
	if (!net_eq(sock_net(sk), mnet->net)) {
		NL_SET_ERR_MSG(extack,
			       "the IKE socket belongs to another network namespace");
		return -EXDEV;
	}
	return 0;
}

/**
 * mobx_ikesock_register - exempt a socket from policy as long as it lives
 * @mnet: namespace
 * @fd: descriptor of the calling process
 * @extack: says why not
 *
 * The last MOBX_IKE_SOCKETS registered ones count.
 *
 * Context: process that owns @fd, under mobx_net.lock.
 * Return: 0, -EBADF, -ENOTSOCK, -EPROTOTYPE or -EXDEV
 */
int mobx_ikesock_register(struct mobx_net *mnet, int fd,
			  struct netlink_ext_ack *extack)
{
	struct socket *sock;
	int err;
	u64 cookie;
	u32 i;

	lockdep_assert_held(&mnet->lock);
	sock = sockfd_lookup(fd, &err);
	if (!sock) {
		NL_SET_ERR_MSG(extack,
			       "ike-socket is not an open socket of the caller");
		return err;
	}
	err = mobx_ikesock_check(mnet, sock->sk, extack);
	if (err)
		goto out;
	cookie = mobx_sock_cookie(sock->sk);
	for (i = 0; i < mnet->n_ike; i++)
		if (mnet->ike[i] == cookie)
			goto out;
	WRITE_ONCE(mnet->ike[mnet->ike_next], cookie);
	mnet->ike_next = (mnet->ike_next + 1) % MOBX_IKE_SOCKETS;
	if (mnet->n_ike < MOBX_IKE_SOCKETS)
		/* Pairs with the acquire in mobx_ikesock_is(). */
		smp_store_release(&mnet->n_ike, mnet->n_ike + 1);
out:
	sockfd_put(sock);
	return err;
}

/**
 * mobx_ikesock_is - whether a socket was registered
 * @mnet: namespace
 * @sk: socket, or NULL
 *
 * Context: any in which @sk cannot go away.
 */
bool mobx_ikesock_is(const struct mobx_net *mnet, const struct sock *sk)
{
	unsigned int i, n;
	u64 cookie;

	/* Pairs with the release in mobx_ikesock_register(). */
	n = smp_load_acquire(&mnet->n_ike);
	if (likely(!n) || !sk || !sk_fullsock(sk))
		return false;
	cookie = atomic64_read(&sk->sk_cookie);
	if (!cookie)
		return false;
	for (i = 0; i < n; i++)
		if (READ_ONCE(mnet->ike[i]) == cookie)
			return true;
	return false;
}
