/* Copyright (c) 2026, lvs.cluster authors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Preloaded into a keepalived that is measured on a machine without ip_vs: every IPVS request by socket option is
 * granted and does nothing, so that its checks run. Only IPv4 services work this way.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define IP_VS_FIRST 1152
#define IP_VS_LAST 1280

struct nl_sock;

int genl_ctrl_resolve(struct nl_sock *sock, const char *name)
{
	(void)sock;
	(void)name;
	return -12; /* NLE_OBJ_NOTFOUND: keepalived goes on by socket options */
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
	static int (*real)(int, int, int, void *, socklen_t *);

	if (level == IPPROTO_IP && name >= IP_VS_FIRST && name <= IP_VS_LAST)
		return 0;
	if (!real)
		real = dlsym(RTLD_NEXT, "getsockopt");
	return real(fd, level, name, value, length);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	static int (*real)(int, int, int, const void *, socklen_t);

	if (level == IPPROTO_IP && name >= IP_VS_FIRST && name <= IP_VS_LAST)
		return 0;
	if (!real)
		real = dlsym(RTLD_NEXT, "setsockopt");
	return real(fd, level, name, value, length);
}
