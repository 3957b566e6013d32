#!/bin/bash
# Compiles the library and the unit tests for 64-bit ARM, without a warning, in
# a Debian root with the cross compiler and that architecture's PostgreSQL
# headers and OpenBLAS, and runs the unit tests, whose kernels there are the
# portable ones, under qemu.
#
# The CPUs are one without SVE, OpenBLAS's kernels being others then, and those
# with the widest SVE that are sold.  Not qemu's "max", whose vectors of 2048
# bits no machine has: spotrf() of OpenBLAS 0.3.29 is wrong with them, and right
# on the same CPU with 128 bits or with OPENBLAS_CORETYPE=ARMV8.
set -euo pipefail

script=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../script" && pwd)
# shellcheck source=script/server.sh
. "$script/server.sh"
# shellcheck source=script/roots.sh
. "$script/roots.sh"

# PostgreSQL's headers and makefiles for ARM are unpacked below /arm; a
# pg_config that can run here finds them there.
# shellcheck disable=SC2016 # expanded in the root
commands='
	set -e
	export DEBIAN_FRONTEND=noninteractive
	dpkg --add-architecture arm64
	apt-get -q update
	apt-get -q -y install --no-install-recommends make gcc-aarch64-linux-gnu \
		libc6-dev-arm64-cross libopenblas-serial-dev:arm64 qemu-user-static \
		postgresql-server-dev-all
	version=$(pg_config --version | sed -E "s/^PostgreSQL ([0-9]+).*/\1/")

	mkdir /arm
	cd /arm
	apt-get -q download "postgresql-server-dev-$version:arm64" "postgresql-client-$version:arm64"
	for package in *.deb; do
		dpkg -x "$package" .
	done
	printf "%s\n" "#!/bin/sh" "pg_config \"\$@\" | sed s,^/usr,/arm/usr," >pg_config
	chmod +x pg_config

	cd /srv/recsys
	settings="CC=aarch64-linux-gnu-gcc BLAS_DIR=/usr/lib/aarch64-linux-gnu/openblas-serial"
	make -s PG_CONFIG=/arm/pg_config clean
	make -s -j "$(nproc)" PG_CONFIG=/arm/pg_config WERROR=1 with_llvm=no $settings all
	aarch64-linux-gnu-objdump -f recsys.so | grep -q aarch64
	echo "recsys.so for PostgreSQL $version is made"

	cd test/unit
	make -s clean
	settings="$settings KERNELS="
	make -s -j "$(nproc)" $settings all CFLAGS="-std=gnu99 -O2 -Wall -Wextra -Werror -I../../src"
	for cpu in cortex-a72 neoverse-v1 a64fx; do
		make -s $settings RUN="qemu-aarch64-static -cpu $cpu -L /" run
	done
'

open_root trixie
mkdir -p "$root_folder/srv/recsys"
cp -a "$repository/." "$root_folder/srv/recsys/"
in_root bash -c "$commands"
echo "compiled for aarch64, $(grep -ac '^ok - ' "$root_log") unit tests passed under qemu"
