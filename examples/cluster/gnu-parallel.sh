#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes an atlas on several machines that share a folder, with GNU parallel over ssh:
#
#   gnu-parallel.sh 8 /shared/atlas --sshlogin board1,board2,board3 -- --seeds 0-3
#
# The arguments are the number of shards, the folder, options of parallel, and after "--" options of `pixelascent
# atlas`. Without --sshlogin the shards run on this machine. If a shard fails, parallel tries it up to three times in
# all.
set -eu

[ $# -ge 2 ] || { echo "usage: gnu-parallel.sh SHARDS FOLDER [PARALLEL'S OPTIONS] [-- ATLAS'S OPTIONS]" >&2; exit 64; }
program=${PIXELASCENT:-pixelascent} shards=$1 folder=$2
shift 2

# Collects the options of parallel, then those of the atlas. Each is quoted, because another shell reads it again.
hosts="" options=""
quoted() { printf " '%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }
while [ $# -gt 0 ] && [ "$1" != -- ]; do hosts="$hosts$(quoted "$1")"; shift; done
[ $# -eq 0 ] || shift
for word in "$@"; do options="$options$(quoted "$word")"; done
atlas="$(quoted "$program") atlas -o$(quoted "$folder")$options"

eval "parallel --retries 3 --line-buffer $hosts \"\$atlas --shard {}/$shards\" ::: \$(seq $shards)" ||
  echo "some shards failed" >&2
eval "$atlas --merge"
