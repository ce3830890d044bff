#!/usr/bin/env bash
# What the device kernels cost by count: runs each at realistic sizes through TornadoVM's PTX backend on an emulator of the CUDA
# driver, and prints a table in Markdown. scripts/kernel-counts.sh [PATTERN], the pattern picks rows: 'decode .*int8'. Takes two
# minutes on 2 cores. TORNADOVM_HOME is the folder of TornadoVM's SDK 5.2.0-jdk25 with the PTX backend, CUDA_EMU_LIBRARY the
# emulator's libcuda.so.1 (default: what the SDK is linked with), CUDA_EMU_PTXAS a ptxas (default: the one of an installed CUDA).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -le 1 ] || die "usage: scripts/kernel-counts.sh [PATTERN]"
find_jdk25
[ -n "${TORNADOVM_HOME:-}" ] || die "TORNADOVM_HOME is not set: it must name the folder of TornadoVM's SDK 5.2.0-jdk25
with the backend ptx. README.md says how to install it."
[ -r "$TORNADOVM_HOME/tornado-argfile" ] || die "no SDK of TornadoVM is in $TORNADOVM_HOME: its file tornado-argfile is missing."
backend=$TORNADOVM_HOME/lib/libtornado-ptx.so
[ -r "$backend" ] || die "the SDK of TornadoVM in $TORNADOVM_HOME has no PTX backend: $backend is missing."

library=${CUDA_EMU_LIBRARY:-$(ldd "$backend" | sed -n 's|.*libcuda\.so\.1 => \(/[^ ]*\).*|\1|p')}
[ -r "$library" ] || die "no emulator of the CUDA driver: build ../shared/tools/cuda-emu and set CUDA_EMU_LIBRARY to its libcuda.so.1."
grep -q CUDA_EMU_REPORT "$library" || die "$library is a CUDA driver, but not the emulator, which alone counts."

classpath_file=$repo_root/tornado-kernels/target/counts.classpath
maven -q -pl tornado-kernels -am -DskipTests test-compile \
  org.apache.maven.plugins:maven-dependency-plugin:build-classpath \
  -Dmdep.outputFile=target/counts.classpath -Dmdep.includeScope=test >&2

ptxas=${CUDA_EMU_PTXAS:-$(command -v ptxas || true)}
printf 'TornadoVM %s; %s; %s\n\n' \
  "$(basename "$(find "$TORNADOVM_HOME/share/java/tornado" -name 'tornado-api-*.jar')" .jar | sed 's/tornado-api-//')" \
  "ptxas $([ -z "$ptxas" ] || "$ptxas" --version | sed -n 's/.*, \(V[0-9.]*\)$/\1/p')" \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"

CUDA_EMU_REPORT=$(mktemp)
export CUDA_EMU_REPORT
trap 'rm -f "$CUDA_EMU_REPORT"' EXIT
LD_PRELOAD=$library CUDA_EMU_ON_ERROR=exit "$JAVA_HOME/bin/java" "@$TORNADOVM_HOME/tornado-argfile" \
  -Dtornado.recover.bailout=False -Dlonginfer.tornado.device=ptx \
  --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Xmx3g \
  -cp "$repo_root/tornado-kernels/target/test-classes:$repo_root/tornado-kernels/target/classes:$(cat "$classpath_file")" \
  io.longinfer.kernels.counts.KernelCounts "$@" 2> >(grep -v 'Using incubator modules' >&2)
