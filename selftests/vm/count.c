// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU's translator: how many instructions the guest has executed, by
 * the address of the block that they are in, between two times that it executes
 * MARK. Written when the machine ends, a line a block: address, instructions.
 *
 *   qemu-system-x86_64 -plugin build/vm/count.so,out=PATH
 *
 * The declarations are those of QEMU's plugin interface, version 1 (QEMU 4.2 to
 * 8.1; later ones want another version), of which Debian has no header.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
		void (*cb)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
		void (*cb)(unsigned int cpu, void *data), int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
		void (*cb)(unsigned int cpu, void *data), int flags, void *data);
void qemu_plugin_register_atexit_cb(uint64_t id,
		void (*cb)(uint64_t id, void *data), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
						 size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

EXPORT extern int qemu_plugin_version;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc,
			       char **argv);

EXPORT int qemu_plugin_version = 1;

/* xchg %rbx, %rbx: does nothing, and no compiler writes it. */
static const uint8_t MARK[] = { 0x48, 0x87, 0xdb };

/* A block as it was translated; the same code may be so more than once. */
struct block {
	struct block *next;
	uint64_t address;
	uint64_t length;
	uint64_t times;
};

static struct block *blocks;
static const char *path;
static bool counting;

static void executed(unsigned int cpu, void *data)
{
	struct block *block = data;

	(void)cpu;
	block->times += counting;
}

static void marked(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	counting = !counting;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	struct block *block = calloc(1, sizeof(*block));
	size_t i;

	(void)id;
	if (!block)
		abort();
	block->address = qemu_plugin_tb_vaddr(tb);
	block->length = qemu_plugin_tb_n_insns(tb);
	block->next = blocks;
	blocks = block;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, block);
	for (i = 0; i < block->length; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (qemu_plugin_insn_size(insn) == sizeof(MARK) &&
		    !memcmp(qemu_plugin_insn_data(insn), MARK, sizeof(MARK)))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, 0,
							       NULL);
	}
}

static void ended(uint64_t id, void *data)
{
	FILE *out = fopen(path, "w");
	const struct block *block;

	(void)id;
	(void)data;
	if (!out) {
		perror(path);
		return;
	}
	for (block = blocks; block; block = block->next)
		if (block->times)
			fprintf(out, "%" PRIx64 " %" PRIu64 "\n", block->address,
				block->times * block->length);
	fclose(out);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fputs("count: the file to write is missing: out=PATH\n", stderr);
		return -1;
	}
	path = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
