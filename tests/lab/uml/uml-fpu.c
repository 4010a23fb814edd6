/* Copyright (c) 2026, lvs.cluster authors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * User Mode Linux on processors with AMX: preloaded into linux.uml by uml-jail.
 *
 * UML 6.1 keeps the registers of a guest's process in 2,696 bytes (arch/x86/um/os-Linux/registers.c), which is all but
 * AMX's. A kernel that knows of AMX hands out as many, but takes only all 11,008 back
 * (arch/x86/kernel/fpu/regset.c, xstateregs_set: EFAULT), and the guest panics at its first process. So what UML gives
 * back is made whole: AMX's registers are in their initial state.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define XSTATE_BV 512 /* bytes into the area; Intel SDM 1, 13.4.2 */
#define AMX (3ull << 17)

static char whole[65536];
static size_t size; /* what the kernel wants */

long ptrace(enum __ptrace_request request, ...)
{
	va_list words;
	pid_t pid;
	void *address;
	void *data;
	long peeked;

	va_start(words, request);
	pid = va_arg(words, pid_t);
	address = va_arg(words, void *);
	data = va_arg(words, void *);
	va_end(words);

	if (request >= PTRACE_PEEKTEXT && request <= PTRACE_PEEKUSER) { /* glibc returns what the kernel writes */
		if (syscall(SYS_ptrace, request, pid, address, &peeked) < 0)
			return -1;
		return peeked;
	}
	if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE) {
		struct iovec given = *(struct iovec *)data;
		uint64_t features;

		if (!size) {
			struct iovec all = { whole, sizeof(whole) };

			if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &all) < 0)
				return -1;
			size = all.iov_len;
		}
		if (given.iov_len < size) {
			struct iovec all = { whole, size };

			memcpy(whole, given.iov_base, given.iov_len);
			memset(whole + given.iov_len, 0, size - given.iov_len);
			memcpy(&features, whole + XSTATE_BV, sizeof(features));
			features &= ~AMX;
			memcpy(whole + XSTATE_BV, &features, sizeof(features));
			return syscall(SYS_ptrace, request, pid, address, &all);
		}
	}
	return syscall(SYS_ptrace, request, pid, address, data);
}
