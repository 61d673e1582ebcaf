#!/bin/sh
# Keeps one program running: started again when it ends, at once the first time, then after 1, 2, 4 … 10 seconds; a
# run of ten seconds counts as good. Half a megabyte where a second Node would take thirty. Ends with SIGTERM, which it
# hands on. usage: supervise.sh PID-FILE OUTPUT-FILE NICENESS PROGRAM [ARGUMENT…]
pid_file=$1 output=$2 niceness=$3
shift 3
# Where the kernel shares time out among sessions (sched(7), autogroup), that of a process counts within its session only.
echo "$niceness" 2>/dev/null >/proc/self/autogroup
child='' pause=0
trap 'trap "" TERM; [ -n "$child" ] && kill -TERM "$child" 2>/dev/null; wait "$child"; rm -f "$pid_file"; exit 0' TERM INT
while :; do
  began=$(date +%s)
  # What a program prints besides its log (a crash) is kept for one earlier run.
  [ -s "$output" ] && mv -f "$output" "$output.previous"
  nice -n "$niceness" "$@" >"$output" 2>&1 </dev/null &
  child=$!
  echo "$child" >"$pid_file.new" && mv -f "$pid_file.new" "$pid_file"
  wait "$child"
  child=''
  if [ $(($(date +%s) - began)) -ge 10 ]; then pause=0; fi
  if [ "$pause" -gt 0 ]; then sleep "$pause" & child=$!; wait "$child"; child=''; fi
  pause=$((pause == 0 ? 1 : pause >= 8 ? 10 : pause * 2))
done
