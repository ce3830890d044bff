#!/usr/bin/env bash
# Runs the JMH benchmarks whose class matches: scripts/jmh.sh PATTERN [jmh options], as in
#   scripts/jmh.sh LinearKernelsBenchmark.matVec -f 1 -wi 3 -i 3 -w 1 -r 1 -p type=Q4_1
# Benchmarks lie beside the tests (*Benchmark.java). Put LONGINFER_JVM_OPTIONS=-XX:UseAVX=2 before it for more options.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -ge 1 ] || die "which benchmark? usage: scripts/jmh.sh PATTERN [jmh options]"
find_jdk25
pattern=$1
shift

# The modules whose benchmarks match by class name; a pattern that names no class runs in every module that has some.
class=${pattern%%.*}
mapfile -t modules < <(cd "$repo_root" && git ls-files -co --exclude-standard -- '*Benchmark.java' |
  { grep -E -- "$class" || true; } | sed 's|/src/test/.*||' | sort -u)
[ ${#modules[@]} -gt 0 ] || die "no benchmark matches '$class'; there are:
$(cd "$repo_root" && git ls-files -co --exclude-standard -- '*Benchmark.java' | sed 's|.*/||; s|\.java$||; s|^|  |')"

options=$(sed -n 's|.*<longinfer.jvm.options>\(.*\)</longinfer.jvm.options>.*|\1|p' "$repo_root/pom.xml")
for module in "${modules[@]}"; do
  classpath_file=$repo_root/$module/target/jmh.classpath
  # Compiling and asking for the class path in one run of Maven: modules then see each other's fresh classes.
  maven -q -pl "$module" -am -DskipTests test-compile \
    org.apache.maven.plugins:maven-dependency-plugin:build-classpath \
    -Dmdep.outputFile=target/jmh.classpath -Dmdep.includeScope=test
  # shellcheck disable=SC2086  # the options are words
  "$JAVA_HOME/bin/java" $options ${LONGINFER_JVM_OPTIONS:-} \
    -cp "$repo_root/$module/target/test-classes:$repo_root/$module/target/classes:$(cat "$classpath_file")" \
    org.openjdk.jmh.Main "$pattern" "$@"
done
