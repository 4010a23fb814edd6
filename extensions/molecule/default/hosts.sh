#!/bin/sh
# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes and ends hosts that are namespaces: own network, host name, and files below /etc, /var/lib and /usr/local.
# usage: hosts.sh up FOLDER NAME=ADDRESS/LENGTH... | hosts.sh down FOLDER
# The switch between them is a bridge in a network namespace of its own. FOLDER/NAME/python enters a host.
# The scripts in single quotes are expanded by the shells that run them.
# shellcheck disable=SC2016
set -eu
command=$1
folder=$2
shift 2

SWITCH='ip link add br0 type bridge forward_delay 0
  ip link set br0 up'
HOST='mount -t tmpfs tmpfs "$1/files"
  for part in etc var/lib usr/local; do
    mkdir -p "$1/files/$part/up" "$1/files/$part/work"
    mount -t overlay overlay -o "lowerdir=/$part,upperdir=$1/files/$part/up,workdir=$1/files/$part/work" "/$part"
  done
  mount -t tmpfs tmpfs /run
  mount -t sysfs sysfs /sys
  hostname "$0"
  ip link set lo up'

# Every process in the network namespace that a host was given, daemons that left their session too.
processes() {
  space=$(cat "$1/space")
  [ "$space" != "$(readlink /proc/self/ns/net)" ] || return 0
  for process in /proc/[0-9]*; do
    [ "$(readlink "$process/ns/net" 2>/dev/null)" != "$space" ] || basename "$process"
  done
}

down() {
  for space in "$folder"/*/space; do
    [ -s "$space" ] || continue
    host=$(dirname "$space")
    for process in $(processes "$host"); do
      kill -KILL "$process" 2>/dev/null || true
    done
    rm -rf "$host"
    echo "ended $(basename "$host")"
  done
}

# keep NAME SCRIPT: a process in namespaces of its own that has run the script and stays; its id in FOLDER/NAME/pid.
keep() {
  mkdir -p "$folder/$1/files"
  setsid unshare --net --mount --uts --ipc --propagation private \
    sh -ec "$2"'
      readlink /proc/self/ns/net >"$1/space"
      echo $$ >"$1/new"; mv "$1/new" "$1/pid"; exec sleep 3600' "$1" "$folder/$1" \
    >"$folder/$1/log" 2>&1 </dev/null &
  for _ in $(seq 100); do
    [ -e "$folder/$1/pid" ] && return
    sleep 0.1
  done
  cat "$folder/$1/log" >&2
  exit 1
}

up() {
  down
  keep switch "$SWITCH"
  switch=$(cat "$folder/switch/pid")
  for host; do
    name=${host%%=*}
    keep "$name" "$HOST"
    pid=$(cat "$folder/$name/pid")
    nsenter --target "$switch" --net ip link add "v-$name" type veth peer name eth0 netns "$pid"
    nsenter --target "$switch" --net ip link set "v-$name" master br0 up
    nsenter --target "$pid" --net ip link set eth0 up
    nsenter --target "$pid" --net ip address add "${host#*=}" dev eth0
    printf '#!/bin/sh\nexec nsenter --target %s --mount --net --uts --ipc -- /usr/bin/python3 "$@"\n' "$pid" \
      >"$folder/$name/python"
    chmod 755 "$folder/$name/python"
  done
}

"$command" "$@"
