# Debian packages that building and testing need; sourced by t/run, .ci/run and
# conf/quickstart. A package is named with a file or program that it brings, so
# that a machine with its own builds of these is left alone.

# What a build needs, and what a private httpd and PostgreSQL need. apache2
# itself is not here and must never be: it opens port 80.
packages_needed() {
    command -v make     >/dev/null || echo make
    command -v cc       >/dev/null || command -v gcc >/dev/null || echo gcc
    [ -f /usr/include/stdio.h ]    || echo libc6-dev
    command -v perl     >/dev/null || echo perl
    command -v prove    >/dev/null || echo perl
    command -v autoconf >/dev/null || echo autoconf
    command -v automake >/dev/null || echo automake
    command -v libtoolize >/dev/null || echo libtool
    command -v pkg-config >/dev/null || echo pkg-config
    command -v apxs     >/dev/null || command -v apxs2 >/dev/null \
        || [ -x /usr/bin/apxs ]    || echo apache2-dev
    command -v apache2  >/dev/null || command -v httpd >/dev/null \
        || [ -x /usr/sbin/apache2 ] || echo apache2-bin
    pkg-config --exists jansson 2>/dev/null || echo libjansson-dev
    pkg-config --exists libpq 2>/dev/null   || echo libpq-dev
    [ -f /usr/include/unistr.h ] || [ -f /usr/local/include/unistr.h ] \
        || echo libunistring-dev
    [ -f /usr/include/crypt.h ] || echo libcrypt-dev
    [ -n "$(pg_bindir)" ] || echo postgresql
    case ${1-} in
        *clang*) command -v clang >/dev/null || echo clang ;;
    esac
    case ${1-} in
        *clang*asan*) ls /usr/lib/llvm-*/lib/clang/*/lib/linux/*asan-* \
            >/dev/null 2>&1 || clang_runtime ;;
    esac
    case ${1-} in
        *curl*) command -v curl >/dev/null || echo curl ;;
        *wrk*)  command -v wrk >/dev/null || echo wrk ;;
    esac
    case ${1-} in
        *browser*)
            command -v chromium >/dev/null || echo chromium
            command -v node >/dev/null || echo nodejs
            command -v npm >/dev/null || echo npm ;;
    esac
    case ${1-} in
        *browser*|*script*)
            command -v node >/dev/null || echo nodejs
            command -v curl >/dev/null || echo curl
            command -v jq >/dev/null || echo jq
            command -v shellcheck >/dev/null || echo shellcheck ;;
    esac
}

# Sanitizers and libFuzzer of the clang that is here, or that will be.
clang_runtime() {
    major=$(clang -dumpversion 2>/dev/null | cut -d. -f1)
    [ -n "$major" ] || major=$(apt-cache depends clang 2>/dev/null |
        sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
    echo "libclang-rt-${major:-14}-dev"
}

# The newest PostgreSQL server's programs; Debian keeps them out of PATH.
pg_bindir() {
    for dir in "${PG_BINDIR:-}" \
        $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5nr) \
        "$(pg_config --bindir 2>/dev/null)"; do
        if [ -n "$dir" ] && [ -x "$dir/initdb" ]; then
            echo "$dir"
            return
        fi
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

# Asks for sudo's password, if it has to, before all output goes to a log.
may_become_root() {
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }
}

# Installs what is missing and says so in one line. Of apt's own words only the
# reason of a failure is shown.
install_packages() {
    missing=$(packages_needed "$*" | sort -u | tr '\n' ' ')
    missing=${missing% }
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "${program:-$0}: please install what these Debian packages" \
            "bring: $missing" >&2
        return 1
    fi
    if ! may_become_root; then
        echo "${program:-$0}: Debian packages are missing ($missing): run" \
            "this as root or as a user with sudo" >&2
        return 1
    fi
    echo "Installing Debian packages: $missing"
    log=$(mktemp) || return 1
    # A server package makes and starts a cluster on port 5432 unless this
    # file, read by postgresql-common, was there before it.
    if ! {
        case $missing in *postgresql*)
            as_root mkdir -p /etc/postgresql-common/createcluster.d &&
            echo 'create_main_cluster = false' | as_root tee \
                /etc/postgresql-common/createcluster.d/mod_scim.conf ;;
        esac &&
        as_root env DEBIAN_FRONTEND=noninteractive sh -c '
            apt-get install -y --no-install-recommends "$@" ||
            { apt-get update &&
              apt-get install -y --no-install-recommends "$@"; }' \
            apt $missing
    } >"$log" 2>&1 </dev/null; then
        reason=$(grep -E '^(E|sudo|dpkg):' "$log" | tail -n 1)
        echo "${program:-$0}: apt-get could not install $missing:" \
            "${reason:-$(tail -n 1 "$log")}" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}
