# shellcheck shell=bash disable=SC2154
# Writes what the components of a cluster are started with: keys, kubeconfigs, configuration, commands. To be sourced by `up`, which sets
#
#   dir bin node                     the cluster's folder, its programs, whether it has a node
#   address port_api port_etcd port_peer   where it listens
#   services pods                    the first three numbers of Services' addresses; the network of pods

write_parts() {
  write_keys
  : >"$dir/pki/tokens"
  write_kubeconfig "$dir/kubeconfig" admin system:masters
  write_kubeconfig "$dir/pki/controller-manager" system:kube-controller-manager
  write_kubeconfig "$dir/pki/scheduler" system:kube-scheduler
  write_control_plane
  if [ "$node" = yes ]; then
    write_kubeconfig "$dir/pki/kubelet" system:node:node system:nodes
    write_kubeconfig "$dir/pki/proxy" system:kube-proxy
    write_containerd
    write_kubelet
    write_proxy
  fi
}

# command_of NAME ARGUMENT...: how a component is started.
command_of() {
  local name=$1
  shift
  {
    echo '#!/bin/sh'
    echo 'unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY'
    printf 'exec'
    printf ' \\\n  %q' "$@"
    echo
  } >"$dir/components/$name"
  chmod +x "$dir/components/$name"
}

write_keys() {
  local pki=$dir/pki ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
  openssl req -x509 "${ec[@]}" -days 365 -subj /CN=test-cluster -keyout "$pki/ca.key" -out "$pki/ca.pem" 2>"$dir/logs/keys.log"
  leaf apiserver /CN=kube-apiserver "IP:127.0.0.1,IP:$address,IP:$services.1,DNS:localhost,DNS:kubernetes.default.svc"
  leaf kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client DNS:kube-apiserver
  openssl ecparam -name prime256v1 -genkey -noout -out "$pki/accounts.key"
  openssl ec -in "$pki/accounts.key" -pubout -out "$pki/accounts.pub" 2>>"$dir/logs/keys.log"
}

# leaf NAME SUBJECT ALTERNATIVES
leaf() {
  local pki=$dir/pki
  openssl req "${ec[@]}" -subj "$2" -keyout "$pki/$1.key" -out "$pki/$1.csr" 2>>"$dir/logs/keys.log"
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$3" >"$pki/$1.ext"
  openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.pem" -CAkey "$pki/ca.key" -CAcreateserial -days 365 -extfile "$pki/$1.ext" \
    -out "$pki/$1.pem" 2>>"$dir/logs/keys.log"
}

# write_kubeconfig FILE USER [GROUP]
write_kubeconfig() {
  local token
  token=$(openssl rand -hex 16)
  echo "$token,$2,$2,\"${3:-}\"" >>"$dir/pki/tokens"
  (
    umask 077
    cat >"$1" <<END
apiVersion: v1
kind: Config
clusters:
  - name: lamplighter
    cluster:
      server: https://$address:$port_api
      certificate-authority-data: $(base64 -w 0 "$dir/pki/ca.pem")
users:
  - name: $2
    user: {token: $token}
contexts:
  - name: lamplighter
    context: {cluster: lamplighter, user: $2}
current-context: lamplighter
END
  )
}

write_control_plane() {
  local etcd=http://127.0.0.1:$port_etcd peer=http://127.0.0.1:$port_peer bind=$address endpoints=none
  # Pods come to the address that the API server tells.
  [ "$node" = no ] || bind=0.0.0.0 endpoints=lease
  cat >"$dir/pki/audit.yaml" <<'END'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
END
  command_of etcd "$bin/etcd" --name default --data-dir "$dir/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls "$etcd" --advertise-client-urls "$etcd" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "default=$peer"
  command_of kube-apiserver "$bin/kube-apiserver" --etcd-servers "$etcd" \
    --bind-address "$bind" --advertise-address "$address" --secure-port "$port_api" --endpoint-reconciler-type $endpoints \
    --service-cluster-ip-range "$services.0/24" --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
    --tls-cert-file "$dir/pki/apiserver.pem" --tls-private-key-file "$dir/pki/apiserver.key" \
    --client-ca-file "$dir/pki/ca.pem" --token-auth-file "$dir/pki/tokens" \
    --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$dir/pki/accounts.pub" --service-account-signing-key-file "$dir/pki/accounts.key" \
    --kubelet-client-certificate "$dir/pki/kubelet-client.pem" --kubelet-client-key "$dir/pki/kubelet-client.key" \
    --kubelet-preferred-address-types InternalIP \
    --audit-policy-file "$dir/pki/audit.yaml" --audit-log-path "$dir/audit.log" --profiling=false
  command_of kube-controller-manager "$bin/kube-controller-manager" --kubeconfig "$dir/pki/controller-manager" \
    --authentication-kubeconfig "$dir/pki/controller-manager" --authorization-kubeconfig "$dir/pki/controller-manager" \
    --bind-address 127.0.0.1 --secure-port 0 --leader-elect=false --use-service-account-credentials=true \
    --service-account-private-key-file "$dir/pki/accounts.key" --root-ca-file "$dir/pki/ca.pem"
  command_of kube-scheduler "$bin/kube-scheduler" --kubeconfig "$dir/pki/scheduler" \
    --authentication-kubeconfig "$dir/pki/scheduler" --authorization-kubeconfig "$dir/pki/scheduler" \
    --bind-address 127.0.0.1 --secure-port 0 --leader-elect=false
}

write_containerd() {
  mkdir -p "$dir/cni"
  cat >"$dir/containerd.toml" <<END
version = 3
root = "$dir/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "localhost/pause:1"
[plugins."io.containerd.cri.v1.runtime"]
  disable_apparmor = true
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  cdi_spec_dirs = []
[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["$bin"]
  conf_dir = "$dir/cni"
  use_internal_loopback = true
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
  BinaryName = "$bin/runc"
  SystemdCgroup = false
END
  cat >"$dir/cni/pods.conflist" <<END
{"cniVersion": "1.0.0", "name": "pods", "plugins": [{"type": "ptp", "ipam": {"type": "host-local", "dataDir": "/run/cni",
  "ranges": [[{"subnet": "$pods"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
END
  command_of containerd "$bin/containerd" --config "$dir/containerd.toml"
}

write_kubelet() {
  : >"$dir/resolv.conf"
  cat >"$dir/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: false}
  x509: {clientCAFile: $dir/pki/ca.pem}
authorization: {mode: AlwaysAllow}
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /$(<"$dir/run/cgroup")
enforceNodeAllocatable: []
failSwapOn: false
makeIPTablesUtilChains: false
oomScoreAdj: 0
podLogsDir: $dir/logs/pods
resolvConf: $dir/resolv.conf
volumePluginDir: /run/lamplighter/plugins
# A machine on which somebody works is never empty enough.
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%"}
# How soon a mounted Secret follows.
syncFrequency: 5s
END
  # Sockets below have paths of at most 108 characters.
  command_of kubelet "$bin/kubelet" --config "$dir/kubelet.yaml" --kubeconfig "$dir/pki/kubelet" --root-dir /run/lamplighter/kubelet \
    --cert-dir /run/lamplighter/kubelet/pki --hostname-override node --node-ip "$address"
}

write_proxy() {
  command_of kube-proxy "$bin/kube-proxy" --kubeconfig "$dir/pki/proxy" --hostname-override node --proxy-mode iptables \
    --iptables-localhost-nodeports=false --oom-score-adj 0 \
    --conntrack-max-per-core 0 --conntrack-tcp-timeout-established 0 --conntrack-tcp-timeout-close-wait 0
}
