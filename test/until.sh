# Sourced by the scripts that start processes: until_within SECONDS COMMAND... runs the
# command every fifth of a second until it succeeds, and fails when it has not in time.
until_within() {
	local seconds="$1"
	shift
	for _ in $(seq $((seconds * 5))); do
		if "$@"; then return; fi
		sleep 0.2
	done
	return 1
}
