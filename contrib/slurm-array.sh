#!/usr/bin/env bash
# A sweep as a Slurm job array: each task runs its shard into a folder that all of them see.
#
#   sbatch --array=1-64 contrib/slurm-array.sh scenarios/papers/fgd-openb.yaml --policies FGD,BestFit --seeds 1..1000
#
# and, when the array has ended: kubesim sweep merge "$OUT". A task that was lost is repeated by submitting the same array again:
# runs that are there are not run again.
#SBATCH --job-name=kubesim
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --time=01:00:00
set -euo pipefail
OUT=${OUT:-sweep}
KUBESIM=${KUBESIM:-kubesim}
exec "$KUBESIM" sweep "$@" --out "$OUT" --shard auto --jobs "${SLURM_CPUS_PER_TASK:-1}"
