#!/bin/sh
# SPDX-License-Identifier: MIT
# An atlas on several machines that share a folder, by GNU parallel over ssh:
#
#   gnu-parallel.sh 8 /shared/atlas --sshlogin board1,board2,board3 -- --seeds 0-3
#
# The number of shards, the folder, what goes to parallel, and after "--" what goes to `pixelascent atlas`. Without
# --sshlogin the shards run here. A shard whose machine has failed is run again, up to three times.
set -eu

[ $# -ge 2 ] || { echo "usage: gnu-parallel.sh SHARDS FOLDER [PARALLEL'S OPTIONS] [-- ATLAS'S OPTIONS]" >&2; exit 64; }
program=${PIXELASCENT:-pixelascent} shards=$1 folder=$2
shift 2

# parallel's options first; the rest, quoted for the other shell, to the atlas.
hosts="" options=""
quoted() { printf " '%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }
while [ $# -gt 0 ] && [ "$1" != -- ]; do hosts="$hosts$(quoted "$1")"; shift; done
[ $# -eq 0 ] || shift
for word in "$@"; do options="$options$(quoted "$word")"; done
atlas="$(quoted "$program") atlas -o$(quoted "$folder")$options"

eval "parallel --retries 3 --line-buffer $hosts \"\$atlas --shard {}/$shards\" ::: \$(seq $shards)" ||
  echo "some shards have failed" >&2
eval "$atlas --merge"
