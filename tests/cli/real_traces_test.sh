#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Recordings of real devices, and what outsiders know of them (shared/traces/README.md).
. "$(dirname "$0")/lib.sh"

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
        --bpf "$examples/lidar.bpf.o" --expect lidar.txt
fi

if have_shared traces/st_lsm6dsv320x_serve/serve.csv; then
    csv=$shared/traces/st_lsm6dsv320x_serve/serve.csv
    check "an IMU at 480 Hz" 0 "36,812 inputs" "$axiom" run --quiet "$csv" --trace-option rate=480 --bind imu=iio/imu0 \
        --record imu.mcap
    check "exported" 0 "" "$axiom" trace export imu.mcap imu.csv
    # What came through FIFO and interrupt, in order, against the recording's own columns: mg in multiples of 0.488.
    grep -a ',/iio/imu0.accel_x,' imu.csv | cut -d, -f3 | tail -36812 |
        awk '{ printf "%d\n", ($1 / 9.80665 * 1000 / 0.488) + ($1 < 0 ? -0.5 : 0.5) }' > came
    awk -F, 'NR > 1 { printf "%d\n", ($1 / 0.488) + ($1 < 0 ? -0.5 : 0.5) }' "$csv" > recorded
    is "samples that came" "$(wc -l < came)" "$(wc -l < recorded)"
    is "each once, in order, scaled right" "$(cmp came recorded 2>&1)" ""
fi

if have_shared traces/px4_sample/sample.ulg; then
    check "a flight controller's IMU" 0 "17,070 inputs" "$axiom" run --quiet "$shared/traces/px4_sample/sample.ulg" \
        --bind sensor_combined=iio/imu0 --record px4.mcap
    check "its gaps are told" 0 "4 gaps" "$axiom" trace info "$shared/traces/px4_sample/sample.ulg"
fi

if have_shared traces/sigrok_sht31_i2c/sensirion_sht31_25rh_28rh.sr; then
    sr=$shared/traces/sigrok_sht31_i2c/sensirion_sht31_25rh_28rh.sr
    sht=("$axiom" run --quiet "$sr" --trace-option i2c:scl=2,sda=1,name=bus --bind bus=iio/sht31)
    check "a bus capture's answers" 0 "12 inputs" "${sht[@]}" --record sht.mcap
    check "its replay" 0 "equal" "$axiom" replay sht.mcap
fi

if have_shared boards/bcm2712-rpi-5-b.dtb; then
    check "the firmware's own device tree" 0 "8 runs" "$axiom" run --quiet "$source_dir/examples/button_led/button.csv" \
        --bind button=gpio/chip0/26 --bpf "$examples/button_led.bpf.o" --board "$shared/boards/bcm2712-rpi-5-b.dtb"
fi
finish
