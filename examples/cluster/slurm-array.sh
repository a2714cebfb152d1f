#!/bin/sh
# SPDX-License-Identifier: MIT
# An atlas as a Slurm array. From the folder that is to hold it:
#
#   job=$(sbatch --parsable --array=1-8 slurm-array.sh --seeds 0-3)
#   sbatch --dependency=afterany:$job slurm-array.sh --seeds 0-3 --merge
#
# What follows the script's name goes to `pixelascent atlas`, the same for every task. Tasks share nothing but the folder
# ($ATLAS, else ./atlas). The join says what is missing, if anything is. A task that has failed is run again by `scontrol requeue JOB_TASK`, or alone:
#
#   SHARD=5/8 sbatch --array=5 slurm-array.sh --seeds 0-3
#
#SBATCH --job-name=atlas
#SBATCH --cpus-per-task=2
#SBATCH --mem=1G
#SBATCH --time=02:00:00
set -eu

# Slurm runs a copy of this script, so that the program is looked for by its name.
program=${PIXELASCENT:-pixelascent}
if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then set -- "$@" --shard "${SHARD:-auto}"; fi
exec "$program" atlas -o "${ATLAS:-atlas}" --threads "${SLURM_CPUS_PER_TASK:-1}" "$@"
