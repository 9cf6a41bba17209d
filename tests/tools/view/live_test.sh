#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# axiom view and axiom run --view as their users meet them, without a display (SDL's dummy driver).
set -u
build=$1 source=$2
axiom=$build/tools/axiom/axiom
bpf=$build/examples/button_led.bpf.o
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SDL_VIDEODRIVER=dummy
cd "$work" || exit 1
fail() { echo "FAIL: $*"; exit 1; }
if [[ ! -x $build/tools/view/axiom-view ]]; then
    "$axiom" view x.mcap 2> said
    [[ $? == 3 ]] && grep -q 'libsdl2-dev' said || fail "without the viewer it says what to install"
    echo "skipped: no viewer in this build"
    exit 77
fi
run=("$axiom" run "$source/examples/button_led/button.csv" --bind button=gpio/chip0/26 --bpf "$bpf" --quiet)

# --- options that say nothing ---
for words in "--scale 2x" "--memory much" "--size 800x600x" "--theme blue" "--at noon" "--frob"; do
    # shellcheck disable=SC2086
    "$axiom" view $words x.mcap 2> said
    [[ $? == 2 ]] && grep -q '^axiom view: ' said && grep -q '^Try: axiom view --help' said || fail "$words: $(cat said)"
done
printf 'loaded\ndo frobnicate\nquit\n' > unknown.txt
"$axiom" view "$source/examples/button_led/button.csv" --script unknown.txt 2> said
grep -q "there is no such command" said || fail "a command that is none: $(cat said)"

# --- without a display ---
if [[ ! -e /dev/dri ]]; then # else the screen of this machine is one
    env -u SDL_VIDEODRIVER -u DISPLAY -u WAYLAND_DISPLAY -u XDG_RUNTIME_DIR timeout 20 \
        "$axiom" view "$source/examples/button_led/button.csv" --script unknown.txt 2> said
    [[ $? == 6 ]] && grep -q "is there a display" said || fail "no display: $(cat said)"
fi

# --- with a window and without one: the same file ---
"${run[@]}" --record without.mcap > without.txt || fail "a run without a window"
printf 'until 100s\nquit\n' > watch.txt
"${run[@]}" --record with.mcap --view --speed 1000000 --view-option --script --view-option watch.txt > with.txt ||
    fail "a run with a window"
cmp without.mcap with.mcap || fail "the window changed the recording"
# ... nor a window that is closed at once, is zoomed and paused, or dies
printf 'quit\n' > gone.txt
"${run[@]}" --record gone.mcap --view --speed 1000000 --view-option --script --view-option gone.txt > /dev/null || fail "closed"
cmp without.mcap gone.mcap || fail "closing the window changed the recording"
printf 'wait 30ms\nkey space\nkey +\nkey f\nwait 50ms\nkey space\nkey ]\nuntil 100s\nquit\n' > busy.txt
"${run[@]}" --record busy.mcap --view --speed 20 --view-option --script --view-option busy.txt > /dev/null || fail "busy"
cmp without.mcap busy.mcap || fail "pausing changed the recording"

# --- clicks and drags are inputs, recorded and replayed ---
# Time stands still while the hand moves: the run may not end before it, however slow the machine is.
cat > clicks.txt <<'WORDS'
until 1.1s
key space
pin 26
wait 60ms
key space
until 1.4s
key space
pin 26
sensor sht31 temp 60
wait 60ms
pin 26
wait 60ms
key space
until 2.2s
key space
sensor sht31 temp -30
pin 26
wait 100ms
png live.png
key space
until 100s
quit
WORDS
"$axiom" run --for 4s --bpf "$bpf" --quiet --record clicks.mcap --view --view-option --script \
    --view-option clicks.txt > clicks.out || fail "a run with clicks"
"$axiom" trace info clicks.mcap > info
grep -Eq '/gpio/chip0/26 +[1-9][0-9]* messages +input' info || fail "no click was recorded: $(cat info)"
grep -q '/sensor/sht31.* input' info || fail "no drag was recorded"
grep -q 'button_led' clicks.out || fail "no program saw the clicks"
"$axiom" replay clicks.mcap > replay.out || fail "the recording of clicks does not replay: $(cat replay.out)"
[[ -s live.png ]] || fail "no picture of the live run"

# --- pictures ---
"$axiom" view clicks.mcap --png a.png --size 800x500 || fail "--png"
"$axiom" view clicks.mcap --png b.png --size 800x500 || fail "--png again"
cmp a.png b.png || fail "the same picture is not the same"
"$axiom" view clicks.mcap without.mcap --png two.png --at 1.5s --span 1s --theme light --size 800x500 --scale 2 || fail "two"
"$axiom" view "$source/examples/button_led/button.csv" --png csv.png --size 800x500 || fail "a CSV"
"$axiom" view nothing.mcap --png x.png 2> said && fail "a file that is not there"
grep -q 'nothing.mcap' said || fail "which file is not there"
head -c 3000 clicks.mcap > cut.mcap
"$axiom" view cut.mcap --png cut.png --size 800x500 2> said || fail "a cut file: $(cat said)"
"$axiom" view clicks.mcap --png x.png --at soon 2> said; [[ $? == 2 ]] || fail "--at soon"
"$axiom" view clicks.mcap --png /nonexistent/x.png 2> said; [[ $? == 6 ]] || fail "a place that cannot be written"

# --- every command, by its key, at the window ---
cat > keys.txt <<'WORDS'
loaded
png before.png
key down
key n
key n
key p
key .
key ,
key a
key end
key b
key z
key f
key +
key -
key left
key right
key pageup
key pagedown
key home
key ]
key [
key /
wait 20ms
type led
key return
wait 20ms
key f3
key shift+f3
key d
key shift+d
key shift+down
key shift+up
key x
key shift+x
key return
key t
key i
key o
key u
key tab
key l
key shift+/
wait 20ms
png help.png
key escape
key c
key g
key space
wait 50ms
key space
move 500 200
wheel 500 200 3
wheel 100 200 -3
right 400 200
drag 300 150 500 150
drag 60 150 60 200
click 60 110
click 500 50
click 780 20
png after.png
key q
wait 100s
WORDS
"$axiom" view clicks.mcap without.mcap --script keys.txt --size 1200x700 || fail "keys"
cmp -s before.png after.png && fail "the keys did nothing"
cmp -s before.png help.png && fail "no help page"
echo "view: windows change nothing, clicks replay, pictures repeat"
