# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a document where scripts are not on the machine."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils.conf import read

from lvs_agent import missing

TEXT = """
vrrp_script good {
    script /bin/true
}
vrrp_script bad {
    script "/gone/check -x"
}
vrrp_script named {
    script "killall -0 nginx"
}
vrrp_instance V {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {
        10.0.0.9
    }
    track_script {
        good
        bad weight 5
        named
    }
}
vrrp_sync_group G {
    group {
        V
    }
    track_script {
        bad
    }
}
virtual_server 10.0.0.9 80 {
    protocol TCP
    real_server 10.0.0.2 80 {
        MISC_CHECK {
            misc_path "/gone/check 1"
        }
        TCP_CHECK {
        }
    }
    real_server 10.0.0.3 80 {
        MISC_CHECK {
            misc_path /bin/true
        }
    }
}
"""


def test_what_would_run_a_missing_script_is_left_out():
    document = read(TEXT, "k.conf").document
    left = missing.without(document, lambda path: not path.startswith("/gone/"))
    assert [each.name for each in left.vrrp_scripts] == ["good", "named"]
    assert [each.name for each in left.vrrp_instances[0].track_script] == ["good", "named"]
    assert left.vrrp_sync_groups[0].track_script == ()
    checks = [[check.keyword for check in server.checks] for server in left.virtual_servers[0].real_servers]
    assert checks == [["TCP_CHECK"], ["MISC_CHECK"]]


def test_nothing_missing_changes_nothing():
    document = read(TEXT, "k.conf").document
    assert missing.without(document, lambda _path: True) is document
