#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes an atlas with a Slurm array. Run this in the folder that is to hold the atlas:
#
#   job=$(sbatch --parsable --array=1-8 slurm-array.sh --seeds 0-3)
#   sbatch --dependency=afterany:$job slurm-array.sh --seeds 0-3 --merge
#
# `pixelascent atlas` gets the arguments after the script's name; give every task the same. The tasks share only the
# atlas's folder ($ATLAS, else ./atlas). --merge says how many pictures are missing, if any. To run a failed task
# again, use `scontrol requeue JOB_TASK`, or:
#
#   SHARD=5/8 sbatch --array=5 slurm-array.sh --seeds 0-3
#
#SBATCH --job-name=atlas
#SBATCH --cpus-per-task=2
#SBATCH --mem=1G
#SBATCH --time=02:00:00
set -eu

# The program is looked up in PATH, not beside this script, because Slurm runs a copy of the script.
program=${PIXELASCENT:-pixelascent}
if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then set -- "$@" --shard "${SHARD:-auto}"; fi
exec "$program" atlas -o "${ATLAS:-atlas}" --threads "${SLURM_CPUS_PER_TASK:-1}" "$@"
