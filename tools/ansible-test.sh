#!/bin/sh
# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs ansible-test on the files that this checkout ships, copied below the path that it insists on.
# usage: tools/ansible-test.sh sanity|units|integration ARGUMENT...
# PYTHONS names a folder of pythonX.Y programs to be found first; by default the ones that pyenv
# has are linked into one (pyenv's own shims may answer 127, which ends ansible-test).
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/ansible_collections/lvs/cluster
mkdir -p "$tree" "$work/pythons"
if [ -z "${PYTHONS:-}" ]; then
  PYTHONS=$work/pythons
  for python in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3.[0-9]*; do
    name=$(basename "$python")
    case $name in *[!0-9.pthyon]*) continue ;; esac
    [ -x "$python" ] && ln -sfn "$python" "$PYTHONS/$name"
  done
fi
VENV=${VENV:-$top/.venv}  # whose ansible-test it is
[ -d "$VENV/bin" ] && PATH=$VENV/bin:$PATH
# Behind the first folder (the virtual environment), before whatever shims follow.
PATH=${PATH%%:*}:$PYTHONS:${PATH#*:}
export PATH
# Sanity is asked of what the collection ships: without what galaxy.yml keeps out of it. The tests need their own files.
case $1 in sanity) ships="python3 $top/tools/shipped.py galaxy.yml" ;; *) ships=cat ;; esac
(cd "$top" && git ls-files -z --cached --others --exclude-standard | $ships | xargs -0 cp --parents -P -t "$tree")
cache=$HOME/.ansible/test/cache
mkdir -p "$cache"
for version in 23_1_2 24_2 25_2; do cp "$top/tools/get_pip.py" "$cache/get_pip_$version.py"; done
cd "$tree"
command=$1
shift
ansible-test "$command" --local "$@"
