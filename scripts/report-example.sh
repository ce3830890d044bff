#!/usr/bin/env bash
# Usage: report-example.sh [DIR]. A short real sweep on the embedded model, the report of it as page, CSV and Markdown, and how a
# browser sees the page, in DIR (target/report). Under a minute on 2 cores.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
out=${1:-$repo_root/target/report}
mkdir -p "$out"
cat > "$out/example.yaml" << 'YAML'
name: example
measure: latency
tokens: [1000, 2000]
variants: [full, quest, ours]
kv: {ratio: 0.1}
device-shares: 0.25
host-shares: 0.25
repetitions: 3
warm-up: 2
steps: 8
YAML
rm -f "$out/example.jsonl" # of an earlier commit
"$repo_root/scripts/longinfer" sweep "$out/example.yaml" --out "$out/example.jsonl"
"$repo_root/scripts/longinfer" report "$out/example.jsonl" --out "$out/report.html" --csv "$out/csv" --markdown "$out/report.md"
"$repo_root/scripts/check-report.sh" "$out/report.html" "$out"
