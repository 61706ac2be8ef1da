#!/usr/bin/env bash
# What is deployed: units are as tight as they say, configurations are known to their daemons, alerts fire.
set -eu
bin=$1
cd "$(dirname "$0")/../../deploy"

for room in identity otp dossier payment notification audit print partner support gateway smsworker scanworker; do
    "$bin/motcua-$room" -c etc/$room.yaml --config >/dev/null
done
for config in etc/smsworker-*.yaml; do
    "$bin/motcua-smsworker" -c "$config" --config >/dev/null
done

if command -v systemd-analyze >/dev/null; then
    systemd-analyze security --offline=yes --threshold=15 systemd/motcua@.service >/dev/null
else
    echo "systemd-analyze is not here: the unit's exposure is not measured"
fi

if command -v promtool >/dev/null; then
    promtool check rules prometheus/motcua.rules.yml prometheus/motcua.recording.yml >/dev/null
    (cd prometheus && promtool check config prometheus.yml >/dev/null)
    promtool test rules prometheus/motcua.rules.test.yml >/dev/null
else
    echo "promtool is not here: the alert rules are not tried"
fi

# Every alert is tried, and has a page that says what to do; no page is for nothing.
for alert in $(grep -oP '(?<=- alert: )\w+' prometheus/motcua.rules.yml); do
    grep -q "alertname: $alert" prometheus/motcua.rules.test.yml || { echo "$alert is not tried"; exit 1; }
done
for page in $(grep -oP '(?<=runbook: )\S+' prometheus/motcua.rules.yml); do
    [ -s "$page" ] || { echo "$page is missing"; exit 1; }
done
for page in runbooks/*.md; do
    grep -q "runbook: $page" prometheus/motcua.rules.yml || { echo "$page: no alert leads here"; exit 1; }
done

# What is installed is what the units start.
to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
DESTDIR=$to cmake --install "$bin/.." --prefix /usr >/dev/null
for room in $(grep -ohP '(?<=motcua@)[a-z]+(?=\.service)' systemd/motcua.target); do
    [ -x "$to/usr/lib/motcua/motcua-$room" ] || { echo "motcua-$room is not installed"; exit 1; }
    [ -s "$to/usr/share/motcua/etc/$room.yaml" ] || { echo "$room.yaml is not installed"; exit 1; }
done
"$to/usr/bin/motcuactl" --version >/dev/null
bash -n "$to/usr/share/bash-completion/completions/motcuactl"
grep -q '^\.TH MOTCUACTL 1' "$to/usr/share/man/man1/motcuactl.1"
