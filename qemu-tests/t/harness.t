#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The harness itself: what counts as passed, failed and skipped, and that a test
# that hangs is killed with its children.
cd "$(dirname "$0")/../harness" || exit 1

here=$PWD
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
count=0

# t NAME EXPECTED SCRIPT: a test file with this text makes prove end so
t() {
	local name=$1 expected=$2 got
	printf '#!/bin/bash\n%s\n' "$3" > "$log/file"
	chmod +x "$log/file"
	printf '#!/bin/sh\nexec "%s/run-test" "harness-%s" "" "%s"\n' "$here" "$$" "$log/file" > "$log/one.t"
	got=$(PERL5LIB=$here prove --harness Counted --exec sh "$log/one.t" 2>&1 | tail -n 1)
	count=$((count + 1))
	if [ "$got" = "$expected" ]; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		echo "# got '$got', expected '$expected'"
	fi
	rm -f "../../build/t/harness-$$.log"
}

mkdir -p ../../build/t
t "all good" "2 passed, 0 failed" 'echo 1..2; echo ok 1; echo ok 2'
t "a skipped check has not passed" "1 passed, 0 failed, 1 skipped" \
	'echo 1..2; echo ok 1; echo "ok 2 - x # SKIP no such thing"'
t "a skipped file" "0 passed, 0 failed, 1 skipped" 'echo "1..0 # SKIP not here"'
t "a failed check" "1 passed, 1 failed" 'echo 1..2; echo ok 1; echo not ok 2; exit 1'
t "a bad status" "1 passed, 1 failed" 'echo 1..1; echo ok 1; exit 3'
t "no plan" "1 passed, 1 failed" 'echo ok 1'
t "a plan that is not kept" "1 passed, 1 failed" 'echo 1..3; echo ok 1'
t "no output" "0 passed, 1 failed" 'true'
t "killed" "1 passed, 1 failed" 'echo 1..1; echo ok 1; kill -9 $$'
t "bails out" "1 passed, 1 failed" 'echo 1..2; echo ok 1; echo "Bail out! no way"; exit 1'

mark=$((RANDOM + 100000))
t "hangs" "1 passed, 1 failed" "# timeout: 2
echo 1..2; echo ok 1; sleep $mark & sleep $mark"
count=$((count + 1))
if pgrep -f "sleep $mark" > /dev/null; then
	echo "not ok $count - its children are gone"
else
	echo "ok $count - its children are gone"
fi
echo "1..$count"
