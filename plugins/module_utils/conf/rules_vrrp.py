# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""vrrp_instance: identity, election, authentication, addresses, unicast (RFC 9568, RFC 3768)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from . import effective
from .rules import first_of_name
from .rules_strict import RULES as STRICT_RULES

if TYPE_CHECKING:
    from . import model
    from .rules import Look

_DEFAULT_PRIORITY = 100


def interfaces_are_named(look: Look) -> None:
    """An instance runs on an interface; without one it needs unicast and a source address."""
    for instance in look.document.vrrp_instances:
        if instance.interface == "lo":
            look.error("loopback-interface", "VRRP cannot run on the loopback interface", instance, "interface")
        if instance.interface is not None or not look.lacks(instance, "interface"):
            if instance.vrf is not None:
                message = "vrf and interface exclude each other: keepalived ignores vrf"
                look.warning("contradiction", message, instance, "vrf")
            continue
        if not instance.unicast_peer:
            look.error("missing-interface", f"vrrp_instance {instance.name} names no interface", instance)
        elif instance.unicast_src_ip is None and instance.mcast_src_ip is None:
            message = f"vrrp_instance {instance.name} has neither interface nor unicast_src_ip"
            look.error("missing-interface", message, instance)


def virtual_routers_are_distinct(look: Look) -> None:
    """One VRID of one family on an interface, unless unicast peers keep them apart."""
    seen: dict[Any, model.VrrpInstance] = {}
    for instance in first_of_name(look.document.vrrp_instances):
        if instance.virtual_router_id is None or instance.interface is None or instance.unicast_peer:
            continue
        identity = (instance.interface, instance.virtual_router_id, effective.family(instance))
        if identity in seen:
            other = seen[identity]
            message = f"VRID {identity[1]} on {identity[0]} is that of vrrp_instance {other.name}"
            help_text = f"line {look.line(other, 'virtual_router_id')}; each virtual router needs its own, 1 to 255"
            look.error("duplicate-vrid", message, instance, "virtual_router_id", help_text=help_text)
        seen.setdefault(identity, instance)


def priorities_are_meant(look: Look) -> None:
    """state MASTER without a priority is the owner's 255; priority 255 is for the owner of the addresses."""
    for instance in look.document.vrrp_instances:
        if instance.state == "MASTER" and instance.priority is None and look.lacks(instance, "priority"):
            message = "without a priority, state MASTER means priority 255, the owner of the addresses"
            look.warning("owner-by-default", message, instance, "state", help_text="write a priority from 1 to 254")
        if instance.state == "BACKUP" and instance.priority == 255:
            message = "priority 255 is the owner of the addresses: it is never a backup"
            look.warning("owner-backup", message, instance, "priority")
        if instance.owner_ignore_adverts and effective.priority(instance) != 255:
            message = "owner_ignore_adverts needs priority 255: it is ignored"
            look.warning("useless-option", message, instance, "owner_ignore_adverts", word=0)


def preemption_is_consistent(look: Look) -> None:
    """nopreempt and preempt_delay do nothing for a MASTER or an owner, or together."""
    for instance in look.document.vrrp_instances:
        master = effective.state(instance) == "MASTER"
        if instance.nopreempt and (master or effective.priority(instance) == 255):
            why = "state MASTER" if master and effective.priority(instance) != 255 else "priority 255"
            message = f"nopreempt does not work with {why}: it is ignored"
            look.warning("nopreempt-master", message, instance, "nopreempt", help_text="write state BACKUP", word=0)
        if instance.nopreempt and instance.preempt:
            look.warning("contradiction", "preempt and nopreempt: the last counts", instance, "preempt", word=0)
        if instance.preempt_delay:
            why = "state MASTER" if master else "nopreempt" if instance.nopreempt else ""
            if why:
                message = f"preempt_delay does not work with {why}: it is ignored"
                look.warning("preempt-delay-ignored", message, instance, "preempt_delay")
        if instance.timer_expired_backup is not None and not instance.nopreempt:
            message = "timer_expired_backup needs nopreempt: it is ignored"
            look.warning("useless-option", message, instance, "timer_expired_backup", word=0)


def intervals_fit_the_version(look: Look) -> None:
    """Version 2 counts whole seconds, version 3 hundredths up to 40.95 (RFC 9568 section 5.2.7)."""
    document = look.document
    for instance in document.vrrp_instances:
        version, seconds = effective.version(document, instance), instance.advert_int
        if version == 2 and effective.family(instance) == 6:
            message = "VRRP version 2 has no IPv6"
            look.warning("version-2-ipv6", message, instance, "version", help_text="write version 3")
        if seconds is None:
            continue
        used = effective.advert_int(document, instance)
        if version == 3 and seconds > 40.95:
            message = f"version 3 cannot say {seconds:g} s: keepalived sends 40.95 s"
            look.error("advert-int-range", message, instance, "advert_int", help_text="at most 40.95")
        elif used != seconds:
            unit = "whole seconds" if version == 2 else "hundredths of a second"
            message = f"version {version} counts {unit}: {used:g} s is used"
            look.warning("advert-int-rounded", message, instance, "advert_int")


def authentication_works(look: Look) -> None:
    """Passwords that are cut, dropped, or guard nothing."""
    document = look.document
    for instance in document.vrrp_instances:
        given = instance.authentication
        if given is None or given.auth_type is None:
            continue
        if given.auth_pass is not None and len(given.auth_pass.encode("utf-8", "replace")) > 8:
            kept = given.auth_pass[:8]
            message = "only the first 8 characters of the password count"
            look.warning("password-cut", message, given, "auth_pass", help_text=f"'{kept}' is what others must have")
        why = ""
        if instance.auth_hmac is not None:
            look.warning("two-authentications", "auth_hmac replaces it: it is dropped", given, "auth_type")
            continue
        if effective.version(document, instance) == 3:
            why = "VRRP version 3 has no authentication"
        elif effective.strict(document, instance):
            why = "strict mode has no authentication"
        elif given.auth_type == "AH" and effective.family(instance) == 6:
            why = "AH is for IPv4 only"
        if why:
            # PASS travels in clear text: without it nothing is lost but a guard against mistakes
            find = look.error if given.auth_type == "AH" else look.warning
            find("authentication-dropped", f"{why}: it is dropped", given, "auth_type")
        elif given.auth_type == "AH" and instance.state == "MASTER" and effective.priority(instance) != 255:
            message = "with AH an instance starts as BACKUP: it must hear a sequence number first"
            look.warning("ah-master", message, given, "auth_type", help_text="write state BACKUP")


def hmac_keys_are_there(look: Look) -> None:
    """auth_hmac turns itself off when the active key is missing: that is never meant."""
    for instance in look.document.vrrp_instances:
        given = instance.auth_hmac
        if given is None or not given.keys:
            continue
        known = [one.id for one in given.keys]
        for number in sorted({one for one in known if known.count(one) > 1}):
            look.error("duplicate-key", f"key {number} is there twice: the first counts", given, "keys")
        if given.active_key is None and look.lacks(given, "active_key"):
            message = "active_key is missing: keepalived would run without any authentication"
            look.error("missing-keyword", message, given, help_text=f"active_key {known[0]}")
        elif given.active_key is not None and given.active_key not in known:
            message = f"there is no key {given.active_key}: keepalived would run without any authentication"
            shown = ", ".join(str(one) for one in known)
            look.error("unknown-key", message, given, "active_key", help_text=f"the keys are {shown}")
        if given.anti_replay == "monotonic" and given.time_window is not None:
            look.warning("useless-option", "anti_replay monotonic has no time window", given, "time_window")


def addresses_fit(look: Look) -> None:
    """The addresses of an instance: some, of one family, usable, each once, as many as an advert holds."""
    document = look.document
    for instance in document.vrrp_instances:
        _families(look, instance)
        every = [*instance.virtual_ipaddress, *instance.virtual_ipaddress_excluded]
        tried = not all(look.lacks(instance, word) for word in ("virtual_ipaddress", "virtual_ipaddress_excluded"))
        if not every and not tried and not instance.no_virtual_ipaddress:
            message = f"vrrp_instance {instance.name} has no addresses"
            look.warning("no-addresses", message, instance, help_text="write no_virtual_ipaddress if that is meant")
        if every and instance.no_virtual_ipaddress:
            look.warning("contradiction", "there are addresses", instance, "no_virtual_ipaddress", word=0)
        for attribute in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
            for position, item in enumerate(getattr(instance, attribute)):
                reason = _unusable(item)
                if reason:
                    message = f"{item.address} is {reason}"
                    look.error("unusable-address", message, instance, attribute, item=position)
        room = 90 if effective.family(instance) == 6 else 255
        if len(instance.virtual_ipaddress) > room:
            message = f"an advert has room for {room} addresses: the others become virtual_ipaddress_excluded"
            look.warning("too-many-addresses", message, instance, "virtual_ipaddress", item=room)


def _families(look: Look, instance: model.VrrpInstance) -> None:
    if not instance.virtual_ipaddress:
        return
    first = ":" in instance.virtual_ipaddress[0].address
    for position, item in enumerate(instance.virtual_ipaddress):
        if (":" in item.address) != first:
            message = f"{item.address} is of another family than {instance.virtual_ipaddress[0].address}"
            help_text = "write it in virtual_ipaddress_excluded"
            look.error("family-mismatch", message, instance, "virtual_ipaddress", help_text=help_text, item=position)
            return
    local = instance.virtual_ipaddress[0].address.lower().startswith(("fe8", "fe9", "fea", "feb"))
    if first and not local and not instance.unicast_peer:
        message = "the first IPv6 address should be link-local (RFC 9568 section 5.2.9)"
        look.warning("not-link-local", message, instance, "virtual_ipaddress", item=0)


def _unusable(item: model.VirtualAddress) -> str:
    try:
        where = ip_address(item.address.partition("%")[0])
    except ValueError:
        return "no address"
    if where.is_unspecified:
        return "the unspecified address"
    if where.is_multicast:
        return "a multicast address"
    if where.is_loopback:
        return "a loopback address"
    return "the broadcast address" if item.address == "255.255.255.255" else ""


def addresses_are_owned_once(look: Look) -> None:
    """The same address twice in an instance, or in two."""
    owners: dict[Any, model.VrrpInstance] = {}
    for instance in first_of_name(look.document.vrrp_instances):
        for attribute in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
            for position, item in enumerate(getattr(instance, attribute)):
                identity = (item.address, item.dev or instance.interface)
                other = owners.get(identity)
                if other is instance:
                    message = f"{item.address} is there already: keepalived ignores it"
                    look.warning("duplicate-address", message, instance, attribute, item=position)
                elif other is not None:
                    message = f"{item.address} is an address of vrrp_instance {other.name} too"
                    help_text = "two masters on different machines would fight for it"
                    look.warning("shared-address", message, instance, attribute, help_text=help_text, item=position)
                owners.setdefault(identity, instance)


def peers_fit(look: Look) -> None:
    """Unicast peers: others than oneself, each once, of the family of the addresses, with TTLs that can occur."""
    for instance in look.document.vrrp_instances:
        version6 = effective.family(instance) == 6
        own = (instance.unicast_src_ip, instance.mcast_src_ip)
        seen: set[str] = set()
        for position, peer in enumerate(instance.unicast_peer):
            where = peer.address
            if (":" in where) != version6:
                message = f"{where} is of another family than the virtual addresses"
                look.error("family-mismatch", message, instance, "unicast_peer", item=position)
            elif where in own:
                message = f"{where} is this machine's own address: it would send adverts to itself"
                look.warning("own-peer", message, instance, "unicast_peer", item=position)
            elif where in seen:
                look.warning("duplicate-peer", f"{where} is a peer already", instance, "unicast_peer", item=position)
            least, most = peer.min_ttl or 0, 255 if peer.max_ttl is None else peer.max_ttl
            if least > most:
                message = f"min_ttl {least} is above max_ttl {most}: every advert is dropped"
                look.error("ttl-range", message, instance, "unicast_peer", item=position)
            seen.add(where)
        _source(look, instance, version6=version6)


def _source(look: Look, instance: model.VrrpInstance, *, version6: bool) -> None:
    for word in ("unicast_src_ip", "mcast_src_ip", "mcast_dst_ip"):
        where = getattr(instance, word)
        if where is not None and instance.virtual_ipaddress and (":" in where) != version6:
            look.error("family-mismatch", f"{where} is of another family than the virtual addresses", instance, word)
    if instance.unicast_peer:
        if instance.mcast_dst_ip is not None:
            look.warning("useless-option", "unicast has no multicast group", instance, "mcast_dst_ip")
        return
    if not look.lacks(instance, "unicast_peer"):
        return
    for word in ("unicast_src_ip", "check_unicast_src", "old_unicast_checksum", "unicast_ttl"):
        if getattr(instance, word) is not None and not instance.unicast_fault_no_peer:
            message = f"{word} without unicast_peer: keepalived sends multicast"
            look.warning("no-peers", message, instance, word, help_text="unicast_peer { ADDRESS }", word=0)
            return
    if instance.unicast_fault_no_peer:
        look.warning("no-peers", "without unicast_peer the instance stays in FAULT", instance, "unicast_fault_no_peer")


def tracking_can_switch(look: Look) -> None:
    """A weight too small for a backup of the default priority ever to take over."""
    document = look.document
    weights = {script.name: script.weight for script in document.vrrp_scripts}
    grouped = {name: group for group in document.vrrp_sync_groups for name in group.group or () if not _weighted(group)}
    for instance in document.vrrp_instances:
        for position, track in enumerate(instance.track_script):
            own = weights.get(track.name)
            weight = track.weight if track.weight is not None else own.weight if own is not None else 0
            if not weight:
                continue
            if instance.name in grouped:
                group = grouped[instance.name].name
                message = f"the weight is ignored: {instance.name} is in sync group {group}"
                help_text = "sync_group_tracking_weight in the group makes it count"
                look.warning(
                    "weight-in-group", message, instance, "track_script", help_text=help_text, item=position, word=0
                )
            elif instance.state == "MASTER" and effective.priority(instance) - _DEFAULT_PRIORITY >= abs(weight):
                gap = effective.priority(instance) - _DEFAULT_PRIORITY
                message = f"a weight of {weight} leaves a backup of priority {_DEFAULT_PRIORITY} below this one"
                help_text = f"a weight above {gap} in amount would let it take over"
                look.warning(
                    "weight-too-small", message, instance, "track_script", help_text=help_text, item=position, word=0
                )


def _weighted(group: model.VrrpSyncGroup) -> bool:
    return bool(group.sync_group_tracking_weight)


def vmac_words_need_a_vmac(look: Look) -> None:
    """Words that say how a virtual MAC is used, without one."""
    for instance in look.document.vrrp_instances:
        if instance.use_vmac is not None and instance.use_ipvlan is not None:
            look.error("contradiction", "use_vmac and use_ipvlan exclude each other", instance, "use_ipvlan", word=0)
        if instance.use_vmac is None and instance.use_ipvlan is None and instance.vmac_xmit_base:
            look.warning("useless-option", "vmac_xmit_base needs use_vmac", instance, "vmac_xmit_base", word=0)
        if instance.accept and instance.no_accept:
            look.warning("contradiction", "accept and no_accept: the last counts", instance, "no_accept", word=0)
        if instance.unicast_peer and instance.use_vmac is not None and not instance.vmac_xmit_base:
            message = "unicast with use_vmac needs vmac_xmit_base: it is turned on"
            look.warning("implied-option", message, instance, "use_vmac", word=0)


def names_of_vmacs_are_distinct(look: Look) -> None:
    """Two instances cannot have one VMAC interface."""
    seen: dict[str, str] = {}
    for instance in look.document.vrrp_instances:
        for word in ("use_vmac", "use_ipvlan"):
            value = getattr(instance, word)
            if value is None or value.name is None:
                continue
            if value.name in seen:
                message = f"{value.name} is the interface of vrrp_instance {seen[value.name]}"
                look.error("duplicate-interface", message, instance, word)
            seen.setdefault(value.name, instance.name)


RULES = (
    interfaces_are_named,
    virtual_routers_are_distinct,
    priorities_are_meant,
    preemption_is_consistent,
    intervals_fit_the_version,
    authentication_works,
    hmac_keys_are_there,
    addresses_fit,
    addresses_are_owned_once,
    peers_fit,
    tracking_can_switch,
    vmac_words_need_a_vmac,
    names_of_vmacs_are_distinct,
    *STRICT_RULES,
)
