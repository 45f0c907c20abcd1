# shellcheck shell=bash disable=SC2154
# What the programs of the test cluster share: running things where the cluster runs, and its components as processes. To be sourced, with
# `dir` set to the folder of the cluster.
#
#   DIR/run/outer       of a cluster with a node: process id and start time of the `unshare` with which its namespaces end
#   DIR/run/space       the same of process 1 in them, as seen from here
#   DIR/run/cgroup      the name of its control groups, which no other cluster has, also not one that takes the number later
#   DIR/components/NAME the command that starts a component
#   DIR/run/NAME.pid    its process id and start time, as seen where it runs
#   DIR/logs/NAME.log   what it says

fail() {
  echo "$*" >&2
  exit 1
}

# When a process started, which tells it from a later one with its id. Empty for one that has ended.
start_time() {
  sed -nE 's/^[0-9]+ \(.*\) [^ZX] ([-0-9]+ ){18}([0-9]+) .*/\2/p' "/proc/$1/stat" 2>/dev/null || true
}

# Runs a command where the cluster runs: in its namespaces, if it has some.
inside() {
  local pid started
  if [ -e "$dir/run/space" ]; then
    read -r pid started <"$dir/run/space"
    [ "$(start_time "$pid")" = "$started" ] || fail "The cluster in $dir has ended."
    nsenter --target "$pid" --mount --net --pid --uts --ipc -- "$@"
  else
    "$@"
  fi
}

# Whether a component runs.
runs() {
  local pid started
  [ -e "$dir/run/$1.pid" ] || return 1
  read -r pid started <"$dir/run/$1.pid"
  # shellcheck disable=SC2016 # expanded there
  [ -n "$pid" ] && [ "$(inside bash -c "$(declare -f start_time)"'; start_time "$1"' start_time "$pid")" = "$started" ]
}

# signal NAME SIGNAL
signal() {
  local pid
  runs "$1" || fail "$1 does not run."
  read -r pid _ <"$dir/run/$1.pid"
  inside kill -s "$2" "$pid"
}

# Starts a component; it runs on by itself.
start() {
  if runs "$1"; then
    return
  fi
  # shellcheck disable=SC2016 # expanded there
  inside setsid --fork bash -c "$(declare -f start_time)"'
    exec </dev/null >>"$1/logs/$2.log" 2>&1
    # A lock or a pipe of whoever starts this must not live as long as the component.
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      [ "$fd" -le 2 ] || eval "exec $fd>&-"
    done
    echo "$$ $(start_time $$)" >"$1/run/$2.pid.new"
    mv "$1/run/$2.pid.new" "$1/run/$2.pid"
    exec "$1/components/$2"' start "$dir" "$1"
  until_so 30 "the start of $1" runs "$1"
}

# Ends a component, by force if it does not end when asked.
stop() {
  local end=$((SECONDS + 5))
  runs "$1" || return 0
  signal "$1" TERM || return 0
  while runs "$1"; do
    if [ "$SECONDS" -ge "$end" ]; then
      signal "$1" KILL || return 0
      end=$((SECONDS + 5))
    fi
    sleep 0.05
  done
}

# Asks the cluster, as its administrator, with nothing of whoever runs this.
admin() {
  KUBECACHEDIR=$dir/cache KUBERC=off inside kubectl --kubeconfig "$dir/kubeconfig" "$@"
}

# Whether the API server answers.
answers() {
  admin get --raw /readyz
}

# until_so SECONDS WHAT COMMAND...: waits until a command succeeds.
until_so() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || fail "Waited too long for $what; logs are in $dir/logs."
    sleep 0.05
  done
}

# Ends all that runs, and removes all but what tells about it: logs and the audit log.
take_down() {
  local name pid started
  if [ -e "$dir/run/outer" ]; then
    # Whatever runs in the namespaces ends with their process 1: pods, mounts, addresses and rules of the network with them.
    for name in outer space; do
      [ -e "$dir/run/$name" ] || continue
      read -r pid started <"$dir/run/$name"
      [ "$(start_time "$pid")" != "$started" ] || kill -s KILL "$pid" 2>/dev/null || true
      until_so 30 "the end of the node's processes" ended "$pid" "$started"
    done
    rm -f "$dir/run/space"
    remove_cgroups
  else
    for name in kube-scheduler kube-controller-manager kube-apiserver etcd; do
      stop "$name"
    done
  fi
  find "$dir" -mindepth 1 -maxdepth 1 ! -name logs ! -name audit.log ! -name run ! -name lock -exec rm -rf {} +
  rm -rf "$dir/run"
}

# ended PID START-TIME
ended() {
  [ "$(start_time "$1")" != "$2" ]
}

# Control groups outlive processes.
remove_cgroups() {
  local name
  [ -e "$dir/run/cgroup" ] || return 0
  name=$(<"$dir/run/cgroup")
  until_so 10 "the removal of control groups" no_cgroups "$name"
}
no_cgroups() {
  find /sys/fs/cgroup -depth -type d \( -name "$1" -o -path "*/$1/*" \) -exec rmdir {} + 2>/dev/null || true
  [ -z "$(find /sys/fs/cgroup -type d -name "$1" -print -quit)" ]
}
