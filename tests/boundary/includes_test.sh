#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A wrong include does not compile. For each folder one of its own sources' compile command is taken and run on a file
# of one include line: what the folder may see must compile, what it may not must fail with "No such file".
#
# usage: includes_test.sh compile_commands.json SOURCE_DIR
set -u
commands=$1 source_dir=$2
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
bad=0 done_count=0

# command_of FOLDER_PREFIX: the compile command of the first C source below it.
command_of() {
    awk -v prefix="$source_dir/$1/" '
        /"command":/ { command = $0 }
        /"file":/ { if (index($0, "\"" prefix) && $0 ~ /\.c"/) { print command; exit } }' "$commands" |
        sed 's/^ *"command": "//; s/",$//; s/\\"/"/g'
}

directory_of_build=$(dirname "$commands")

# try FOLDER HEADER yes|no
try() {
    local folder=$1 header=$2 expected=$3 command output
    command=$(command_of "$folder")
    if [[ -z $command ]]; then
        echo "skipped: $folder has no source in this build"
        return
    fi
    printf '#include <%s>\n' "$header" > "$work/probe.c"
    # Drop -o X -c Y (and dependency files), compile the probe for its syntax only.
    command=$(sed -E 's/ -o [^ ]+//; s/ -c [^ ]+//; s/ -M[DTF]+( [^ ]+)?//g' <<< "$command")
    output=$(cd "$directory_of_build" && eval "$command" -fsyntax-only "$work/probe.c" 2>&1)
    local status=$?
    done_count=$((done_count + 1))
    if [[ $expected == yes && $status != 0 ]]; then
        echo "FAILED: $folder cannot include <$header>, but should:"; head -3 <<< "$output"; bad=1
    elif [[ $expected == no && $status == 0 ]]; then
        echo "FAILED: $folder can include <$header>, but must not"; bad=1
    elif [[ $expected == no && $output != *"No such file"* && $output != *"file not found"* ]]; then
        echo "FAILED: $folder with <$header> failed for another reason:"; head -3 <<< "$output"; bad=1
    fi
}

while read -r folder expected headers; do
    [[ -z $folder || $folder == \#* ]] && continue
    for header in $headers; do try "$folder" "$header" "$expected"; done
done <<'TABLE'
# folder      may  headers
base          yes  axiom/types.h axiom/event.h
base          no   stdio.h stdlib.h time.h hw/mmio.h arch/cpu.h core/gpio.h bpf/prog.h libfdt.h
bpf           yes  axiom/types.h axiom/bpf.h bpf/prog.h
bpf           no   stdio.h time.h hw/mmio.h arch/cpu.h core/gpio.h mcap/writer.h libfdt.h sim/machine.h
core          yes  axiom/types.h hw/mmio.h arch/cpu.h libfdt.h
core          no   stdio.h time.h sim/machine.h hw_models/model.h mcap/writer.h
drivers       yes  axiom/types.h hw/mmio.h core/gpio.h
drivers       no   stdio.h arch/cpu.h libfdt.h bpf/prog.h hw_models/model.h sim/machine.h mcap/writer.h
hw_models     yes  axiom/types.h hw_models/model.h hw/regs/rp1_gpio.h
hw_models     no   stdio.h hw/mmio.h core/gpio.h arch/cpu.h libfdt.h bpf/prog.h sim/machine.h
arch/sim      yes  axiom/types.h arch/entry.h
arch/sim      no   stdio.h time.h core/gpio.h bpf/prog.h hw_models/model.h
sim           yes  axiom/types.h hw_models/model.h
sim           no   stdio.h time.h core/gpio.h bpf/prog.h
traces/mcap   yes  axiom/types.h mcap/writer.h
traces/mcap   no   stdio.h time.h hw/mmio.h core/gpio.h bpf/prog.h zstd.h
TABLE

echo "$done_count include lines tried"
exit $bad
