#!/usr/bin/env bash
# The main job on a fresh machine: builds, hides a fact in a document of 8,200 tokens and asks for it, with most of the KV on
# disk. Needs a JDK 25 and Maven, nothing else. Arguments go to longinfer needle (scripts/longinfer needle --help).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
find_jdk25
printf 'JDK 25 in %s; building\n' "$JAVA_HOME"
maven --quiet package -DskipTests >&2 || die "the build failed (see above)."
exec "$repo_root/scripts/longinfer" needle "$@"
