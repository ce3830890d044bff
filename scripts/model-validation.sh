#!/usr/bin/env bash
# Usage: model-validation.sh [DIR] [MODEL:TOKENS...]. Modelled decode latency against measured on this machine, at three throttles of
# the disk and one of the link, for the embedded model at 4,000 tokens and, where it has been fetched, SmolLM2 at 2,000. The machine is
# calibrated by runs of its own, without throttles; nothing is fitted to the runs that are predicted. Results and traces go to DIR
# (target/model-validation). Some minutes on 2 cores that are idle but for this: on busy ones the figures mean nothing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
out=${1:-$repo_root/target/model-validation}
shift || true
cases=("$@")
if [ ${#cases[@]} = 0 ]; then
  cases=(needle:4000)
  if [ -d "${LONGINFER_CACHE:-$HOME/.cache/longinfer}/smollm2" ]; then
    cases+=(smollm2:2000)
  else
    echo "SmolLM2 is not there and left out: scripts/fetch-model.sh smollm2"
  fi
fi
longinfer=${LONGINFER:-$repo_root/scripts/longinfer}
mkdir -p "$out"
for case in "${cases[@]}"; do
  model=${case%:*} tokens=${case#*:}
  name=$(basename "$model")
  cat > "$out/$name.yaml" << YAML
name: model-validation-$name
measure: latency
models: $model
tokens: $tokens
variants: [full, quest, ours]
kv: {emulate-disk: [50MB/s, 100MB/s, 200MB/s], emulate-link: 400MB/s, read-ahead: true}
device-shares: 0.0625
host-shares: 0.125
repetitions: 3
warm-up: 4
steps: 8
YAML
  rm -f "$out/$name.jsonl" # of an earlier run
  "$longinfer" calibrate --model "$model" --tokens "$tokens" --out "$out/$name-machine.yaml"
  "$longinfer" trace --model "$model" --tokens "$tokens" --warmup 4 --steps 8 --out "$out"
  "$longinfer" sweep "$out/$name.yaml" --out "$out/$name.jsonl"
  echo "$model at $tokens tokens, measured and modelled:"
  "$longinfer" replay "$out/$name-$tokens"-{full,quest,ours}.trace.gz --machine "$out/$name-machine.yaml" --measured "$out/$name.jsonl"
done
