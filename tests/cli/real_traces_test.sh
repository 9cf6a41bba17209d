#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Recordings of real devices, and what outsiders know of them (shared/traces/README.md).
. "$(dirname "$0")/lib.sh"

# imu_counts EXPORT SAMPLES: the last so many samples of imu0, one a line, in counts of its ranges (+-16 g, 2000 dps).
imu_counts() {
    grep '/iio/imu0\.' "$1" | cut -d, -f3 | tail -$(($2 * 6)) | awk '
        { lsb = (NR - 1) % 6 < 3 ? 0.000488 * 9.80665 : 0.070 * 3.14159265358979 / 180
          n = $1 / lsb; printf "%d%s", n + (n < 0 ? -0.5 : 0.5), NR % 6 ? "," : "\n" }'
}

if have_shared traces/sigrok_smoothieware/smoothieware.sr; then
    sr=$shared/traces/sigrok_smoothieware/smoothieware.sr
    cat > smoothie.txt <<'EOF'
count /bpf/run where program == step_x: == 32000
count /bpf/run where program == step_y: == 32000
# position: x, y, x_steps, y_steps, x_max, y_max, tripped_at_ns, tripped_step; 200 mm at 80 steps/mm
last /bpf/map/position where key == 0: s64[0] == 0 and s64[1] == 0
last /bpf/map/position where key == 0: u64[2] == 32000 and u64[3] == 32000
last /bpf/map/position where key == 0: s64[4] == 16000 and s64[5] == 16000
# |x| >= 150.000 mm at step 12,000: sample 32,540,479 of 12 MHz, one second after power-on
last /bpf/map/position where key == 0: u64[7] == 12000
last /bpf/map/position where key == 0: u64[6] > 3711706570 and u64[6] <= 3711706583
count /interlock where action == stop: == 1
within 0ns after /interlock where action == stop: /gpio/chip0/22 where level == 0
within 0ns after /interlock where action == stop: /gpio/chip0/23 where level == 0
never /gpio/chip0/22 where level == 1 after /interlock where action == stop
EOF
    smoothie=("$axiom" run --quiet "$sr" --bind 5=gpio/chip0/17 --bind 6=gpio/chip0/27 --bind 3=gpio/chip0/5
        --bind 4=gpio/chip0/6 --bpf "$examples/position_150mm.bpf.o")
    check "smoothieware" 0 "11 of 11 assertions hold" "${smoothie[@]}" --expect smoothie.txt --record s.mcap
    check "its replay" 0 "equal" "$axiom" replay s.mcap
    check "with four CPUs" 0 "11 of 11" "${smoothie[@]}" --expect smoothie.txt --cpus 4 --record s4.mcap
    check "the same outputs" 0 "equal" "$axiom" diff s.mcap s4.mcap
fi

if have_shared traces/sigrok_lidarlite_pwm/lidarlite_5mhz.sr; then
    sr=$shared/traces/sigrok_lidarlite_pwm/lidarlite_5mhz.sr
    cat > lidar.txt <<'EOF'
# one record a pulse in the ring buffer; lidar: rise_ns, pulses, lost, sum_cm
count /bpf/map/distances: == 1802
last /bpf/map/lidar where key == 0: u64[1] == 1802 and u64[2] == 0
EOF
    check "lidarlite" 0 "2 of 2 assertions hold" "$axiom" run --quiet "$sr" --bind 0=gpio/chip0/4 \
        --bpf "$examples/lidar.bpf.o" --expect lidar.txt --record lidar.mcap
    if command -v sigrok-cli > /dev/null; then
        # The program's run at each falling edge returns the centimetres; sigrok's own reading of the capture gives the
        # widths, in samples of 200 ns (its VCD counts in 100 ns). 10 us are 1 cm.
        check "exported" 0 "records" "$axiom" trace export lidar.mcap lidar.csv
        grep ',/bpf/run/pulse,' lidar.csv | awk -F, 'NR % 2 == 0 { print $3 }' > came
        sigrok-cli -i "$sr" -O vcd | awk '/^#/ { at = substr($1, 2) }
            $2 == "1!" { rise = at } $2 == "0!" && rise { print int((at - rise + 50) / 100) }' > recorded
        is "widths in the capture" "$(wc -l < recorded)" 1802
        is "each width in centimetres" "$(cmp came recorded 2>&1)" ""
    else
        echo "skipped: no second opinion on the widths: sigrok-cli is not installed"
    fi
fi

if have_shared traces/st_lsm6dsv320x_serve/serve.csv; then
    csv=$shared/traces/st_lsm6dsv320x_serve/serve.csv
    check "an IMU at 480 Hz" 0 "36,812 inputs" "$axiom" run --quiet "$csv" --trace-option rate=480 --bind imu=iio/imu0 \
        --record imu.mcap
    check "exported" 0 "" "$axiom" trace export imu.mcap imu.csv
    # What came through FIFO and interrupt, in order, against the recording's own columns: mg in multiples of 0.488, dps in
    # multiples of 0.070.
    imu_counts imu.csv 36812 > came
    awk -F, 'function counts(v) { return int(v + (v < 0 ? -0.5 : 0.5)) }
        NR > 1 { for (i = 1; i <= 6; i++) printf "%d%s", counts($i / (i <= 3 ? 0.488 : 0.070)), i < 6 ? "," : "\n" }' \
        "$csv" > recorded
    is "samples that came" "$(wc -l < came)" "$(wc -l < recorded)"
    is "each once, in order, scaled right" "$(cmp came recorded 2>&1)" ""
fi

if have_shared traces/px4_sample/sample.ulg; then
    ulg=$shared/traces/px4_sample/sample.ulg
    check "a flight controller's IMU" 0 "17,070 inputs" "$axiom" run --quiet "$ulg" --bind sensor_combined=iio/imu0 \
        --record px4.mcap
    check "its gaps are told" 0 "4 gaps" "$axiom" trace info "$ulg"
    check "exported" 0 "records" "$axiom" trace export px4.mcap px4.csv
    imu_counts px4.csv 17070 > came # against a reader of its own
    perl "$source_dir/tests/cli/ulog_imu.pl" "$ulg" > recorded
    is "samples in the log" "$(wc -l < recorded)" 17070
    is "each once, in order, scaled right" "$(cmp came recorded 2>&1)" ""
fi

if have_shared traces/sigrok_sht31_i2c/sensirion_sht31_25rh_28rh.sr; then
    sr=$shared/traces/sigrok_sht31_i2c/sensirion_sht31_25rh_28rh.sr
    sht=("$axiom" run --quiet "$sr" --trace-option i2c:scl=2,sda=1,name=bus --bind bus=iio/sht31)
    check "a bus capture's answers" 0 "12 inputs" "${sht[@]}" --record sht.mcap
    check "its replay" 0 "equal" "$axiom" replay sht.mcap
    # The capture's sensor is at 0x45, ours at 0x44. The driver's reads of six bytes, those of the resting values before the
    # first recorded answer left out.
    answers() { # RECORDING
        "$axiom" trace export "$1" sht.csv > /dev/null
        tr -d '# ' < sht.csv | sed -n 's/.*,\/kernel\/i2c\/1,0x44r\([0-9a-f]\{12\}\)$/\1/p' | tail -n +3
    }
    answers sht.mcap > came
    is "measurements" "$(wc -l < came)" 12
    # CRC-8 of a word's two bytes: polynomial 0x31, begun with 0xff (SHT3x data sheet, 4.12).
    valid='for (unpack "(a6)*", <> =~ tr/0-9a-f//cdr) { my ($a, $b, $c) = unpack "C3", pack "H6", $_; my $crc = 0xff;
        for my $byte ($a, $b) { $crc ^= $byte; $crc = ($crc << 1 ^ ($crc & 0x80 ? 0x31 : 0)) & 0xff for 1 .. 8 } $n += $crc == $c }
        print $n'
    is "valid words" "$(tr -d '\n' < came | perl -e "my \$n = 0; $valid")" 24
    if command -v sigrok-cli > /dev/null; then
        sigrok-cli -i "$sr" -P i2c:scl=SCL:sda=SDA -A i2c=data-read | sed 's/.*: //' | tr -d '\n' | tr A-F a-f |
            fold -w 12 > recorded
        echo >> recorded
        is "the capture's answers, one after the other" "$(cmp came recorded 2>&1)" ""
    else
        echo "skipped: no second opinion on the bus: sigrok-cli is not installed"
    fi
    # What user space gets: -45 + 175 * T / 65535 degrees, RH / 65535.
    grep -F ',/iio/sht31.temp,' sht.csv | tail -n +3 | cut -d, -f3 > temp
    perl -ne 'printf "%.6f\n", -45 + 175 * hex(substr $_, 0, 4) / 65535' came > wanted
    is "temperatures" "$(paste temp wanted | awk '{ d = $1 - $2; bad += d > 1e-6 || d < -1e-6 } END { print NR, bad + 0 }')" "12 0"

    # One bit of the fourth recorded answer flips on its way: the driver says so, and the next one is right.
    echo "at 5s bit-flip humidity@44 bit=3" > flip.txt
    check "a flipped bit is reported" 0 "sht31: CRC error in the temperature word" "${sht[@]}" --record flip.mcap \
        --fault flip.txt --verbose
    is "once" "$(grep -c "^\[.*CRC error" output)" 1
    mv came undisturbed
    answers flip.mcap > came
    is "only that answer is another" "$(diff undisturbed came | grep -c '^[<>]')" 2
    is "its words, and one of them invalid" "$(tr -d '\n' < came | perl -e "my \$n = 0; $valid")" 23
    is "samples that came of the others" "$(grep -cF ',/iio/sht31.temp,' sht.csv)" 13
    check "its replay" 0 "equal" "$axiom" replay flip.mcap
fi

if have_shared boards/bcm2712-rpi-5-b.dtb; then
    check "the firmware's own device tree" 0 "8 runs" "$axiom" run --quiet "$source_dir/examples/button_led/button.csv" \
        --bind button=gpio/chip0/26 --bpf "$examples/button_led.bpf.o" --board "$shared/boards/bcm2712-rpi-5-b.dtb"
fi
finish
