# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# ruff: noqa: TC001 - key() declares a keyword and returns a dataclass field; annotations are for readers

"""global_defs: what holds for the whole daemon, in keepalived's words."""

from __future__ import annotations

from typing import Optional

from ..fields import Declared, declared, key
from ..items import NameList
from ..kinds import Address, Choice, Flag, Int, Numbers, OnOff, OptionalWord, Seconds, Word, Words
from ..lines import (
    AddressPortLine,
    FifoLine,
    GarpExtraLine,
    HostPortLine,
    LvsTimeoutsLine,
    ScriptLine,
    SyncDaemonLine,
    UserLine,
)
from ..values import AddressPort, Fifo, GarpExtraIf, HostPort, LvsSyncDaemon, LvsTimeouts, Script, UserGroup

_U32 = 0xFFFFFFFF
_NICE = Int(-20, 19)
_REAL_TIME = Int(1, 99)
_BYTES = Int(0, _U32)
_GARP_SECONDS = Int(0, 4294)
_COUNT = Int(0, _U32)


@declared
class GlobalDefs(Declared):
    """global_defs { ... }."""

    process_names: Optional[bool] = key(Flag(), "name the child processes keepalived_vrrp, keepalived_ipvs, ...")
    process_name: Optional[str] = key(Word(), "name of the parent process")
    vrrp_process_name: Optional[str] = key(Word(), "name of the VRRP process")
    checker_process_name: Optional[str] = key(Word(), "name of the checker process", legacy=("lvs_process_name",))
    bfd_process_name: Optional[str] = key(Word(), "name of the BFD process")
    use_symlink_paths: Optional[bool] = key(
        OnOff(), "run scripts by the path written, not by the path its symbolic links lead to", since="2.3.0"
    )
    set_supplementary_groups: Optional[bool] = key(
        OnOff(), "give scripts their user's supplementary groups", since="2.4.4"
    )
    router_id: Optional[str] = key(Word(), "name of this machine in mails (default: the host name)")
    notification_email_from: Optional[str] = key(Word(), "sender of the mails")
    smtp_server: Optional[HostPort] = key(HostPortLine(), "mail server: host name or address, optional port")
    smtp_helo_name: Optional[str] = key(Word(), "name given in HELO (default: the host name)")
    smtp_connect_timeout: Optional[int] = key(Int(0, 4294), "seconds to wait for the mail server", default=30)
    metrics: Optional[AddressPort] = key(
        AddressPortLine(), "address and port (9650) of the listener for Prometheus: GET /metrics", agent=True
    )
    segment_watch: Optional[float] = key(
        Seconds(10, 86400), "look every so often who else has the addresses, and whose adverts come", agent=True
    )
    socket_group: Optional[str] = key(
        Word(), "group whose members may use the control socket (default: root alone)", agent=True
    )
    maintenance_dir: Optional[str] = key(
        Word(), "a file named for a real server's address or name, with :PORT or without, takes it out", agent=True
    )
    smtp_starttls: Optional[bool] = key(
        Flag(), "mails only over TLS: STARTTLS with a certificate that is verified", agent=True
    )
    smtp_ca_file: Optional[str] = key(
        Word(), "certificates that the mail server's is verified with (default: the system's)", agent=True
    )
    smtp_auth_user: Optional[str] = key(Word(), "user name for AUTH at the mail server", agent=True)
    smtp_auth_pass: Optional[str] = key(Word(), "password for AUTH at the mail server", secret=True, agent=True)
    notification_email: Optional[tuple[str, ...]] = key(NameList(), "addresses that get the mails")
    smtp_alert: Optional[bool] = key(OnOff(), "default of every smtp_alert")
    startup_script: Optional[Script] = key(ScriptLine(), "script run before the children start")
    startup_script_timeout: Optional[int] = key(Int(1, 1000), "seconds startup_script may take", default=10)
    shutdown_script: Optional[Script] = key(ScriptLine(), "script run after the children have stopped")
    shutdown_script_timeout: Optional[int] = key(Int(1, 1000), "seconds shutdown_script may take", default=10)
    max_auto_priority: Optional[int] = key(
        Int(-1, 99, bare=99), "highest real-time priority a late process may give itself (-1: never)", default=-1
    )
    min_auto_priority_delay: Optional[int] = key(
        Int(1, 10000000), "microseconds of lateness before the priority is raised", default=1000000
    )
    smtp_alert_vrrp: Optional[bool] = key(OnOff(), "default of smtp_alert of instances and sync groups")
    smtp_alert_checker: Optional[bool] = key(OnOff(), "default of smtp_alert of virtual and real servers")
    checker_log_all_failures: Optional[bool] = key(OnOff(), "log every failed check, not only changes")
    dynamic_interfaces: Optional[str] = key(
        Choice(("allow_if_changes",), bare="allow_new"), "interfaces may appear later, and with the word change type"
    )
    no_email_faults: Optional[bool] = key(Flag(), "no mail when an instance enters FAULT")
    default_interface: Optional[str] = key(Word(15), "interface of static addresses without dev", default="eth0")
    disable_local_igmp: Optional[bool] = key(Flag(), "no IGMP reports for link-local groups")
    v3_checksum_as_v2: Optional[bool] = key(Flag(), "IPv4 VRRPv3 checksum without the pseudo header", since="2.2.8")
    lvs_timeouts: Optional[LvsTimeouts] = key(LvsTimeoutsLine(), "IPVS timeouts: tcp, tcpfin, udp seconds")
    lvs_flush: Optional[bool] = key(Flag(), "empty the IPVS table at start")
    lvs_flush_on_stop: Optional[str] = key(
        Choice(("VS",), bare="ALL"),
        "empty the IPVS table at stop; VS: only the configured services",
        legacy=("lvs_flush_onstop",),
    )
    lvs_sync_daemon: Optional[LvsSyncDaemon] = key(SyncDaemonLine(), "IPVS connection synchronisation")
    vrrp_mcast_group4: Optional[str] = key(Address(4, multicast=True), "IPv4 VRRP group", default="224.0.0.18")
    vrrp_mcast_group6: Optional[str] = key(Address(6, multicast=True), "IPv6 VRRP group", default="ff02::12")
    vrrp_garp_master_delay: Optional[int] = key(
        _GARP_SECONDS, "seconds after becoming MASTER until the second set of gratuitous ARPs", default=5
    )
    vrrp_garp_master_repeat: Optional[int] = key(_COUNT, "gratuitous ARPs in a set", default=5)
    vrrp_garp_master_refresh: Optional[int] = key(
        _COUNT, "seconds between refreshing gratuitous ARPs while MASTER (0: none)", default=0
    )
    vrrp_garp_master_refresh_repeat: Optional[int] = key(_COUNT, "gratuitous ARPs in a refresh", default=1)
    vrrp_garp_lower_prio_delay: Optional[int] = key(
        _GARP_SECONDS, "seconds until the second set after a lower-priority advert (default: garp_master_delay)"
    )
    vrrp_garp_lower_prio_repeat: Optional[int] = key(
        Int(0, 0x7FFFFFFF), "gratuitous ARPs after a lower-priority advert (default: garp_master_repeat)"
    )
    vrrp_down_timer_adverts: Optional[int] = key(Int(1, 100), "missed adverts before a takeover", default=3)
    vrrp_garp_interval: Optional[float] = key(
        Seconds(0.000001, zero_is_default=True), "pause between gratuitous ARPs on an interface", default=0.0
    )
    vrrp_gna_interval: Optional[float] = key(
        Seconds(0.000001, zero_is_default=True),
        "pause between unsolicited neighbour advertisements on an interface",
        default=0.0,
    )
    vrrp_min_garp: Optional[bool] = key(OnOff(), "one gratuitous ARP, no second set, no refresh")
    vrrp_garp_extra_if: Optional[GarpExtraIf] = key(
        GarpExtraLine(1),
        "also send gratuitous ARPs of VMACs on other interfaces, every so many seconds",
        legacy=("vrrp_vmac_garp_intvl",),
    )
    vrrp_lower_prio_no_advert: Optional[bool] = key(
        OnOff(), "a MASTER does not answer an advert of lower priority with its own"
    )
    vrrp_higher_prio_send_advert: Optional[bool] = key(
        OnOff(), "a MASTER sends one more advert when it gives way to a higher priority"
    )
    vrrp_version: Optional[int] = key(Int(2, 3), "VRRP version of IPv4 instances", default=2)
    vrrp_iptables: Optional[tuple[str, ...]] = key(Words(0, 2, 28), "iptables chains (in, out) for no_accept")
    vrrp_ipsets: Optional[tuple[str, ...]] = key(Words(0, 6, 31), "names of the ipsets used with iptables")
    nftables: Optional[str] = key(OptionalWord(31), "nftables table for VMACs and no_accept", default="keepalived")
    nftables_priority: Optional[int] = key(Int(-0x80000000, 0x7FFFFFFF), "priority of the nftables chains", default=-1)
    nftables_ifindex: Optional[bool] = key(Flag(), "use interface indexes, not names, in nftables")
    vrrp_check_unicast_src: Optional[bool] = key(Flag(), "adverts must come from a configured unicast peer")
    vrrp_skip_check_adv_addr: Optional[bool] = key(OnOff(), "check the addresses of an advert once per master only")
    vrrp_strict: Optional[bool] = key(OnOff(), "refuse what the RFCs do not have")
    vrrp_priority: Optional[int] = key(_NICE, "nice value of the VRRP process", default=0)
    vrrp_no_swap: Optional[bool] = key(Flag(), "lock the VRRP process in memory")
    vrrp_rt_priority: Optional[int] = key(_REAL_TIME, "real-time priority of the VRRP process")
    vrrp_cpu_affinity: Optional[tuple[int, ...]] = key(Numbers(0, 8191), "processors of the VRRP process")
    vrrp_rlimit_rttime: Optional[int] = key(
        Int(1, _U32), "microseconds of real-time CPU between two waits", default=10000, legacy=("vrrp_rlimit_rtime",)
    )
    nftables_ipvs: Optional[str] = key(
        OptionalWord(31), "nftables table that marks packets of virtual server groups", default="keepalived_ipvs"
    )
    nftables_ipvs_priority: Optional[int] = key(Int(-0x80000000, 0x7FFFFFFF), "its priority")
    nftables_ipvs_start_fwmark: Optional[int] = key(Int(1, _U32), "first firewall mark it uses", default=1000)
    nftables_counters: Optional[bool] = key(Flag(), "counters in the nftables rules")
    notify_fifo: Optional[Fifo] = key(FifoLine(), "named pipe that gets all state changes")
    notify_fifo_script: Optional[Script] = key(ScriptLine(), "script that reads it, the pipe is its last argument")
    vrrp_notify_fifo: Optional[Fifo] = key(FifoLine(), "named pipe that gets VRRP state changes")
    vrrp_notify_fifo_script: Optional[Script] = key(ScriptLine(), "script that reads it")
    vrrp_notify_priority_changes: Optional[bool] = key(OnOff(), "priority changes go to the pipes as well")
    fifo_write_vrrp_states_on_reload: Optional[bool] = key(Flag(), "write all VRRP states to the pipes on reload")
    lvs_notify_fifo: Optional[Fifo] = key(FifoLine(), "named pipe that gets virtual and real server changes")
    lvs_notify_fifo_script: Optional[Script] = key(ScriptLine(), "script that reads it")
    checker_priority: Optional[int] = key(_NICE, "nice value of the checker process", default=0)
    checker_no_swap: Optional[bool] = key(Flag(), "lock the checker process in memory")
    checker_rt_priority: Optional[int] = key(_REAL_TIME, "real-time priority of the checker process")
    checker_cpu_affinity: Optional[tuple[int, ...]] = key(Numbers(0, 8191), "processors of the checker process")
    checker_rlimit_rttime: Optional[int] = key(
        Int(1, _U32), "microseconds of real-time CPU between two waits", legacy=("checker_rlimit_rtime",)
    )
    bfd_priority: Optional[int] = key(_NICE, "nice value of the BFD process", default=0)
    bfd_no_swap: Optional[bool] = key(Flag(), "lock the BFD process in memory")
    bfd_rt_priority: Optional[int] = key(_REAL_TIME, "real-time priority of the BFD process")
    bfd_cpu_affinity: Optional[tuple[int, ...]] = key(Numbers(0, 8191), "processors of the BFD process")
    bfd_rlimit_rttime: Optional[int] = key(
        Int(1, _U32), "microseconds of real-time CPU between two waits", legacy=("bfd_rlimit_rtime",)
    )
    snmp_socket: Optional[str] = key(OptionalWord(4095), "socket of the SNMP master agent")
    enable_traps: Optional[bool] = key(Flag(), "send SNMP traps")
    enable_snmp_vrrp: Optional[bool] = key(
        Flag(), "VRRP part of the KEEPALIVED-MIB", legacy=("enable_snmp_keepalived",)
    )
    enable_snmp_rfc: Optional[bool] = key(Flag(), "both RFC 2787 and RFC 6527 MIBs")
    enable_snmp_rfcv2: Optional[bool] = key(Flag(), "RFC 2787 MIB")
    enable_snmp_rfcv3: Optional[bool] = key(Flag(), "RFC 6527 MIB")
    enable_snmp_checker: Optional[bool] = key(Flag(), "checker part of the KEEPALIVED-MIB")
    snmp_vs_stats_update_interval: Optional[float] = key(
        Seconds(0.001, 30), "oldest virtual server statistics given to SNMP", default=5.0, since="2.3.0"
    )
    snmp_rs_stats_update_interval: Optional[float] = key(
        Seconds(0.001, 30), "oldest real server statistics given to SNMP", default=5.0, since="2.3.0"
    )
    enable_dbus: Optional[bool] = key(Flag(), "DBus interface")
    dbus_service_name: Optional[str] = key(Word(), "its name", default="org.keepalived.Vrrp1")
    dbus_no_interface_name: Optional[str] = key(
        Word(), "word that stands for the interface of an instance without one", default="none", since="2.3.0"
    )
    script_user: Optional[UserGroup] = key(UserLine(), "user and group that scripts run as")
    enable_script_security: Optional[bool] = key(
        Flag(), "run no script as root when others than root may write any part of its path"
    )
    vrrp_netlink_cmd_rcv_bufs: Optional[int] = key(_BYTES, "receive buffer of the VRRP command socket, bytes")
    vrrp_netlink_cmd_rcv_bufs_force: Optional[bool] = key(OnOff(), "even above rmem_max")
    vrrp_netlink_monitor_rcv_bufs: Optional[int] = key(_BYTES, "receive buffer of the VRRP monitor socket, bytes")
    vrrp_netlink_monitor_rcv_bufs_force: Optional[bool] = key(OnOff(), "even above rmem_max")
    process_monitor_rcv_bufs: Optional[int] = key(_BYTES, "receive buffer of the process monitor socket, bytes")
    process_monitor_rcv_bufs_force: Optional[bool] = key(OnOff(), "even above rmem_max")
    lvs_netlink_cmd_rcv_bufs: Optional[int] = key(_BYTES, "receive buffer of the checker command socket, bytes")
    lvs_netlink_cmd_rcv_bufs_force: Optional[bool] = key(OnOff(), "even above rmem_max")
    lvs_netlink_monitor_rcv_bufs: Optional[int] = key(_BYTES, "receive buffer of the checker monitor socket, bytes")
    lvs_netlink_monitor_rcv_bufs_force: Optional[bool] = key(OnOff(), "even above rmem_max")
    rs_init_notifies: Optional[bool] = key(OnOff(), "run notify_up for real servers that start up")
    no_checker_emails: Optional[bool] = key(OnOff(), "no mails about checkers, only about quorum and servers")
    vrrp_rx_bufs_policy: Optional[tuple[str, ...]] = key(
        Words(1, 3), "size of the receive buffers: MTU, ADVERT, or a number of bytes"
    )
    vrrp_rx_bufs_multiplier: Optional[int] = key(Int(1, _U32), "receive buffers hold so many adverts", default=3)
    vrrp_startup_delay: Optional[float] = key(Seconds(0.001, 4294), "wait before VRRP starts")
    vrrp_delay_after_boot: Optional[float] = key(
        Seconds(0.001, 4294), "VRRP does not start earlier after boot", since="2.4.0"
    )
    log_unknown_vrids: Optional[bool] = key(Flag(), "log adverts of virtual routers not configured here")
    vrrp_owner_ignore_adverts: Optional[bool] = key(
        OnOff(), "an address owner ignores adverts, as the RFC says", since="2.3.3"
    )
    vmac_prefix: Optional[str] = key(Word(), "start of the names of VMAC interfaces", default="vrrp")
    vmac_addr_prefix: Optional[str] = key(Word(), "start of the names of VMAC interfaces of single addresses")
    umask: Optional[tuple[str, ...]] = key(Words(1, 16), "umask of files made: octal, or S_IRUSR | S_IWUSR ...")
    random_seed: Optional[int] = key(_COUNT, "seed of ${_RANDOM}")
    reload_check_config: Optional[str] = key(OptionalWord(), "check the file before a reload; log file of the check")
    reload_time_file: Optional[str] = key(Word(), "file that holds the time of the next reload")
    reload_repeat: Optional[bool] = key(Flag(), "keep the file that holds the reload time")
    reload_file: Optional[str] = key(OptionalWord(), "reload only when this file exists, from it")
    include_check: Optional[tuple[str, ...]] = key(Words(0, 8), "how strictly include is checked")
    config_save_dir: Optional[str] = key(Word(), "directory that gets a copy of every configuration loaded")
    tmp_config_directory: Optional[str] = key(Word(), "directory of the copy the children read")
    data_use_instance: Optional[bool] = key(OnOff(), "instance name in the names of dump files")
    json_version: Optional[int] = key(Int(1, 2), "layout of the JSON dump", default=1, since="2.2.8")
    iproute_usr_dir: Optional[str] = key(Word(), "where iproute2 ships its tables", since="2.3.2")
    iproute_etc_dir: Optional[str] = key(Word(), "where iproute2's tables are changed", since="2.3.2")
    state_dump_file: Optional[str] = key(Word(), "file of the state dump", since="2.3.3")
    stats_dump_file: Optional[str] = key(Word(), "file of the statistics dump", since="2.3.3")
    json_dump_file: Optional[str] = key(Word(), "file of the JSON dump", since="2.3.3")
