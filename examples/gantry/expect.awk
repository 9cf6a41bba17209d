# Makes the expectation of a gantry run out of the oracle that the generator wrote from its physics. Run times are a second
# later than the trace's: the board boots first.
#   awk -f expect.awk gantry.oracle.txt > expect.txt
# Times have eleven digits: more than awk prints of a number by itself.
function after_boot(ns, more) { return sprintf("%.0f", ns + 1000000000 + more) }
$1 == "temperature_rises_ns" && !rise { rise = after_boot($2, 0); next }
$1 == "position" && $3 > x_seen { x_seen = $3 }
NF == 2 { is[$1] = $2 }
END {
    reached = is["soft_limit_x_reached_ns"]
    slack = is["edge_tolerance_ns"]
    print "# Every step once, and back where it began."
    print "count /bpf/run where program == step_x: == " is["x_steps"]
    print "count /bpf/run where program == step_y: == " is["y_steps"]
    print "last /bpf/map/position where key == 0: s64[0] == " is["x_final"] " and s64[1] == " is["y_final"]
    print "last /bpf/map/position where key == 0: s64[4] >= " x_seen
    print "# The soft limit trips at the step that crosses it, and stops everything at once and for good."
    # Kernel time is rounded down to ticks of 18.5 ns.
    print "last /bpf/map/position where key == 0: u64[6] >= " after_boot(reached, -19 - slack) \
          " and u64[6] <= " after_boot(reached, slack)
    print "count /interlock where action == stop: == 1"
    print "within 0ns after /interlock where action == stop: /gpio/chip0/22 where level == 0"
    print "within 0ns after /interlock where action == stop: /gpio/chip0/23 where level == 0"
    print "within 0ns after /interlock where action == stop: /pwm/chip0/0 where duty_ns == 0"
    print "never /pwm/chip0/0 where duty_ns > 0 after /interlock where action == stop"
    print "count /interlock where action == refused: >= 1"
    print "# Every sample of the IMU came through its FIFO, and the shocks among them were kept."
    print "last /bpf/map/vibration where key == 0: u64[0] == " is["imu_samples"] " and u64[1] == " is["vibration_samples_over"]
    print "# The spindle slows down when the motor is hot (measured once a second), and not before."
    print "count /pwm/chip0/0 where enabled == 1 and duty_ns < 800000 and time_ns < " rise ": == 0"
    print "count /pwm/chip0/0 where enabled == 1 and duty_ns < 800000 and time_ns < " after_boot(reached, 0) ": >= 1"
}
