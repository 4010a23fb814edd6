/* Copyright (c) 2026, lvs.cluster authors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The kernel's floor of a takeover: waits for a moment, then sends bytes that were built before, as fast as the kernel
 * takes them: one advert, address messages in one netlink send, announcements with sendmmsg.
 *
 *   takeover_floor FILE DEVICE: reads FILE, says "ready", reads the moment (seconds of CLOCK_REALTIME) as one line
 *
 * FILE: three counts (native unsigned), each followed by as many pieces: length (native unsigned) and bytes.
 */
#define _GNU_SOURCE
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#define MOST 8192
#define PER_SEND 1024

static struct iovec pieces[3][MOST];
static unsigned counts[3];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void load(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		die(path);
	for (int kind = 0; kind < 3; kind++) {
		if (fread(&counts[kind], sizeof counts[kind], 1, file) != 1 || counts[kind] > MOST)
			die("count");
		for (unsigned n = 0; n < counts[kind]; n++) {
			unsigned length;

			if (fread(&length, sizeof length, 1, file) != 1)
				die("length");
			pieces[kind][n].iov_len = length;
			pieces[kind][n].iov_base = malloc(length);
			if (fread(pieces[kind][n].iov_base, 1, length, file) != length)
				die("bytes");
		}
	}
	fclose(file);
}

int main(int argc, char **argv)
{
	static struct mmsghdr frames[MOST];
	static char addresses[1 << 20];
	struct sched_param priority = { .sched_priority = 10 };
	struct sockaddr_in group = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xe0000012) };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct sockaddr_ll link = { .sll_family = AF_PACKET };
	struct ip_mreqn out = { 0 };
	struct timespec moment;
	size_t length = 0;
	long seconds, nanoseconds;
	int one = 1, raw, netlink, packet;

	if (argc != 3)
		return 2;
	load(argv[1]);
	link.sll_ifindex = out.imr_ifindex = if_nametoindex(argv[2]);
	raw = socket(AF_INET, SOCK_RAW, 112);
	netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	packet = socket(AF_PACKET, SOCK_RAW, 0);
	if (raw < 0 || netlink < 0 || packet < 0)
		die("socket");
	if (setsockopt(raw, IPPROTO_IP, IP_HDRINCL, &one, sizeof one) ||
	    setsockopt(raw, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out) ||
	    bind(packet, (struct sockaddr *)&link, sizeof link))
		die("socket option");
	for (unsigned n = 0; n < counts[1]; n++) {
		memcpy(addresses + length, pieces[1][n].iov_base, pieces[1][n].iov_len);
		length += pieces[1][n].iov_len;
	}
	for (unsigned n = 0; n < counts[2]; n++) {
		frames[n].msg_hdr.msg_iov = &pieces[2][n];
		frames[n].msg_hdr.msg_iovlen = 1;
	}
	if (sched_setscheduler(0, SCHED_FIFO, &priority))
		die("SCHED_FIFO");
	mlockall(MCL_CURRENT | MCL_FUTURE);
	puts("ready");
	fflush(stdout);
	if (scanf("%ld.%ld", &seconds, &nanoseconds) != 2)
		die("moment");
	moment.tv_sec = seconds;
	moment.tv_nsec = nanoseconds;
	clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &moment, NULL);
	sendto(raw, pieces[0][0].iov_base, pieces[0][0].iov_len, 0, (struct sockaddr *)&group, sizeof group);
	if (sendto(netlink, addresses, length, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0)
		die("addresses");
	for (unsigned n = 0; n < counts[2];) {
		int sent = sendmmsg(packet, frames + n, counts[2] - n > PER_SEND ? PER_SEND : counts[2] - n, 0);

		if (sent < 0)
			die("announcements");
		n += (unsigned)sent;
	}
	return 0;
}
