# Sourced by up, down and bounce: processes that are known by pid and start time, so that a pid which the kernel has
# given to somebody else since is never signalled. STATE_DIR/pids has one line each: name, pid, start time.
# shellcheck shell=bash

# Field 22 of /proc/PID/stat, counted after the parenthesised name, which may hold blanks.
start_time() { awk '{sub(/^.*\) /, ""); print $20}' "/proc/$1/stat" 2>/dev/null; }

# is_running PID START_TIME
is_running() {
  [ -n "$2" ] && [ "$(start_time "$1")" = "$2" ] &&
    [ "$(awk '{sub(/^.*\) /, ""); print $1}' "/proc/$1/stat" 2>/dev/null)" != Z ]
}

# launch NAME COMMAND…: starts it in a session of its own and sets $launched to its pid.
launch() {
  local name=$1
  shift
  printf '%q ' "$@" > "$state/log/$name.command"
  setsid "$@" </dev/null >>"$state/log/$name.log" 2>&1 &
  launched=$!
  disown "$launched"
}

# stop PID START_TIME [SECONDS]: TERM, then KILL after that many seconds (default 20).
stop() {
  is_running "$1" "$2" || return 0
  kill -TERM "$1" 2>/dev/null
  for _ in $(seq $((${3:-20} * 20))); do
    is_running "$1" "$2" || return 0
    sleep 0.05
  done
  kill -KILL "$1" 2>/dev/null
}

# admin CURL_ARGUMENT… PATH: a request to the API server as its administrator.
admin() {
  local path=${*: -1}
  curl -s --max-time 2 --cacert "$state/ca.crt" --cert "$state/admin.crt" --key "$state/admin.key" \
    "${@:1:$#-1}" "$(cat "$state/server")$path"
}
