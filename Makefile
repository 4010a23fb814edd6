# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# `make demo` and `make test` set up all they need by themselves (Debian 12, as root).

export PATH := $(CURDIR)/.venv/bin:$(PATH)
PACKAGES = -p lvs_agent -p ansible_collections.lvs.cluster.plugins
SCRIPTS = tools/run-tests tools/reference tools/monitoring tests/lab/hosts/lab tests/lab/hosts/web tools/release-check tests/lab/hosts/load

.PHONY: demo test unit lint mypy sanity conformance interop bench fuzz storm drills monitoring plays pools safe release-check docs setup lab-up lab-down lab-shell clean build/lvs-agent

demo: setup            # the classic LVS-DR example on lab hosts, with figures
	@python tests/lab/demo.py

test: setup            # every test; the last line is `N passed, 0 failed, 0 skipped`
	@tools/run-tests

unit:                  # the pure tests, in seconds
	@tools/setup venv venv39
	@tools/run-tests unit unit39

lint: mypy
	ruff check . $(SCRIPTS)
	ruff format --check . $(SCRIPTS)
	python conftest.py && ansible-lint

mypy:
	@tools/setup venv
	MYPYPATH=agent:.ansible/collections mypy --strict $(PACKAGES)

sanity:                # ansible-test on a copy below ansible_collections/
	@tools/setup venv
	tools/ansible-test.sh sanity

conformance: setup     # VRRP row by row: the agent, Debian's keepalived and FRR (docs/conformance.md)
	@tools/setup frr
	@cd tests && python -m conformance --speaker agent,keepalived,frr --format markdown

interop: setup         # our agent on one segment with keepalived, and with FRR (docs/interop*.md)
	@tools/setup frr
	@LVS_INTEROP=$(CURDIR)/docs/interop.md python -m pytest -q tests/lab/test_vrrp_interop.py
	@LVS_INTEROP_FRR=$(CURDIR)/docs/interop-frr.md python -m pytest -q tests/lab/test_vrrp_frr.py

bench: setup           # beside keepalived and ipvsadm, interleaved, in one run; for a quiet machine
	@for each in tests/bench/*_*.py; do echo "== $$each"; python $$each || exit 1; done

fuzz: setup            # a million mutated keepalived.conf: no traceback, nothing slow (hours)
	@PYTHONPATH=agent:$$(python conftest.py) python tests/unit/conf/mutate.py 1000000

storm: setup           # 10,000 checks fail at once, scripts hang, the log's disk is full: what adverts feel (1 minute)
	@python tests/bench/check_storm.py

drills: setup          # every drill of playbooks/drill.yml on lab hosts, beside tcpdump; its page in a browser (30 minutes)
	@tools/setup chromium
	@tools/run-tests drills

monitoring: setup      # metrics and alert rules by Prometheus' own promtool
	@tools/setup promtool
	@python -m pytest -q tests/lab/test_promtool.py

plays: setup           # site.yml for NAT, DR and TUN, IPv4 and IPv6, both engines, on lab hosts (15 minutes)
	@tools/run-tests plays

pools: setup           # a storm of failing checks, drains by the module, alerts beside keepalived, in guests (4 minutes)
	@tools/run-tests pools

safe: setup            # bad changes, upgrades, rollbacks and undoing on lab hosts under load, with figures (30 minutes)
	@tools/run-tests safe

release-check: setup   # all that a release has to pass, with times: sanity on three cores, importer, molecule, ...
	@tools/release-check

docs:                  # the documentation site, in build/docs; warnings are errors
	@tools/setup venv
	@tools/docs

setup:
	@tools/setup

lab-up: setup          # the demo's hosts to play with: d1 d2 r1 r2
	@python tests/lab/hosts/lab up

lab-down:
	@python tests/lab/hosts/lab down

lab-shell:             # make lab-shell HOST=d1
	@python tests/lab/hosts/lab shell $(or $(HOST),$(error HOST=d1, d2, r1 or r2))

build/lvs-agent:       # the runnable agent of this checkout
	@tools/setup venv
	@mkdir -p build
	@printf '#!/bin/sh\nPYTHONPATH=%s exec %s -m lvs_agent "$$@"\n' \
	  "$(CURDIR)/agent:$$(python conftest.py)" "$(CURDIR)/.venv/bin/python" > $@ && chmod 755 $@

clean:
	-@python3 tests/lab/hosts/lab down 2>/dev/null
	rm -rf build .cache .ansible .mypy_cache .ruff_cache .hypothesis
