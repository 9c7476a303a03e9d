# Organizations with an app, a secret token, and an owner's login; sourced by
# conf/quickstart, which sets $place, $port and $operand.

# A field of the JSON on standard input; of the first object of an array.
field() {
    perl -MJSON::PP -0777 -e '
        my $json = decode_json(<STDIN>);
        $json = $json->[0] if ref $json eq "ARRAY";
        print $json->{$ARGV[0]} // ""' "$1"
}

url_of() { say "http://127.0.0.1:$port/scim/v2/$1"; }

admin_url() { say "http://127.0.0.1:$port/scim-admin/v1"; }

# make_organization SLUG NAME OWNER
make_organization() {
    scimctl organization create "$1" --name "$2" --owner "$3" --scim on \
        >/dev/null || exit 1
}

make_app() {
    made=$(scimctl app install --organization "$1" --kind entra \
        --name 'Azure Generic SCIM' --json) || exit 1
    say "$made" | field app_id
}

# make_token SLUG [APP]: for the organization's first app, if APP is not said.
make_token() {
    app=${2:-}
    if [ -z "$app" ]; then
        list=$(scimctl app list --organization "$1" --json) || exit 1
        app=$(say "$list" | field app_id) || exit 1
        [ -n "$app" ] || app=$(make_app "$1") || exit 1
    fi
    made=$(scimctl token create --organization "$1" --app "$app" \
        --name quickstart --json) || exit 1
    say "$made" | field token
    echo
}

make_acme() {
    [ ! -s "$place/token" ] || return 0
    [ "$(sql -c "select 1 from scim.organizations where slug = 'acme'")" ] ||
        make_organization acme 'Acme Inc' alice@acme.example
    secret=$(make_token acme) || exit 1
    (umask 077 && say "$secret" >"$place/token") ||
        fail "cannot write to $place"
}

# make_login NAME: what httpd asks for at the admin API, in place of what it
# asked for before. Prints NAME:PASSWORD.
make_login() {
    password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
    others=$(awk -F: -v user="$1" '$1 != user' "$place/logins") || exit 1
    printf '%s' "${others:+$others
}" >"$place/logins" || fail "cannot write to $place"
    say "$1:$(printf %s "$password" | perl -e '
        my @signs = ("a" .. "z", "A" .. "Z", 0 .. 9);
        my $salt = join "", map { $signs[rand @signs] } 1 .. 16;
        print crypt(<STDIN>, "\$6\$$salt");')" >>"$place/logins" ||
        fail "cannot write to $place"
    say "$1:$password"
}

# Of the owner of acme; httpd's user reads the hashes.
make_first_login() {
    [ -f "$place/logins" ] || (umask 027 && : >"$place/logins") ||
        fail "cannot write to $place"
    [ "$(id -u)" != 0 ] ||
        chgrp "$(id -gn "$(httpd_user)")" "$place/logins"
    [ -s "$place/login" ] || make_acme_login
}

make_acme_login() {
    login=$(make_login alice@acme.example) || exit 1
    (umask 077 && say "$login" >"$place/login") ||
        fail "cannot write to $place"
}

one_more_organization() {
    make_organization "$operand" "$operand" "owner@$operand.example"
    app=$(make_app "$operand") || exit 1
    secret=$(make_token "$operand" "$app") || exit 1
    url_of "$operand"
    say "$secret"
}

one_more_login() {
    case $operand in
        acme) make_acme_login
            say "$login" ;;
        *) scimctl organization show "$operand" >/dev/null || exit 1
            make_login "owner@$operand.example" ;;
    esac
}
