#!/bin/bash
# Boots a node of the pool of the stack gpu. docs/howto/gpu.md says what happens here and what it leaves behind.
# Called as `boot leave`, it takes the node away: so do its units when engine or agent end for good.
set -Eeuo pipefail
umask 022

R=${LEANTO_ROOT:-}  # before every path: empty on AWS, a folder in tests and in AWS in a box
RUN=$R/run/leanto OPT=$R/opt/leanto LOG=$R/var/log/leanto-boot.log UNITS=$R/etc/systemd/system
CREDENTIALS=$R/run/credentials/leanto-agent.service
BUCKET='leanto-gpu-storage-pool-0123456'
MODEL=(78272d8d32084548bd450394a560eb2d70de8232ab96a725769b1f9171235c1c/DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf
)
IMDS=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}/latest
export AWS_DEFAULT_REGION='us-east-1' AWS_MAX_ATTEMPTS=5 AWS_PAGER='' AWS_CONFIG_FILE=$RUN/aws-config
uptime_ms() {
  local up _
  read -r up _ </proc/uptime
  echo $((10#${up/./} * 10))
}
mark() {
  local now
  now=$(uptime_ms)
  echo "$1 $((now - last))" >>"$RUN/phases"
  echo "$1: $((now - last)) ms"
  last=$now
}
text() { printf '{"S":"%s"}' "$1"; }
number() { printf '{"N":"%s"}' "$1"; }
write_item() {
  local names='' values='' set=''
  while (($#)); do
    names+=",\"#$1\":\"$1\"" values+=",\":$1\":$2" set+=",#$1=:$1"
    shift 2
  done
  timeout 60 aws dynamodb update-item --table-name 'leanto-gpu' \
    --key "{\"pk\":$(text NODES),\"sk\":$(text "$instance")}" --update-expression "SET ${set#,}" \
    --expression-attribute-names "{${names#,}}" --expression-attribute-values "{${values#,}}" \
    --return-values ALL_NEW --query Attributes.reason.S --output text
}
tell_booting() {
  local now
  now=$(date +%s)
  write_item state "$(text booting)" reason "$(text '')" phases '{"M":{}}' model "$(text 'deepseek-r1-distill-qwen-7b-q4_k_m')" \
    engine "$(text 'llama.cpp')" slots "$(number 4)" address "$(text "$address")" \
    instance_type "$(text "$type")" zone "$(text "$zone")" market "$(text "$market")" \
    started "$(number "$now")" heartbeat "$(number "$now")" expires "$(number $((now + 86400)))" >/dev/null ||
    give_up "the table did not take this node's entry"
}
leave() {
  trap - EXIT ERR
  trap '' USR1
  set +e
  local reason phases='' name ms now pid
  reason=$(tr -cd "[:alnum:] .,:;/()_=+@%'-" <<<"$1" | head -c 300)
  now=$(date +%s)
  { echo "leanto: $reason" >"$R/dev/console"; } 2>/dev/null
  for pid in "${pids[@]:1}"; do
    kill "$pid" $(pgrep -P "$pid")
  done 2>/dev/null
  wait
  while read -r name ms; do phases+=",\"$name\":$(number "$ms")"; done <"$RUN/phases"
  if [ -n "${instance:-}" ]; then
    write_item state "$(text failed)" reason "$(text "$reason")" phases "{\"M\":{${phases#,}}}" \
      heartbeat "$(number "$now")" expires "$(number $((now + 86400)))" >/dev/null
  fi
  go "$reason"
  exit 1
}
leave_by_unit() {
  set +e
  local reason=''
  instance=$(cat "$RUN/instance")
  systemctl is-failed --quiet leanto-engine.service && reason="the engine ended five times within ten minutes"
  timeout 150 systemctl stop leanto-agent.service leanto-engine.service
  if [ -z "$reason" ]; then
    reason=$(write_item state "$(text failed)")
    case $reason in '' | None) reason="the agent ended for good; the log in the bucket says why" ;; esac
  fi
  write_item state "$(text failed)" reason "$(text "$reason")" >/dev/null
  go "$reason"
}
go() {
  {
    echo "$1"
    date -u
    cat "$LOG"
    journalctl --no-pager --lines 200 --unit leanto-engine.service --unit leanto-agent.service
  } 2>&1 | timeout 60 aws s3 cp - "s3://$BUCKET/"'boot/'"${instance:-unknown}.txt"
  shutdown -h now
}
learn() {
  local token facts=() paths=(instance-id instance-type placement/availability-zone instance-life-cycle local-ipv4)
  token=$(curl -sSf -m 5 --retry 3 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$IMDS/api/token") ||
    leave "the metadata service gave no session token"
  mapfile -t facts < <(curl -sSf -m 5 --retry 3 -w '\n' -H @- "${paths[@]/#/"$IMDS/meta-data/"}" \
    <<<"X-aws-ec2-metadata-token: $token")
  instance=${facts[0]:-} type=${facts[1]:-} zone=${facts[2]:-} market=${facts[3]:-} address=${facts[4]:-}
  [ -n "$instance" ] && [ -n "$address" ] || leave "the metadata service does not say what this instance is"
  echo "$instance" >"$RUN/instance"
}
check_gpu() {
  local sizes size total=0
  sizes=$(timeout 60 nvidia-smi --query-gpu=memory.total --format=csv,noheader,nounits) ||
    leave "nvidia-smi finds no GPU"
  for size in $sizes; do
    [[ $size =~ ^[0-9]+$ ]] || leave "nvidia-smi does not tell how much memory the GPU has"
    total=$((total + size))
  done
  ((total >= 7794)) || leave "the GPU has $total MiB of memory, and the model takes 7794 MiB"
}
check_clock() {
  local told theirs off
  told=$(curl -sSI -m 10 --retry 3 "${AWS_ENDPOINT_URL:-https://s3.us-east-1.amazonaws.com}/$BUCKET" |
    sed -n 's/\r$//; s/^[Dd]ate: //p') || true
  [ -n "$told" ] || leave "S3 did not answer with its time"
  theirs=$(date -u -d "$told" +%s)
  off=$(($(date +%s) - theirs))
  if ((off < -10 || off > 10)); then
    date -u -s "@$theirs" >/dev/null || true
    leave "the clock was $off s off"
  fi
}
choose_disk() {
  local disk mounted=''
  DATA=$OPT/data
  disk=$(lsblk -dnpo NAME,MODEL | sed -n '/Amazon EC2 NVMe Instance Storage/{s/ .*//p;q}') || true
  if [ -n "$disk" ]; then
    mounted=$(lsblk -nrpo MOUNTPOINT "$disk" | sed -n '/./{p;q}')
    if [ -z "$mounted" ]; then
      mounted=$R/mnt/leanto
      mkdir -p "$mounted"
      if [ "$(lsblk -dno LABEL "$disk")" != leanto ]; then
        timeout 60 mkfs.ext4 -q -L leanto -E nodiscard "$disk" </dev/null || mounted=''
      fi
      [ -z "$mounted" ] || mount -o noatime,nodev,nosuid "$disk" "$mounted" || mounted=''
    fi
  fi
  if [ -n "$mounted" ]; then DATA=$mounted/leanto; else echo "no NVMe: the model lies on the root volume"; fi
  mkdir -p "$DATA/model"
}
check_space() {
  local free have
  free=$(df --output=avail -B1 "$DATA" | tail -n 1)
  have=$(du -sb "$DATA" | cut -f 1)
  ((free + have >= 13273007840)) ||
    leave "$((free / 1048576)) MiB are free, and model and engine take 12658 MiB"
}
spawn() {
  local what=$1
  shift
  (
    trap '[ $? = 0 ] || { [ -s "$RUN/reason" ] || echo "$what ended in an unforeseen way" >"$RUN/reason"; kill -USR1 $$; }' EXIT
    "$@"
  ) &
  pids+=($!)
}
collect() {
  local pid
  for pid in "${pids[@]}"; do wait "$pid" || leave "$(cat "$RUN/reason")"; done
}
give_up() {
  echo "$1" >"$RUN/reason"
  exit 1
}
holds() { [ -f "$1" ] && [[ $(openssl dgst -sha256 -r "$1") == "$2 "* ]]; }
fetch() {
  if holds "$3" "$2"; then return; fi
  timeout 900 aws s3 cp --only-show-errors "s3://$BUCKET/$1" "$3.part" 2>"$3.error" ||
    give_up "$1 could not be fetched: $(grep -v '^$' "$3.error" | tail -n 1)"
  if ! holds "$3.part" "$2"; then
    rm -f "$3.part"
    give_up "$1 has another sha256 than the deployment names"
  fi
  mv "$3.part" "$3"
  echo "fetched $1 by $(uptime_ms)"
}
get_agent() {
  fetch 'agent/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.zip' aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "$DATA/agent.zip"
  rm -rf "$OPT/agent"
  python3 -m zipfile -e "$DATA/agent.zip" "$OPT/agent" || give_up "the agent's archive cannot be opened"
  cd "$OPT/agent"
  python3 -c 'import runtime.node.__main__' || give_up "the agent does not run under $(python3 -V 2>&1)"
}
get_engine() {
  local image='' said='' known=$OPT/image-cccccccccccccccc
  systemctl start docker.service
  if [ -s "$known" ]; then image=$(identify "$(cat "$known")") || image=''; fi
  if [ -z "$image" ]; then
    fetch 'engines/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc.tar' cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc "$DATA/engine.tar"
    said=$(timeout 600 docker load --quiet --input "$DATA/engine.tar" 2>&1) ||
      give_up "docker could not load the engine's image: $(tail -n 1 <<<"$said")"
    image=$(identify "$(sed -n 's/^Loaded image\( ID\)*: //p' <<<"$said")") ||
      give_up "the engine's archive does not hold one image"
    echo "$image" >"$known"
    rm -f "$DATA/engine.tar"
  fi
  echo "the engine is" 'ghcr.io/ggml-org/llama.cpp:server-cuda-b11206@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb' "$image"
  echo "$image" >"$RUN/image"
}
identify() {
  local id
  id=$(docker image inspect --format '{{.Id}}' "$1") && [[ $id =~ ^sha256:[0-9a-f]{64}$ ]] && echo "$id"
}
make_keys() {
  openssl rand -hex 32 >"$RUN/engine-key"
  [[ $(<"$RUN/engine-key") =~ ^[0-9a-f]{64}$ ]] ||
    leave "openssl made no key for the engine, which would serve everybody without one"
  chmod 0444 "$RUN/engine-key"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$instance" \
    -keyout "$RUN/tls.key" -out "$RUN/tls.crt" 2>/dev/null || leave "openssl made no certificate"
}
unit() { cat >"$UNITS/$1"; }
write_units() {
  local image memory docker python hardening seams='' name
  image=$(cat "$RUN/image") docker=$(command -v docker) python=$(command -v python3)
  memory=$(($(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) * 3 / 4))k
  for name in LEANTO_ROOT LEANTO_LISTEN LEANTO_LOOPBACK AWS_ENDPOINT_URL AWS_EC2_METADATA_SERVICE_ENDPOINT; do
    [ -z "${!name:-}" ] || seams+="Environment=$name=${!name}"$'\n'
  done
  [ "$0" -ef "$OPT/boot" ] || install -m 0700 "$0" "$OPT/boot"
  hardening='NoNewPrivileges=yes
CapabilityBoundingSet=
UMask=0077
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
'
  cat >"$RUN/agent.json" <<END
{
  "table": "leanto-gpu",
  "region": "us-east-1",
  "model": "deepseek-r1-distill-qwen-7b-q4_k_m",
  "engine": "llama.cpp",
  "engine_url": "http://${LEANTO_LOOPBACK:-127.0.0.1}:8080",
  "engine_key_file": "$CREDENTIALS/engine-key",
  "engine_restart_file": "$R/run/leanto-agent/restart-engine",
  "certificate_file": "$CREDENTIALS/tls.crt",
  "key_file": "$CREDENTIALS/tls.key",
  "phases_file": "$CREDENTIALS/phases",
  "address": "$address",
  "listen": "${LEANTO_LISTEN:-0.0.0.0}",
  "port": 8443,
  "slots": 4,
  "queue_per_slot": 1,
  "drain_seconds": 120,
  "spot_drain_seconds": 90
}
END
  unit leanto.slice <<END
[Unit]
Description=leanto: what is kept from all networks
[Slice]
IPAddressDeny=any
IPAddressAllow=localhost
END
  unit leanto-engine.service <<END
[Unit]
Description=leanto: the model server
Wants=docker.service
After=docker.service
OnFailure=leanto-leave.service
StartLimitIntervalSec=600
StartLimitBurst=5
[Service]
Type=exec
Slice=leanto.slice
ExecStartPre=-$docker rm --force leanto-engine
ExecStart=$docker run --rm --name leanto-engine --cgroup-parent leanto.slice --network host --gpus all \
  --read-only --tmpfs /tmp:rw,nosuid,nodev,noexec,size=1g --env HOME=/tmp --cap-drop ALL --security-opt no-new-privileges \
  --user 10001:10001 --pids-limit 512 --memory $memory --memory-swap $memory --log-driver none --no-healthcheck \
  --mount type=bind,source=$DATA/model,target=/models,readonly \
  --mount type=bind,source=$RUN/engine-key,target=/run/engine-key,readonly \
  $image --model /models/DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf --alias deepseek-r1-distill-qwen-7b-q4_k_m --host ${LEANTO_LOOPBACK:-127.0.0.1} \
  --port 8080 --api-key-file /run/engine-key --ctx-size 32768 \
  --parallel 4 --no-kv-unified --n-gpu-layers all --fit off --flash-attn auto --cache-ram 1024 --metrics \
  --no-slots --no-ui --offline --timeout 600 --sse-ping-interval 15 --threads 4 --cors-origins localhost \
  --no-cors-credentials
ExecStop=-$docker stop -t 12 leanto-engine
TimeoutStopSec=20
Restart=always
RestartSec=1
${hardening}PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
END
  unit leanto-agent.service <<END
[Unit]
Description=leanto: the node agent
After=leanto-engine.service
OnFailure=leanto-leave.service
StartLimitIntervalSec=600
StartLimitBurst=4
[Service]
Type=exec
ExecStart=$python -m runtime.node $CREDENTIALS/agent.json
Environment=PYTHONPATH=$OPT/agent
Environment=PYTHONDONTWRITEBYTECODE=1
${seams}LoadCredential=agent.json:$RUN/agent.json
LoadCredential=engine-key:$RUN/engine-key
LoadCredential=tls.crt:$RUN/tls.crt
LoadCredential=tls.key:$RUN/tls.key
LoadCredential=phases:$RUN/phases
RuntimeDirectory=leanto-agent
Restart=on-failure
RestartSec=1
RestartPreventExitStatus=2 3
TimeoutStopSec=130
DynamicUser=yes
MemoryMax=512M
TasksMax=64
LimitNOFILE=65536
OOMScoreAdjust=-500
${hardening}PrivateUsers=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
END
  unit leanto-engine-restart.path <<END
[Unit]
Description=leanto: the agent's wish for another engine
[Path]
PathModified=$R/run/leanto-agent/restart-engine
END
  unit leanto-engine-restart.service <<END
[Unit]
Description=leanto: another engine, as the agent wishes
[Service]
Type=oneshot
ExecStart=$(command -v systemctl) restart leanto-engine.service
END
  unit leanto-leave.service <<END
[Unit]
Description=leanto: say why this node goes, and go
FailureAction=poweroff
[Service]
Type=oneshot
${seams}ExecStart=/bin/bash $OPT/boot leave
TimeoutStartSec=300
END
  unit leanto-boot.service <<END
[Unit]
Description=leanto: boot again after a restart
Wants=network-online.target
After=network-online.target docker.service
OnFailure=leanto-leave.service
[Service]
Type=oneshot
${seams}ExecStart=/bin/bash $OPT/boot
TimeoutStartSec=1800
[Install]
WantedBy=multi-user.target
END
}
pids=() at=0
trap 'at=$LINENO' ERR
trap 'leave "the boot script ended in an unforeseen way, near line $at"' EXIT
trap 'leave "$(cat "$RUN/reason")"' USR1
install -d -m 0755 "$OPT" "$UNITS" "${LOG%/*}"
install -d -m 0700 "$RUN"
exec >>"$LOG" 2>&1
if [ "${1:-}" = leave ]; then
  trap - EXIT ERR USR1
  leave_by_unit
  exit 0
fi
rm -f "$RUN"/{phases,reason,image}
last=$(uptime_ms)
if ((last < 600000)); then echo "system $last" >"$RUN/phases"; fi
printf '%s\n' '[default]' 's3 =' '  preferred_transfer_client = crt' '  max_concurrent_requests = 20' >"$AWS_CONFIG_FILE"
learn
spawn 'the entry in the table' tell_booting
mark facts
check_gpu
check_clock
mark checks
choose_disk
check_space
mark disk
spawn 'the agent' get_agent
spawn 'the engine' get_engine
for file in "${MODEL[@]}"; do
  spawn 'the model' fetch "models/$file" "${file%%/*}" "$DATA/model/${file#*/}"
done
make_keys
collect
mark artefacts
write_units
systemctl daemon-reload
systemctl enable leanto-boot.service
mark units
systemctl start leanto-engine.service leanto-engine-restart.path leanto-agent.service ||
  leave "systemd did not start engine and agent"
trap - EXIT ERR USR1
echo "booted; the agent says when the node serves"
