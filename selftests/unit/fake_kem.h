/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A key encapsulation mechanism in the place of ML-KEM, for a libcrypto that lacks
 * it: by its names, of its sizes, reached in the same way. It is x25519 and filling,
 * and protects nothing from a quantum computer.
 */
#ifndef MOBX_TEST_FAKE_KEM_H
#define MOBX_TEST_FAKE_KEM_H

/**
 * fake_kem_setup() - have libcrypto know ML-KEM from now on, by hook or by crook
 * @state: unused; a cmocka group's setup looks so
 *
 * Return: 0, or -1 if it does not take the provider.
 */
int fake_kem_setup(void **state);

/** fake_kem_teardown() - undo that; at the end of a program, for good */
int fake_kem_teardown(void **state);

#endif
