#!/usr/bin/env bash
# What the precision of KV costs: perplexity of docs/kv-precision.txt (prose of this repository, as it was when first measured)
# for each selector and precision, with SmolLM2, in windows of 1,024 tokens of which 512 are decoded; and how far it is above full
# attention in f16, token by token. Ten to twenty minutes on 2 cores; with TOKENS=1025, one window instead of two, half of that.
# Arguments go to longinfer perplexity, --ratio 0.2 for example.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

text=$repo_root/docs/kv-precision.txt
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
run() {
  "$repo_root/scripts/longinfer" perplexity smollm2 --file "$text" --window 1024 --dense 512 --max-tokens "${TOKENS:-1537}" "$@"
}

# Makes a row of what a run printed.
row() {
  awk -v name="$1" '
    $1 == "all" { perplexity = $2; low = $3; high = $4; scored = $6 }
    / tokens of text, / { speed = $(NF - 1) }
    / against / { above = $2 " % (" $7 " to " $9; sub(/,$/, "", above) }
    END { printf "| %s | %s (%s to %s) | %s | %s | %s |\n", name, perplexity, low, high, above, scored, speed }'
}

echo '| selector, precision | perplexity (95 %) | above full f16 (95 %) | scored | tokens/s |'
echo '|---|---|---|---|---|'
run --selector full --json "$results/full.json" "$@" | row "full, f16"
for selector in full quest adaptive; do
  for precision in f16 bf16 int8 int4; do
    if [ "$selector $precision" != "full f16" ]; then
      run --selector "$selector" --kv-precision "$precision" --against "$results/full.json" "$@" | row "$selector, $precision"
    fi
  done
done
