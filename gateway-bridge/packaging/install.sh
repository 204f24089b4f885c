#!/bin/sh
# Installs a release of Gatehouse on Debian 12 or 13, amd64 or arm64. Lies in the release's folder, beside manifest.json:
#
#   sudo sh install.sh --key gatehouse-release.pem             # the gateway
#   sudo sh install.sh --relay --key gatehouse-release.pem     # a relay, on a box of its own
#
# The key is the makers' public key, which you got from them on another way than this folder. Nothing of the release is used before
# its signature and its hash were found to be right. With DESTDIR set, files are put below that folder, and nothing is started.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=${DESTDIR:-}
key=
relay=
fail() {
  echo "install.sh: $*" >&2
  exit 1
}

while [ $# -gt 0 ]; do
  case "$1" in
    --key)
      [ $# -ge 2 ] || fail "--key needs a file"
      key=$2
      shift 2
      ;;
    --relay)
      relay=yes
      shift
      ;;
    *) fail "usage: sudo sh install.sh [--relay] --key gatehouse-release.pem" ;;
  esac
done
[ -n "$key" ] || fail "name the makers' public key: --key gatehouse-release.pem"
[ -f "$key" ] || fail "there is no $key"
[ -n "$root" ] || [ "$(id -u)" = 0 ] || fail "run it as root: sudo sh install.sh ..."
for program in openssl sha256sum tar base64 awk; do
  command -v "$program" >/dev/null || fail "$program is missing: apt install openssl coreutils tar mawk"
done

if [ -z "$root" ]; then
  # shellcheck source=/dev/null
  . /etc/os-release
  case "${ID:-} ${ID_LIKE:-}" in *debian*) ;; *) fail "this is not Debian" ;; esac
  case "${VERSION_ID:-}" in 12 | 13) ;; *) fail "Debian 12 and 13 are known, this is ${VERSION_ID:-another}" ;; esac
  command -v systemctl >/dev/null || fail "there is no systemd here"
fi
case "$(uname -m)" in
  x86_64) platform=linux-x64 ;;
  aarch64) platform=linux-arm64 ;;
  *) fail "there is no release for $(uname -m)" ;;
esac

install="$root/usr/lib/gatehouse"
[ ! -e "$install/current" ] || fail "Gatehouse is installed already: sudo gatehouse update apply --from $here"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What is checked is what is used: nobody may exchange it in between.
cp -- "$here/manifest.json" "$here/manifest.json.sig" "$work/"
id=$(openssl pkey -pubin -in "$key" -outform DER | sha256sum | cut -c1-16)
sed -n "s/^$id //p" "$work/manifest.json.sig" | head -n 1 | base64 -d >"$work/signature"
openssl pkeyutl -verify -rawin -pubin -inkey "$key" -sigfile "$work/signature" -in "$work/manifest.json" >/dev/null 2>&1 ||
  fail "the release is not signed by $key"

# The manifest's form is the makers' own, as it is signed: one field on each line.
field() { awk -F'"' -v name="$1" '$2 == name { sub(/^[^:]*: */, ""); gsub(/[",]/, ""); print; exit }' "$work/manifest.json"; }
file_field() {
  awk -F'"' -v platform="$platform" -v name="$1" '
    $2 == "platform" { mine = ($4 == platform) }
    mine && $2 == name { print $4; exit }' "$work/manifest.json"
}
version=$(field version)
archive=$(file_field name)
hash=$(file_field sha256)
expires=$(field expires)
case "$version" in *[!0-9.]* | '') fail "the manifest names no version" ;; esac
case "$archive" in */* | .* | '') fail "the manifest has no file for $platform" ;; esac
[ "$(date +%s)000" -lt "$expires" ] || fail "the release's manifest counts no more (or this box's clock is wrong)"

cp -- "$here/$archive" "$work/archive.tar.gz"
echo "$hash  $work/archive.tar.gz" | sha256sum --check --status || fail "$archive is not the file that was signed"

umask 022
mkdir -p "$install/versions/$version" "$root/usr/bin" "$root/etc/systemd/system"
tar -xzf "$work/archive.tar.gz" -C "$install/versions/$version" --no-same-owner --no-same-permissions
program=gatehouse units="gatehouse.service gatehouse-update.service gatehouse-update.timer" data=GATEHOUSE_DATA
if [ -n "$relay" ]; then program=gatehouse-relay units=gatehouse-relay.service data=GATEHOUSE_RELAY_DATA; fi
"$install/versions/$version/bin/gatehouse" version >/dev/null || fail "the program does not run on this box"
for unit in $units; do
  cp -- "$install/versions/$version/packaging/$unit" "$root/etc/systemd/system/$unit"
done
cat >"$root/usr/bin/$program" <<END
#!/bin/sh
$data=\${$data:-/var/lib/$program}
export $data
exec /usr/lib/gatehouse/current/bin/$program "\$@"
END
chmod 755 "$root/usr/bin/$program"

if [ -z "$root" ]; then
  getent passwd $program >/dev/null ||
    useradd --system --user-group --home-dir /var/lib/$program --no-create-home --shell /usr/sbin/nologin $program
  if [ -n "$relay" ]; then
    install -d -o $program -g $program -m 0700 /var/lib/$program
  elif getent group render >/dev/null; then
    # Graphics cards transcode, where there is one.
    usermod --append --groups render gatehouse
  fi
fi
# What was cut off before this can be run again: without `current`, nothing is installed.
for link in proven current; do ln -sfn "versions/$version" "$install/$link"; done
if [ -z "$root" ]; then systemctl daemon-reload; fi
if [ -n "$relay" ]; then
  echo "Gatehouse $version is installed. Next: sudo -u gatehouse-relay gatehouse-relay init --help"
  echo "Then: sudo systemctl enable --now gatehouse-relay.service"
  exit 0
fi
if [ -z "$root" ]; then systemctl enable --now gatehouse.service; fi
echo "Gatehouse $version is installed. Next: sudo gatehouse camera discover"
command -v bwrap >/dev/null && command -v ffmpeg >/dev/null ||
  echo "For viewers that cannot take your cameras' codecs: apt install ffmpeg bubblewrap"
