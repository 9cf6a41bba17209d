#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Fetches the judge (npm ci, once; its versions are in package-lock.json), writes files, has them judged.
#
# usage: npm_test.sh SOURCE_FOLDER WORK_FOLDER MCAP_FILES_PROGRAM
set -u
source=$1 work=$2 program=$3
skip() { echo "skipped: $1"; exit 77; }
command -v node > /dev/null || skip "npm @mcap/core: node is not installed (Debian package nodejs)"
command -v npm > /dev/null || skip "npm @mcap/core: npm is not installed (Debian package npm)"
mkdir -p "$work/files" && cd "$work" || exit 1
if ! cmp -s "$source/package-lock.json" installed-lock.json || [[ ! -d node_modules ]]; then
    cp "$source/package.json" "$source/package-lock.json" .
    timeout 120 npm ci --no-audit --no-fund > npm.log 2>&1 || skip "npm @mcap/core: npm ci failed, see $work/npm.log"
    cp package-lock.json installed-lock.json
fi
cp "$source/judge.mjs" .
rm -f files/*
"$program" files && node judge.mjs files
