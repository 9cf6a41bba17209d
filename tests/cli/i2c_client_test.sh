#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The requests that a real master made of an MCP23017 (shared/traces), made again by a client in the kernel, against the
# recording of what the chip answered; and clients that deviate.
. "$(dirname "$0")/lib.sh"
client=$build/tests/cli/axiom_with_i2c_client
have_shared traces/sigrok_mcp23017_i2c/mcp23017_counter_init_ab_write_read.sr || { echo "1..0"; exit 77; }
sr=$shared/traces/sigrok_mcp23017_i2c/mcp23017_counter_init_ab_write_read.sr
bus=i2c:scl=SCL,sda=SDA,name=bus
"$axiom" trace export "$sr" capture.csv --trace-option $bus > /dev/null
grep '^# .*,bus,' capture.csv > transactions
# A write and the read behind its repeated START are one transaction; the two directions of the 170 are 254.
is "transactions in the capture" "$(wc -l < transactions) $(grep -o '[ ][wr][0-9a-f]*' transactions | wc -l)" "170 254"

# requests: us, written, read, bytes; of a line "# 23823000,bus,0x20 w1401fe" or "... w12 r01fe".
requests() {
    awk -F, '{ n = split($3, part, " "); w = r = ""
        for (i = 2; i <= n; i++) if (part[i] ~ /^w/) w = substr(part[i], 2); else r = substr(part[i], 2)
        sub("!", "", w); sub("!", "", r)
        printf "%d %d %d", substr($1, 3) / 1000, length(w) / 2, length(r) / 2
        for (i = 1; i < length(w); i += 2) printf " 0x%s", substr(w, i, 2); printf "\n" }' "$1"
}
board() { # NAME REQUESTS: a board with the recording's device and a client at its address's side
    cp "$build/boards/sim-rpi5.dtb" "$1"
    local parent
    parent=$(fdtget "$1" /aliases i2c1)
    fdtput -c "$1" "$parent/expander@20" && fdtput -t s "$1" "$parent/expander@20" compatible axiom,i2c-recorded
    fdtput -t s "$1" "$parent/expander@20" label expander && fdtput -t x "$1" "$parent/expander@20" reg 20
    fdtput -c "$1" "$parent/client" && fdtput -t s "$1" "$parent/client" compatible axiom,test-i2c-client
    fdtput -t x "$1" "$parent/client" reg 20 && fdtput -t i "$1" "$parent/client" start-ms 1003
    # shellcheck disable=SC2046
    fdtput -t i "$1" "$parent/client" requests $(cat "$2")
}
run=("$client" run "$sr" --trace-option $bus --bind bus=iio/expander --verbose)
requests transactions > requests.txt
board same.dtb requests.txt
check "the same client" 0 "170 inputs" "${run[@]}" --board same.dtb --record same.mcap
is "deviates nowhere" "$(grep -c 'transaction [0-9]*' output)" 0
is "made all requests" "$(grep -c 'i2c client: 170 requests made' output)" 1
# What the kernel's client saw is what crossed the real bus.
"$axiom" trace export same.mcap same.csv > /dev/null
grep -o '^# [0-9]*,/kernel/i2c/1,0x20 .*' same.csv | cut -d, -f3 > came
cut -d, -f3 transactions > wanted
is "the bus says the same" "$(cmp came wanted 2>&1)" ""
check "its replay" 0 "equal" "$client" replay same.mcap

# The fifth request writes another byte; the tenth reads one byte less; one is left out.
awk 'NR == 5 { $NF = "0x77" } { print }' requests.txt > wrong.txt
board wrong.dtb wrong.txt
check "a wrong byte" 0 "" "${run[@]}" --board wrong.dtb --record wrong.mcap
at=$(sed -n 5p transactions | sed 's/# \([0-9]*\),.*/\1/')
is "is told once" "$(grep -c '^\[.*the client writes' output)" 1
is "with its number, time and bytes" "$(grep -oE 'transaction 5, recorded at [0-9.]+ s: the client writes 0x77, the recording has 0x[0-9a-f]+' output | head -1 | sed 's/recorded at [0-9.]* s/recorded/')" \
    "transaction 5, recorded: the client writes 0x77, the recording has 0x$(sed -n 5p transactions | grep -oE '..$')"
told=$(grep -oE 'recorded at [0-9.]+' output | head -1 | awk '{ printf "%d", $3 * 1000000000 }')
is "the time is that of the transaction in the capture" "$((told < at && at - told < 1000000))" 1
awk 'NR == 10 { $3 = $3 - 1 } { print }' requests.txt > short.txt
board short.dtb short.txt
check "a short read" 0 "transaction 10, recorded at .*reads fewer bytes; their number and the recorded one: 0x01, the recording has 0x02" "${run[@]}" --board short.dtb --record short.mcap
sed 7d requests.txt > missing.txt
board missing.dtb missing.txt
check "a request left out" 0 "transaction 7, recorded at " "${run[@]}" --board missing.dtb --record missing.mcap
finish
