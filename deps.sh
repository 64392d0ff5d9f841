#!/bin/sh
# Installs the distribution's packages that Rollcast needs: deps.sh [build] [test] [lint] [fuzz] [system]
# [package], by default build. Says what it installs, asks for root only when something is missing, and does
# nothing else.
set -eu

# By group (system: for make check-systemd, check-fresh and check-package; package: for the last alone). a|b: either
# will do, distributions name them differently; a|none: better with it, not needed.
build='gcc libc6-dev make pkg-config|pkgconf libzmq3-dev libmsgpack-dev|libmsgpack-c-dev libyaml-dev
	libopenblas-dev libsystemd-dev libmicrohttpd-dev liblmdb-dev libxxhash-dev
	libncurses-dev libjs-dygraphs|none'
test='gnuplot-nox libcmocka-dev mount python3 python3-zmq python3-msgpack python3-pytest python3-hypothesis
	python3-pyte'
lint='clang-format clang-tidy cppcheck shellcheck systemd mandoc'
fuzz='clang libclang-rt-dev|libclang-rt-18-dev|none'
system='mmdebstrap systemd-container'
package='lintian'

# The same for distributions without apt.
build_modules='libzmq yaml-0.1 openblas libsystemd libmicrohttpd lmdb libxxhash ncursesw'
test_modules='cmocka'

die()
{
	echo "deps.sh: $*" >&2
	exit 1
}

# A plain check by pkg-config and command names, where there is no apt to ask.
check_without_apt()
{
	echo "deps.sh: no apt-get here; needed, by their Debian names: $wanted" >&2
	for tool in cc make pkg-config; do
		command -v $tool >/dev/null || die "$tool is missing"
	done
	for module in $modules; do
		pkg-config --exists "$module" || die "pkg-config does not find $module"
	done
	pkg-config --exists msgpack || pkg-config --exists msgpack-c ||
		die "pkg-config finds neither msgpack nor msgpack-c"
}

any_installed()
{
	for name in $(echo "$1" | tr '|' ' '); do
		case $installed in
		*" installed:$name "*) return 0 ;;
		esac
	done
	return 1
}

# The first of the alternatives that this distribution has.
pick()
{
	for name in $(echo "$1" | tr '|' ' '); do
		[ "$name" != none ] || return 0
		if [ -n "$(apt-cache madison "$name" 2>/dev/null)" ]; then
			echo "$name"
			return
		fi
	done
	die "this distribution has no package $1"
}

wanted=
modules=$build_modules
[ $# -gt 0 ] || set -- build
for group; do
	case $group in
	build) wanted="$wanted $build" ;;
	test) wanted="$wanted $test" modules="$modules $test_modules" ;;
	lint) wanted="$wanted $lint" ;;
	fuzz) wanted="$wanted $fuzz" ;;
	system) wanted="$wanted $system" ;;
	package) wanted="$wanted $package" ;;
	*) die "unknown group '$group'; there are build, test, lint, fuzz, system and package" ;;
	esac
done

if ! command -v apt-get >/dev/null; then
	check_without_apt
	exit
fi

# shellcheck disable=SC2046 # words on purpose
installed=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' $(echo "$wanted" | tr '|' ' ') \
	2>/dev/null || :)"
missing='' optional=''
for package in $wanted; do
	any_installed "$package" && continue
	case $package in
	*'|none') optional="$optional $package" ;;
	*) missing="$missing $package" ;;
	esac
done
# Nothing is asked of anybody for what this distribution does not have.
for package in $optional; do
	[ -z "$missing" ] && [ -z "$(apt-cache madison "${package%'|none'}" 2>/dev/null)" ] && continue
	missing="$missing $package"
done
[ -n "$missing" ] || exit 0

root=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || die "run it as root, or install these:$missing"
	root=sudo
fi
echo "deps.sh: installing$missing"
$root apt-get update -qq || echo "deps.sh: apt-get update failed; going on with the lists there are" >&2
packages=
for package in $missing; do
	name=$(pick "$package")
	packages="$packages $name"
done
# shellcheck disable=SC2086 # words on purpose
$root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages \
	>/dev/null || die "apt-get could not install:$packages"
