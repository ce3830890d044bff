#!/usr/bin/env bash
# Usage: paper-comparison.sh [DIR]. The paper's comparison, MODELLED, not measured: decode latency over context and batch of each way to
# manage KV, for OPT-6.7B, Llama-2-7B and Yarn-Llama-2-13B (fp16) on an RTX 4090 with PCIe 4.0 and an SSD of 7 GB/s, all of whose memory
# is used. Replays real traces of TRACE_MODEL (smollm2, or needle where that was not fetched) at TRACE_TOKENS (2,000). JSON lines of
# kind modelled, a table as Markdown and a page of figures go to DIR (target/paper-comparison). Minutes on 2 cores.
# How it models and how far off it is: docs/modelled-hardware.md.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
out=${1:-$repo_root/target/paper-comparison}
longinfer=${LONGINFER:-$repo_root/scripts/longinfer}
usual=needle
if [ -d "${LONGINFER_CACHE:-$HOME/.cache/longinfer}/smollm2" ]; then usual=smollm2; fi
model=${TRACE_MODEL:-$usual} tokens=${TRACE_TOKENS:-2000}
variants=(full h2o quest infinigen ours no-read-ahead)
machine=${MACHINE:-rtx4090}
mkdir -p "$out"
rm -f "$out/modelled.jsonl" # of an earlier run
traces=()
for variant in "${variants[@]}"; do traces+=("$out/$(basename "$model")-$tokens-$variant.trace.gz"); done
"$longinfer" trace --model "$model" --tokens "$tokens" --variants "$(IFS=,; echo "${variants[*]}")" \
  --warmup 4 --steps 8 --out "$out"
{
  echo "# Modelled, not measured: decode latency on $machine"
  echo
  echo "Made by \`scripts/paper-comparison.sh\` from traces of $model at $tokens tokens; speed-ups are against full attention streamed"
  echo "through the same tiers. See docs/modelled-hardware.md."
  for shape in opt-6.7b llama-2-7b yarn-llama-2-13b-128k; do
    echo
    echo '```'
    "$longinfer" replay "${traces[@]}" --machine "$machine" --shape "$shape" --fill-memory \
      --tokens 8000,32000,128000 --batch 1,4,8 --json "$out/modelled.jsonl"
    echo '```'
  done
} > "$out/modelled.md"
cat "$out/modelled.md"
"$longinfer" report "$out/modelled.jsonl" --out "$out/modelled.html" --csv "$out/csv"
