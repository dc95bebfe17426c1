/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOBX_SELFTEST_H
#define MOBX_SELFTEST_H

/*
 * Self-tests of pure logic, run when a module built with -DDEBUG loads; it
 * refuses to load when one of them does not return 0 (having said why).
 */
#ifdef DEBUG
int mobx_alg_selftest(void);
int mobx_selector_selftest(void);
int mobx_spd_selftest(void);
int mobx_binding_selftest(void);
#else
static inline int mobx_alg_selftest(void)
{
	return 0;
}

static inline int mobx_selector_selftest(void)
{
	return 0;
}

static inline int mobx_spd_selftest(void)
{
	return 0;
}

static inline int mobx_binding_selftest(void)
{
	return 0;
}
#endif

#endif
