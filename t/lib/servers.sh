# A private PostgreSQL and a private httpd in the folder $place; sourced by
# conf/quickstart, which sets $port and what its find_programs finds.

# The process that a pid file names, if it still is ours: after a reboot the
# number may be somebody else's. Our servers have WORD as an argument.
process_of() {
    pid=$(head -n 1 "$1" 2>/dev/null)
    case $pid in
        '' | *[!0-9]* | 0 | 1) return 1 ;;
    esac
    tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "$2"
}

postgres_runs() {
    process_of "$place/postgresql/postmaster.pid" "$place/postgresql"
}

httpd_runs() { process_of "$place/httpd.pid" "$place/httpd.conf"; }

as_database_owner() {
    if [ "$(id -u)" = 0 ]; then
        id postgres >/dev/null 2>&1 ||
            fail "there is no user postgres (Debian: postgresql)"
        setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
    else
        "$@"
    fi
}

make_owned_folder() {
    mkdir -p "$1" && chmod "$2" "$1" || fail "cannot make $1"
    [ "$(id -u)" != 0 ] || chown postgres: "$1"
}

# Only whoever runs this gets in as the superuser, by the name that the system
# vouches for; httpd comes with a password.
make_cluster() {
    data=$place/postgresql
    [ ! -f "$data/ready" ] || return 0
    rm -rf "$data"
    make_owned_folder "$data" 700
    as_database_owner "$postgres/initdb" -D "$data" -U postgres -E UTF8 \
        --locale=C --auth=peer >"$place/initdb.log" 2>&1 ||
        fail "initdb failed: $(last_words "$place/initdb.log")"
    cat >>"$data/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$place/run'
max_wal_size = 256MB
cluster_name = 'mod_scim quickstart'
END
    cat >"$data/pg_hba.conf" <<END
local all scim_httpd scram-sha-256
local all postgres   peer map=quickstart
END
    printf 'quickstart %s postgres\n' "$(id -un)" postgres \
        >"$data/pg_ident.conf"
    : >"$data/ready"
}

start_postgres() {
    postgres_runs && return
    make_cluster
    make_owned_folder "$place/run" 755
    # What a machine leaves that went down: other processes have these numbers.
    rm -f "$place/postgresql/postmaster.pid" "$place/run/".s.PGSQL.*
    log=$place/postgresql.log
    : >>"$log"
    [ "$(id -u)" != 0 ] || chown postgres: "$log"
    as_database_owner "$postgres/pg_ctl" -D "$place/postgresql" -l "$log" \
        -w -t 60 start >/dev/null 2>&1 9>&- ||
        fail "PostgreSQL does not start: $(last_words "$log") (see $log)"
}

stop_postgres() {
    if postgres_runs; then
        for how in fast immediate; do
            as_database_owner "$postgres/pg_ctl" -D "$place/postgresql" \
                -m "$how" -w -t 30 stop >/dev/null 2>&1 && break
        done
        ! postgres_runs || fail "PostgreSQL (process $pid) does not stop"
    fi
    rm -rf "$place/run"
}

check_port() {
    reason=$(perl -MIO::Socket::INET -e '
        IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1,
            LocalPort => shift, ReuseAddr => 1) or print "$!"' "$port")
    case $reason in
        '') ;;
        'Address already in use')
            fail "port $port is taken: choose another one with --port" ;;
        *) fail "port $port cannot be used: $reason (choose with --port)" ;;
    esac
}

load_modules() {
    for name in mpm_event authz_core unique_id reqtimeout log_config unixd \
        authn_core authn_file authz_user auth_basic deflate; do
        [ ! -f "$modules/mod_$name.so" ] ||
            say "LoadModule ${name}_module \"$modules/mod_$name.so\""
    done
    say "LoadModule scim_module \"$module\""
}

print_httpd_conf() {
    load_modules
    cat <<END
ServerRoot "$place"
ServerName 127.0.0.1
Listen 127.0.0.1:$port
StartServers 1
ServerLimit 4
ThreadsPerChild 25
MaxRequestWorkers 100
PidFile "$place/httpd.pid"
DefaultRuntimeDir "$place"
Mutex posixsem
ErrorLog "$place/httpd.log"
LogFormat "%t \"%r\" %>s %B %D %{scim-organization}n" requests
CustomLog "$place/requests.log" requests
DocumentRoot "$place/empty"
<Directory />
    Require all denied
</Directory>

ScimDatabase "$(database scim_httpd)"
ScimDatabasePasswordFile "$place/scim.password"
<Location /scim/v2>
    ScimService scim
</Location>
<Location /scim-admin>
    ScimService admin
    ScimConsole "$place/console"
    AuthType Basic
    AuthName "mod_scim"
    AuthUserFile "$place/logins"
    Require valid-user
</Location>
END
    [ "$(id -u)" != 0 ] || cat <<END
User $(httpd_user)
Group $(id -gn "$(httpd_user)")
END
}

httpd_user() { id -un www-data 2>/dev/null || say nobody; }

start_httpd() {
    # Copies: httpd's user may not get at the source.
    mkdir -p "$place/empty" "$place/console" &&
        cp "$source"/mod_scim/console/* "$place/console/" &&
        chmod -R a+rX "$place/console" &&
        print_httpd_conf >"$place/httpd.conf.new" ||
        fail "cannot write to $place"
    if httpd_runs && cmp -s "$place/httpd.conf.new" "$place/httpd.conf" &&
        [ "$place/httpd.pid" -nt "$module" ]; then
        return
    fi
    stop_httpd
    check_port
    mv "$place/httpd.conf.new" "$place/httpd.conf"
    run_httpd -t || fail "httpd refuses its configuration: $words"
    run_httpd -k start || fail "httpd does not start: $words"
    tries=0
    until httpd_runs && is_answering; do
        tries=$((tries + 1))
        [ "$tries" -lt 50 ] ||
            fail "httpd does not start: $(last_words "$place/httpd.log")"
        sleep 0.2
    done
}

# What httpd says about a wrong configuration takes two or three lines.
run_httpd() {
    words=$("$httpd" -d "$place" -f "$place/httpd.conf" "$@" 2>&1 9>&- |
        sed 's/^AH[0-9]*: //' | tr '\n' ' ')
    [ "$1" != -t ] || case $words in *'Syntax OK'*) ;; *) return 1 ;; esac
}

is_answering() {
    perl -MIO::Socket::INET -e '
        exit !IO::Socket::INET->new(PeerAddr => "127.0.0.1",
            PeerPort => shift)' "$port"
}

stop_httpd() {
    if httpd_runs; then
        end_httpd
    fi
    rm -f "$place/httpd.pid"
}

end_httpd() {
    kill -TERM "$pid" 2>/dev/null
    tries=0
    while httpd_runs; do
        tries=$((tries + 1))
        # httpd leads a process group of its own, children included.
        [ "$tries" -ne 100 ] || kill -KILL -- "-$pid" 2>/dev/null
        [ "$tries" -lt 150 ] || fail "httpd (process $pid) does not stop"
        sleep 0.1
    done
}

need_servers() {
    postgres_runs && httpd_runs ||
        fail "the servers are not running: $(myself) start"
}
