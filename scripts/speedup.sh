#!/usr/bin/env bash
# Decode latency of ours against full attention streamed through the same tiers and against quest: SmolLM2 at 8,000 tokens,
# device 1/16 and host 1/8 of the KV, the rest on disk with direct I/O; as the disk is, and as a disk of 1 GB/s. Prints a table a
# batch. Arguments go to longinfer latency, such as --batch 1 --steps 24 -r 1 for a short run.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
common=(latency --model smollm2 --tokens 7900 --batch 1,4)
"$here/longinfer" "${common[@]}" "$@"
"$here/longinfer" "${common[@]}" --emulate-disk 1GB/s "$@"
