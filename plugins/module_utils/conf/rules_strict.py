# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""vrrp_strict and strict_mode: what keepalived refuses or resets because the RFCs do not have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import effective

if TYPE_CHECKING:
    from .rules import Look


def strict_mode_takes_no_extras(look: Look) -> None:
    """Words that strict mode resets."""
    document = look.document
    for instance in document.vrrp_instances:
        if not effective.strict(document, instance):
            continue
        if instance.unicast_peer and instance.interface is not None:
            message = "strict mode has no unicast: keepalived does not start the instance"
            look.error("strict-unicast", message, instance, "unicast_peer", word=0)
        if instance.preempt_delay and not instance.nopreempt and effective.state(instance) != "MASTER":
            look.warning("strict-reset", "strict mode has no preempt_delay", instance, "preempt_delay", word=0)
        if (instance.down_timer_adverts or 3) != 3:
            look.warning("strict-reset", "strict mode counts 3 adverts", instance, "down_timer_adverts")
        for word in ("garp_lower_prio_repeat", "garp_lower_prio_delay", "higher_prio_send_advert"):
            if getattr(instance, word):
                look.warning("strict-reset", f"strict mode has no {word}", instance, word, word=0)
        if instance.lower_prio_no_advert is False:
            message = "strict mode never answers a lower priority"
            look.warning("strict-reset", message, instance, "lower_prio_no_advert")
        if instance.use_vmac is not None and instance.use_vmac.mac is not None:
            look.warning("strict-reset", "strict mode has the RFC's MAC address only", instance, "use_vmac")
        if instance.auth_hmac is not None and instance.auth_hmac.mode not in (None, "enforce"):
            look.warning("strict-reset", "strict mode enforces auth_hmac", instance.auth_hmac, "mode")
        if instance.accept and effective.version(document, instance) == 2 and effective.priority(instance) != 255:
            look.warning("strict-reset", "strict mode of version 2 has no accept", instance, "accept", word=0)
        if instance.state is not None and (instance.state == "MASTER") != (effective.priority(instance) == 255):
            message = "in strict mode only the owner (priority 255) starts as MASTER"
            look.warning("strict-state", message, instance, "state")


RULES = (strict_mode_takes_no_extras,)
