#!/usr/bin/env bash
# Usage: check-report.sh REPORT.html OUTDIR. Loads a page of "longinfer report" in a headless Chromium: fails if the browser has
# anything to say on its console, or if the page is wider than a window of 360 or 1280 pixels. Leaves phone.png, desktop.png and
# print.pdf in OUTDIR. CHROMIUM names another browser.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# = 2 ] || die "REPORT.html OUTDIR expected, $# arguments found."
[ -r "$1" ] || die "$1: no such file"
page=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")

browser=${CHROMIUM:-}
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  [ -n "$browser" ] || browser=$(command -v "$name" || true)
done
[ -n "$browser" ] || die "no Chromium found on the PATH: install it (apt-get install chromium on Debian), or set CHROMIUM."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Runs the browser with an empty profile; what it says goes to $work/log.
browse() {
  rm -rf "$work/profile"
  timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --enable-logging=stderr \
    --user-data-dir="$work/profile" "$@" 2> "$work/log" || die "$browser failed:
$(tail -n 20 "$work/log")"
}

# The page in frames of both widths, and how wide and high it turns out there: a line each of width, scroll width, height. The page
# has no script and lets none in, so another page measures it.
measured() {
  {
    printf '<!DOCTYPE html><meta charset="utf-8"><title>measures</title><body><pre></pre><script>\n'
    printf 'const page = new TextDecoder().decode(Uint8Array.from(atob("%s"), c => c.charCodeAt(0)));\n' \
      "$(base64 -w 0 "$page")"
    cat << 'JS'
for (const width of [360, 1280]) {
  const frame = document.createElement("iframe");
  frame.style.cssText = "border: 0; height: 800px; width: " + width + "px";
  frame.srcdoc = page;
  frame.onload = () => {
    const root = frame.contentDocument.documentElement;
    if (frame.contentDocument.querySelector("figure") === null) {
      return;
    }
    document.querySelector("pre").textContent += ["measured", width, root.scrollWidth, root.scrollHeight].join(" ") + "\n";
  };
  document.body.append(frame);
}
JS
    printf '</script>\n'
  } > "$work/measure.html"
  browse --window-size=1400,900 --dump-dom "file://$work/measure.html" > "$work/dom.html"
  sed -n 's/.*\(measured [0-9 ]*\)$/\1/p' "$work/dom.html"
}

measures=$(measured)
[ "$(wc -l <<< "$measures")" = 2 ] || die "$page could not be measured: figures at two widths expected, '$measures' found."
while read -r _ width scroll height; do
  [ "$scroll" -le "$width" ] || die "$page is $scroll pixels wide in a window of $width pixels."
  case $width in
    360) phone_height=$((height < 8000 ? height : 8000)) ;;
    *) desktop_height=$((height < 16000 ? height : 16000)) ;;
  esac
done <<< "$measures"

quiet() {
  if grep -q 'CONSOLE' "$work/log"; then
    die "$page: the browser's console says:
$(grep 'CONSOLE' "$work/log")"
  fi
}
browse --window-size="360,$phone_height" --force-device-scale-factor=2 --screenshot="$out/phone.png" "file://$page"
quiet
browse --window-size="1280,$desktop_height" --screenshot="$out/desktop.png" "file://$page"
quiet
browse --print-to-pdf="$out/print.pdf" --no-pdf-header-footer "file://$page"
quiet
for result in phone.png desktop.png print.pdf; do
  [ -s "$out/$result" ] || die "$out/$result was not written."
done
printf '%s: console silent, no wider than 360 and 1280 pixels; phone.png, desktop.png, print.pdf in %s\n' "$page" "$out"
