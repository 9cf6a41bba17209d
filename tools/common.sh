# SPDX-License-Identifier: Apache-2.0 OR MIT
# What tools/run, tools/test and tools/bench share: packages, configuring, building. Sourced, never run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022

if [[ -t 1 ]]; then
    say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
else
    say() { printf '==> %s\n' "$*"; }
fi
die() { printf '%s\n' "$*" >&2; exit 2; }

# install_packages KIND...: what tools/packages lists for these and the machine lacks, after saying so.
install_packages() {
    local kinds missing=() kind package
    kinds=" $* "
    while read -r kind package _; do
        [[ $kind == \#* || -z $kind ]] && continue
        [[ $kinds == *" $kind "* ]] || continue
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' && continue
        # A program of the same use from elsewhere will do (a node that did not come from Debian).
        case $package in
        nodejs) command -v node >/dev/null && continue ;;
        npm) command -v npm >/dev/null && continue ;;
        esac
        missing+=("$package")
    done < tools/packages
    [[ ${#missing[@]} -eq 0 ]] && return 0
    if [[ ${NO_INSTALL:-0} == 1 ]]; then
        say "not installed, and left so (--no-install): ${missing[*]}"
        return 0
    fi
    local sudo=()
    if [[ $(id -u) != 0 ]]; then
        command -v sudo >/dev/null || die "missing packages: ${missing[*]}
Become root or install sudo, or install them yourself and call again with --no-install."
        sudo=(sudo)
    fi
    say "installing with apt: ${missing[*]}"
    "${sudo[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build PRESET [TARGET...]: configures where needed and builds.
build() {
    local preset=$1 started=$SECONDS
    shift
    say "building ($preset)"
    if [[ ! -f build/$preset/build.ninja ]]; then
        mkdir -p build
        cmake --preset "$preset" > "build/$preset-configure.log" 2>&1 || {
            cat "build/$preset-configure.log" >&2
            exit 2
        }
    fi
    NINJA_STATUS='[%f/%t] ' ninja -C "build/$preset" "$@" || exit 2
    printf '    %s s\n' $((SECONDS - started))
}
