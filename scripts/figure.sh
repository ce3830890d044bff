#!/usr/bin/env bash
# Makes a figure: runs the sweep scripts/figures/NAME.yaml, goes on where it was interrupted, and writes the page and tables of its
# results. scripts/figure.sh NAME [FOLDER] [options of longinfer sweep]; without a name, says which there are.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

figures=$repo_root/scripts/figures
if [ $# = 0 ] || [ ! -r "$figures/$1.yaml" ]; then
  printf 'Figures, and what each takes on 2 cores:\n' >&2
  for file in "$figures"/*.yaml; do
    printf '  %-18s %s\n' "$(basename "$file" .yaml)" "$(sed -n 's/^# //p;q' "$file")" >&2
  done
  exit 2
fi
name=$1
folder=${2:-$repo_root/target/figures}
shift $(($# > 1 ? 2 : 1))
mkdir -p "$folder"
"$repo_root/scripts/longinfer" sweep "$figures/$name.yaml" --out "$folder/$name.jsonl" "$@"
"$repo_root/scripts/longinfer" report "$folder/$name.jsonl" --out "$folder/$name.html" --markdown "$folder/$name.md"
printf '%s\n' "$folder/$name.html"
