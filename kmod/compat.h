/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_COMPAT_H
#define MOBX_COMPAT_H

/*
 * What differs between kernels 6.1 and 6.12 and later. Tests for the feature
 * where that is possible: distributions port things back.
 */

#include <linux/types.h>
#include <linux/version.h>

/* skb_gso_segment() and friends moved in 6.4.10. */
#if __has_include(<net/gso.h>)
#include <net/gso.h>
#endif
#include <linux/netdevice.h>

#if __has_include(<linux/unaligned.h>)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* Since 6.3 a completion gets its data, before that the request. */
#include <crypto/aead.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
typedef void *mobx_completion_arg;
static inline void *mobx_completion_data(mobx_completion_arg arg)
{
	return arg;
}
#else
typedef struct crypto_async_request *mobx_completion_arg;
static inline void *mobx_completion_data(mobx_completion_arg arg)
{
	return arg->data;
}
#endif

#endif
