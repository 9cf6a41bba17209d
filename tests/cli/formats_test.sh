#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Formats in and out, with other people's programs as the judges: sigrok-cli (decoders, VCD), GTKWave's converters (VCD),
# can-utils (candump's log).
. "$(dirname "$0")/lib.sh"
have() {
    command -v "$1" > /dev/null && return 0
    echo "skipped: $2: $1 is not installed"
    return 1
}
# changes CSV: the rows of lines, without time 0's; lines that change at one time stand in any order.
changes() { grep -v '^#\|^time_ns\|^0,' "$1" | sort -t, -k1,1n -k2; }

# --- decoders against sigrok-cli, on waves that neither made ---
if have python3 "decoders" && have sigrok-cli "decoders"; then
    for seed in 1; do
        python3 "$source_dir/tests/cli/waves.py" uart uart.vcd $seed
        check "UART" 0 "records" "$axiom" trace export uart.vcd uart.csv --trace-option uart:rx=rx,parity=even
        grep -o ',uart,.*' uart.csv | sed 's/,uart,//; s/p$//' > came
        sigrok-cli -I vcd -i uart.vcd -P uart:rx=rx:parity=even -A uart=rx-data 2> /dev/null |
            sed 's/.*: //' | tr A-F a-f > wanted
        is "UART's bytes, seed $seed" "$(cmp came wanted 2>&1) $(wc -l < came)" " 300"
        is "wrong parities" "$(grep -c ',uart,..p$' uart.csv)" \
            "$(sigrok-cli -I vcd -i uart.vcd -P uart:rx=rx:parity=even -A uart=rx-parity-err 2> /dev/null | wc -l)"

        python3 "$source_dir/tests/cli/waves.py" spi spi.vcd $seed
        for mode in 0 1 2; do
            check "SPI" 0 "records" "$axiom" trace export spi.vcd spi.csv \
                --trace-option "spi:clk=clk,mosi=mosi,miso=miso,cs=cs,mode=$mode"
            grep -o ',spi,mosi.*' spi.csv | sed 's/,spi,//; s/mosi//; s/miso//' > came
            sigrok-cli -I vcd -i spi.vcd -P "spi:clk=clk:mosi=mosi:miso=miso:cs=cs:cpol=$((mode / 2)):cpha=$((mode % 2))" \
                -A spi=mosi-transfer:miso-transfer 2> /dev/null | sed 's/.*: //; s/ //g' | tr A-F a-f |
                paste -d ' ' - - | awk '{ print $2, $1 }' > other
            awk '{ print $2, $1 }' other > wanted
            is "SPI's transfers, mode $mode, seed $seed" "$( (cmp came wanted || cmp came other) > /dev/null 2>&1 && wc -l < came)" 60
        done

        python3 "$source_dir/tests/cli/waves.py" can can.vcd $seed
        check "CAN" 0 "records" "$axiom" trace export can.vcd can.log --trace-option can:rx=rx,name=can0
        cut -d' ' -f3 can.log | sed 's/R0$/R/' > came
        sed 's/R0$/R/' can.vcd.frames > wanted
        is "CAN's frames, seed $seed" "$(cmp came wanted 2>&1) $(wc -l < came)" " 200"
        # sigrok tells bytes and no frames, and reads data of remote frames with a length, which have none.
        python3 "$source_dir/tests/cli/waves.py" can-data can.vcd $seed
        check "CAN" 0 "records" "$axiom" trace export can.vcd can.log --trace-option can:rx=rx,name=can0
        cut -d' ' -f3 can.log | sed 's/.*#//' | fold -w 2 | grep . > came
        sigrok-cli -I vcd -i can.vcd -P can:can_rx=rx:nominal_bitrate=500000 -A can=data 2> /dev/null |
            sed -n 's/.*0x//p' | tr a-f A-F > wanted
        is "CAN's bytes by sigrok, seed $seed" "$(cmp came wanted 2>&1)" ""
    done
fi

# --- VCD ---
if have_shared traces/sigrok_mcp23017_i2c/mcp23017_counter_init_ab_write_read.sr && have sigrok-cli "VCD"; then
    sr=$shared/traces/sigrok_mcp23017_i2c/mcp23017_counter_init_ab_write_read.sr
    check "a capture" 0 "records" "$axiom" trace export "$sr" direct.csv
    sigrok-cli -i "$sr" -O vcd -o theirs.vcd 2> /dev/null
    check "sigrok's VCD" 0 "VCD" "$axiom" trace info theirs.vcd
    check "sigrok's VCD" 0 "records" "$axiom" trace export theirs.vcd theirs.csv
    is "the same changes as in the capture" "$(cmp <(changes direct.csv) <(changes theirs.csv) 2>&1)" ""
    check "our VCD" 0 "records" "$axiom" trace export "$sr" ours.vcd
    check "our VCD" 0 "records" "$axiom" trace export ours.vcd ours.csv
    is "the same again" "$(cmp <(changes direct.csv) <(changes ours.csv) 2>&1)" ""
    # sigrok counts in samples of 1 ns; its edges at our times.
    sigrok-cli -I vcd -i ours.vcd -P i2c:scl=SCL:sda=SDA -A i2c=data-write 2> /dev/null | sed 's/.*: //' > came
    sigrok-cli -i "$sr" -P i2c:scl=SCL:sda=SDA -A i2c=data-write | sed 's/.*: //' > wanted
    is "sigrok reads our VCD as it reads the capture" "$(cmp came wanted 2>&1)$([[ -s wanted ]] || echo empty)" ""
    if have vcd2fst "VCD" && have fst2vcd "VCD"; then
        check "GTKWave takes our VCD" 0 "" vcd2fst ours.vcd ours.fst
        check "and gives it back" 0 "" fst2vcd -f ours.fst -o back.vcd
        check "GTKWave's VCD" 0 "records" "$axiom" trace export back.vcd back.csv
        is "the same changes" "$(cmp <(changes direct.csv) <(changes back.csv) 2>&1)" ""
    fi
fi

# --- candump ---
cat > can.log <<'END'
(1436509052.249713) vcan0 044#2A366C2BBA
(1436509052.449847) vcan0 1F334455#1122334455667788
(1436509052.549847) can1 123#R
(1436509052.649847) vcan0 12A##511223344
(1436509052.749847) vcan0 123#0011223344556677_C
(1436509053.000000) can1 20000004#0004000000000000
END
# A VCD that ends inside of a time, which by itself would run backwards: the word is left out, and said so, everywhere.
printf '$timescale 1 us $end\n$var wire 1 ! a $end\n$enddefinitions $end\n#0\n0!\n#500000\n1!\n#100' > short.vcd
check "a cut VCD's content" 0 "its last word is left out" "$axiom" trace info short.vcd
check "a cut VCD drives the board" 0 "its last word is left out" "$axiom" run --quiet short.vcd --bind a=gpio/chip0/26
is "and nothing else is said of it" "$(grep -c backwards output)" 0
check "candump's log" 0 "candump log, 6 records" "$axiom" trace info can.log
check "out again" 0 "6 records" "$axiom" trace export can.log again.log
is "as it went in" "$(cmp can.log again.log 2>&1)" ""
check "as MCAP" 0 "6 records" "$axiom" trace import can.log can.mcap
check "out of MCAP" 0 "6 records" "$axiom" trace export can.mcap back.log
is "through MCAP" "$(sed 's/(\([0-9]*\)/(\1/' back.log | cmp can.log - 2>&1)" ""
if have log2asc "candump"; then
    grep -v '_C\|##\| 2000' again.log > classic.log # neither long DLCs, nor FD, nor errors
    check "can-utils reads it" 0 "" log2asc -I classic.log -O classic.asc vcan0 can1
    asc2log -I classic.asc -O asc.log
    is "its frames" "$(cut -d' ' -f3 asc.log | cmp - <(cut -d' ' -f3 classic.log) 2>&1)" ""
fi
# --- a bag of ROS 2 that other people's writers made (tests/traces/import/bags/make.mjs) drives the IMU's registers ---
bag=$source_dir/tests/traces/import/bags/imu_zstd.mcap
check "a bag's IMU" 0 "500 inputs" "$axiom" run --quiet "$bag" --bind /imu/data=iio/imu0 --record bag_run.mcap
check "exported" 0 "" "$axiom" trace export bag_run.mcap bag_run.csv
# What came out of the FIFO, in counts of 0.488 mg and 70 mdps: (i, -1, 2048 + i % 7) and (i - 250, 1, -i).
grep ',/iio/imu0\.' bag_run.csv | cut -d, -f3 | tail -3000 | awk '
    { lsb = (NR - 1) % 6 < 3 ? 0.000488 * 9.80665 : 0.070 * 3.14159265358979 / 180
      n = $1 / lsb; printf "%d%s", n + (n < 0 ? -0.5 : 0.5), NR % 6 ? "," : "\n" }' > came
awk 'BEGIN { for (i = 0; i < 500; i++) printf "%d,-1,%d,%d,1,%d\n", i, 2048 + i % 7, i - 250, -i }' > wanted
is "each sample once, in order, in counts" "$(cmp came wanted 2>&1)" ""
check "its replay" 0 "equal" "$axiom" replay bag_run.mcap

# --- what `trace info` proposes can be pasted ---
pasted() { # FILE WORDS...
    "$axiom" trace info "$@" 2> /dev/null | sed -n '/^to run it/,$p' | tail -n +2 | sed "s|axiom run|'$axiom' run --quiet|" > paste.sh
    check "the proposal for $(basename "$1")" 0 "inputs" bash paste.sh
}
pasted "$bag"
have_shared traces/sigrok_sht31_i2c/sensirion_sht31_25rh_28rh.sr &&
    pasted "$shared/traces/sigrok_sht31_i2c/sensirion_sht31_25rh_28rh.sr" --trace-option i2c:scl=SCL,sda=SDA
have_shared traces/betaflight_bfl37/LOG00037.BFL && pasted "$shared/traces/betaflight_bfl37/LOG00037.BFL"
# --- Perfetto ---
check "a run" 0 "" "$axiom" run --quiet "$source_dir/examples/button_led/button.csv" --bind button=gpio/chip0/26 \
    --bpf "$examples/button_led.bpf.o" --cpus 2 --record led.mcap
check "as Chrome's JSON" 0 "events" "$axiom" trace export led.mcap led.json
if have python3 "Perfetto"; then
    # Well-formed; a CPU runs one thread at a time; eight runs of the program; the edges that the kernel saw; names.
    is "what is in it" "$(python3 -c '
import json, collections
events = json.load(open("led.json"))["traceEvents"]
cpus = collections.defaultdict(list)
for e in events:
    if e["ph"] == "X" and e["pid"] == 1: cpus[e["tid"]].append((e["ts"], e["ts"] + e["dur"]))
whole = all(abs(a[1] - b[0]) < 1e-6 for c in cpus.values() for a, b in zip(sorted(c), sorted(c)[1:]))
names = {e["args"].get("name") for e in events if e["ph"] == "M"}
print(len(cpus) >= 1, whole, sum(e["ph"] == "X" and e["pid"] == 4 for e in events),
      sum(e["ph"] == "i" and e["pid"] == 3 for e in events) >= 8, {"CPU 0", "CPUs", "threads", "interrupts"} <= names)')" \
        "True True 8 True True"
    check "a trace" 0 "events" "$axiom" trace export can.vcd wave.json --trace-option can:rx=rx,name=can0
    is "its frames" "$(python3 -c 'import json; print(sum(e["ph"] == "X" for e in json.load(open("wave.json"))["traceEvents"]))')" 200
fi
# --- a page about a run ---
printf 'count /bpf/run where program == button: >= 1\ncount /bpf/run: == 8\n' > holds.txt
check "a report" 1 "" "$axiom" report led.mcap --expect holds.txt --output failing.html
echo 'count /bpf/run: == 8' > holds.txt
check "a report" 0 "" "$axiom" report led.mcap --expect holds.txt --output page.html
check "the same" 0 "" "$axiom" report led.mcap --expect holds.txt --output again.html
is "is the same page" "$(cmp page.html again.html 2>&1)" ""
check "another run" 0 "" "$axiom" run --quiet "$source_dir/examples/button_led/button.csv" --bind button=gpio/chip0/26 --record bare.mcap
check "their difference" 1 "" "$axiom" report led.mcap bare.mcap --output differs.html
is "says where" "$(grep -c 'first divergence' differs.html)" 1
is "loads nothing" "$(grep -cE 'https?:|<script|<link|<img|url\(' page.html differs.html | tr '\n' ' ')" "page.html:0 differs.html:0 "
if have python3 "the page's shape"; then
    is "every element is closed" "$(python3 -c '
from html.parser import HTMLParser
import sys
class Shape(HTMLParser):
    open, bad = [], 0
    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br"): self.open.append(tag)
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag: self.bad += 1
    def handle_startendtag(self, tag, attrs): pass
for page in ("page.html", "differs.html", "failing.html"):
    s = Shape(); s.open = []; s.feed(open(page).read().replace("<tr><th", "<tr><th")); print(len(s.open), s.bad, end=" ")')" "0 0 0 0 0 0 "
fi
if command -v chromium > /dev/null; then # a browser without network shows it: the picture has ink in it
    timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/chromium" --window-size=1100,1200 \
        --screenshot="$work/page.png" "file://$work/differs.html" > chromium.log 2>&1
    is "Chromium draws it" "$(($(stat -c %s page.png 2> /dev/null || echo 0) > 20000))" 1
else
    echo "skipped: the page in a browser: chromium is not installed"
fi
# --- an actuator's topic against the run's PWM: at 55 degrees the spindle gets half of 800 us (examples/gantry) ---
{
    echo 'time_s,temp[degC],spindle'
    for second in 0 1 2 3 4 5 6 7 8 9; do echo "$second,55,$( ((second > 4)) && echo 400)"; done
} > spindle.csv
check "a warm spindle" 0 "" "$axiom" run --quiet spindle.csv --bind temp=iio/sht31/temp --bpf "$examples/temperature.bpf.o" \
    --record spindle.mcap
check "is as recorded" 0 "5 values, 0 beyond" "$axiom" trace compare spindle.mcap spindle.csv --bind spindle=pwm/chip0/0/us
sed 's/^7,55,400/7,55,430/' spindle.csv > other.csv
check "another robot's is not" 1 "1 beyond the tolerance, the worst off by (29|30)\\.[0-9]+ at 7\\.0" "$axiom" trace compare \
    spindle.mcap other.csv --bind spindle=pwm/chip0/0/us
check "in percent it is no match" 1 "5 beyond" "$axiom" trace compare spindle.mcap spindle.csv --bind spindle=pwm/chip0/0/percent
check "nor is there another channel" 3 "no events of pwm/chip0/1" "$axiom" trace compare spindle.mcap spindle.csv \
    --bind spindle=pwm/chip0/1
finish
